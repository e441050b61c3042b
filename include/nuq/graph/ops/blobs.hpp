#ifndef NUQ_GRAPH_OPS_BLOBS_HPP
#define NUQ_GRAPH_OPS_BLOBS_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// In the shape of a blob: an extent that an operation's attributes do not tell.
inline constexpr std::int64_t any_extent = -1;

namespace ops {

/// How many blobs an operation is trained with, for a layer with `inputs` inputs; nothing for those that take what the
/// network has.
template <class Op>
[[nodiscard]] std::optional<std::size_t> blob_count(const Op&, std::size_t /*inputs*/) {
  return 0;
}

/// The shape of blob `index`, which the network gives `rank` axes, as far as the attributes tell; none where any will
/// do.
template <class Op>
[[nodiscard]] std::optional<Shape> blob_shape(const Op&, std::size_t /*index*/, std::size_t /*rank*/) {
  return std::nullopt;
}

}  // namespace ops

/// Throws ModelError when the layer has trained blobs that are too few or of other shapes than `wanted`. A layer
/// without any passes (the model was read without weights), and so do surplus blobs, such as masks of pruned networks.
NUQ_FUNCTION inline void check_blobs(const LayerContext& layer, const std::vector<Shape>& wanted) {
  const std::vector<Tensor>& blobs = layer.blobs;
  if (blobs.empty()) return;
  if (blobs.size() < wanted.size()) {
    layer.fail(ErrorCode::size_mismatch, "the weights file has " + std::to_string(blobs.size()) + " blobs, wanted " +
                                             std::to_string(wanted.size()));
  }
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    const bool is_vector = wanted[index].size() == 1;  // its extent may stand on any axis
    if (is_vector ? element_count(blobs[index].shape) == element_count(wanted[index])
                  : blobs[index].shape == wanted[index])
      continue;
    layer.fail(ErrorCode::size_mismatch, "blob " + std::to_string(index) + " has shape " +
                                             to_string(blobs[index].shape) + ", wanted " + to_string(wanted[index]));
  }
}

/// `check_blobs` for weights and, with `bias_term`, a bias of `outputs` values.
NUQ_FUNCTION inline void check_weights_and_bias(const LayerContext& layer, Shape weights, bool bias_term,
                                                std::int64_t outputs) {
  std::vector<Shape> wanted = {std::move(weights)};
  if (bias_term) wanted.push_back({outputs});
  check_blobs(layer, wanted);
}

/// Throws ModelError when the layer has fewer than `count` trained blobs: it cannot be computed.
NUQ_FUNCTION inline void require_blobs(const LayerContext& layer, std::size_t count) {
  if (layer.blobs.size() >= count) return;
  layer.fail(ErrorCode::unknown_name, layer.type + " has " + std::to_string(layer.blobs.size()) +
                                          " trained blobs, wanted " + std::to_string(count) +
                                          ": is it in the weights file?");
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BLOBS_HPP
