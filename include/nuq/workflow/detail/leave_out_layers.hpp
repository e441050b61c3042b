#ifndef NUQ_WORKFLOW_DETAIL_LEAVE_OUT_LAYERS_HPP
#define NUQ_WORKFLOW_DETAIL_LEAVE_OUT_LAYERS_HPP

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Takes the planned layers of `reasons` out of plan and results, and says so in the notes. Throws ModelError where
/// none is left.
NUQ_FUNCTION void leave_out(QuantizationSession& session, const std::map<std::string, std::string>& reasons);

/// Takes the layers out of the plan that are quantized weights-only, for a run that quantizes inputs too.
NUQ_FUNCTION void leave_out_weights_only_layers(QuantizationSession& session);

/// Takes the layers out of the plan whose input an engine does not compute: there is nothing to calibrate them with.
/// Looks with a forward pass over the first batch, in an engine from `make_engine()`, and only where the library does
/// not know all layers.
template <class NextBatch, class MakeEngine>
void leave_out_unreachable(QuantizationSession& session, NextBatch& next_batch, MakeEngine&& make_engine) {
  std::map<std::string, std::string> uncomputed = uncomputed_layers(session.graph);
  if (uncomputed.empty()) return;
  std::set<std::size_t> computed(session.graph.inputs.begin(), session.graph.inputs.end());
  auto&& engine = make_engine();
  engine.load(session.graph);
  feed_from(next_batch)(engine, 0);
  engine.forward([&](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView>) {
    const Node* const known = session.graph.find(node.name);
    if (known == nullptr) return;
    computed.insert(known->inputs.begin(), known->inputs.end());
    computed.insert(known->outputs.begin(), known->outputs.end());
  });
  std::map<std::string, std::string> unreachable;
  for (const Node& node : session.graph.nodes) {
    if (node.inputs.empty() || computed.count(node.inputs.front()) > 0 || uncomputed.count(node.name) == 0) continue;
    unreachable.emplace(node.name, "its input cannot be calibrated: it " + uncomputed.at(node.name));
  }
  leave_out(session, unreachable);
}

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <utility>

#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/tiny_weights.hpp"
#include "nuq/graph/shared_weights.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void leave_out(QuantizationSession& session, const std::map<std::string, std::string>& reasons) {
  const std::string& file = session.graph.model_file();
  const auto keep = [&](const std::string& layer, const std::string& reason) {
    if (session.settings.plan.count(layer) == 0) return;
    keep_in_float(session.settings, file, layer, "stays in float: " + reason);
    session.quantization.erase(layer);
  };
  for (const auto& [layer, reason] : reasons) {
    keep(layer, reason);
    for (const Node* const use : nodes_of_same_weights(session.graph, *session.graph.find(layer)))
      keep(use->name, "it shares its weights with layer '" + layer + "', which stays in float");
  }
  if (!session.settings.plan.empty() || session.settings.kept_in_float.empty()) return;
  const auto& [layer, reason] = *session.settings.kept_in_float.begin();
  fail(ModelError(ErrorCode::unsupported_layer, file + ": layer '" + layer + "': " + reason +
                                                    ", and no other layer is left: quantize the weights only"));
}

NUQ_DEFINITION void leave_out_weights_only_layers(QuantizationSession& session) {
  std::map<std::string, std::string> reasons;
  for (const Node& node : session.graph.nodes) {
    std::string obstacle = input_quantization_obstacle(session.graph, node);
    if (!obstacle.empty()) reasons.emplace(node.name, std::move(obstacle));
  }
  leave_out(session, reasons);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_LEAVE_OUT_LAYERS_HPP
