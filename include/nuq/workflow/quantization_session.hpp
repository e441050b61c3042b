#ifndef NUQ_WORKFLOW_QUANTIZATION_SESSION_HPP
#define NUQ_WORKFLOW_QUANTIZATION_SESSION_HPP

#include <string>
#include <vector>

#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A network on its way through the steps of quantization: `init` makes it, `quantize_model` and `calibrate` fill in
/// the results, `save_model` writes them.
struct QuantizationSession {
  Graph graph;                       ///< the float network, fused
  QuantizationSettings settings;     ///< from config.json
  NetworkQuantization quantization;  ///< the results so far
  std::string record_file;           ///< where the factors are recorded; may be empty
};

/// The layers that are quantized, in the network's order.
[[nodiscard]] inline std::vector<std::string> planned_layers(const QuantizationSession& session) {
  std::vector<std::string> layers;
  for (const Node& node : session.graph.nodes) {
    if (session.settings.plan.count(node.name) > 0) layers.push_back(node.name);
  }
  return layers;
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_QUANTIZATION_SESSION_HPP
