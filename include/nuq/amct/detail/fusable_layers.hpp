#ifndef NUQ_AMCT_DETAIL_FUSABLE_LAYERS_HPP
#define NUQ_AMCT_DETAIL_FUSABLE_LAYERS_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Checks `skip_fusion_layers`: each name once, of a layer that BatchNorm and Scale can be folded into.
NUQ_FUNCTION void check_fusable(const Graph& graph, const std::vector<std::string>& layers, const std::string& file);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <set>

#include "nuq/graph/passes/fuse.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void check_fusable(const Graph& graph, const std::vector<std::string>& layers, const std::string& file) {
  std::set<std::string> seen;
  for (const std::string& layer : layers) {
    const std::string place = file + ": skip_fusion_layers: '" + layer + "' ";
    const Node* const node = graph.find(layer);
    if (node == nullptr) fail(ConfigError(ErrorCode::configuration_mismatch, place + "is not a layer of the network"));
    if (!has_weight_matrix(*node)) {
      fail(ConfigError(ErrorCode::invalid_argument,
                       place + "is of type " + node->type + ", wanted Convolution, Deconvolution or InnerProduct"));
    }
    if (!seen.insert(layer).second) fail(ConfigError(ErrorCode::duplicate_name, place + "is named twice"));
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DETAIL_FUSABLE_LAYERS_HPP
