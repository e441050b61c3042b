#ifndef NUQ_GRAPH_OPS_NORMALIZATION_HPP
#define NUQ_GRAPH_OPS_NORMALIZATION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/graph/ops/window.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// y = (x − mean) / √(variance + eps)·γ + β over all axes from `axis` on together. Blobs: γ, then β with `bias` (Ba,
/// Kiros and Hinton, 2016).
struct LayerNorm {
  std::int64_t axis = -1;
  float eps = 1e-5F;
  bool bias = true;
};

/// Local response normalization: y = x·(k + alpha·m)^−beta, m the mean square of `size` neighbouring channels, or, with
/// k = 1 whatever is given, of `size` × `size` neighbouring positions (Krizhevsky, Sutskever and Hinton, 2012, §3.3).
struct Lrn {
  std::int64_t size = 5;
  float alpha = 1.0F;
  float beta = 0.75F;
  float k = 1.0F;
  bool across_channels = true;  ///< false: neighbouring positions of one channel
};

/// Mean-variance normalization of each channel of an item: y = (x − mean) / (√variance + eps).
struct Mvn {
  bool normalize_variance = true;  ///< false: y = x − mean
  bool across_channels = false;    ///< mean and variance of all channels of an item together
  float eps = 1e-9F;
};

/// L2 normalization: y = x / √(Σ x² + eps)·factor over the channels of each position. Blob: the factors (Liu,
/// Rabinovich and Berg: ParseNet, 2015).
struct Normalize {
  bool across_spatial = true;  ///< over all values of an item
  bool channel_shared = true;  ///< one factor for all channels
  float eps = 1e-10F;
};

/// This family's part of `Operation`.
using Normalizations = OperationList<LayerNorm, Lrn, Mvn, Normalize>;

}  // namespace ops

/// Values on either side that take part in normalizing one: size = 2·radius + 1. Throws ModelError for an even size.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t lrn_radius(const ops::Lrn& lrn, const LayerContext& layer) {
  if (lrn.size % 2 != 1 || lrn.size > max_window_parameter) {
    layer.fail(ErrorCode::invalid_argument, "local_size is " + std::to_string(lrn.size) +
                                                ", wanted an odd number up to " + std::to_string(max_window_parameter));
  }
  return lrn.size / 2;
}

/// The input of a LayerNorm around the values that are normalized together; blobs, where the layer has them, must hold
/// a value for each.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit layer_norm_split(const ops::LayerNorm& norm, const LayerContext& layer,
                                                             const Shape& input) {
  const AxisSplit split = split_at(input, canonical_axis(layer, norm.axis, input.size()), input.size());
  check_weights_and_bias(layer, {split.extent}, norm.bias, split.extent);
  return split;
}

/// The input of a Normalize around its channels; blobs, where the layer has them, must hold a factor for each or one.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit normalize_split(const ops::Normalize& normalize, const LayerContext& layer,
                                                            const Shape& input) {
  const AxisSplit split = channel_split(layer, input);
  check_blobs(layer, {{normalize.channel_shared ? 1 : split.extent}});
  return split;
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const LayerNorm& norm, std::size_t) {
  return norm.bias ? 2 : 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Normalize&, std::size_t) {
  return 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const LayerNorm& norm, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(layer_norm_split(norm, layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Lrn& lrn, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_image(layer, only_input(layer, inputs));
  static_cast<void>(lrn_radius(lrn, layer));
  return inputs;
}

/// The input's shape, with axes of extent 1 behind it up to four, as Caffe gives it.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Mvn&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  Shape output = only_input(layer, inputs);
  output.resize((std::max)(output.size(), std::size_t{4}), 1);
  return {output};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Normalize& normalize,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(normalize_split(normalize, layer, only_input(layer, inputs)));
  return inputs;
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_NORMALIZATION_HPP
