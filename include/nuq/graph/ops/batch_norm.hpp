#ifndef NUQ_GRAPH_OPS_BATCH_NORM_HPP
#define NUQ_GRAPH_OPS_BATCH_NORM_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// y = factor[c]·x + offset[c] for every channel c.
struct ChannelAffine {
  std::vector<double> factor;
  std::vector<double> offset;
};

/// What a BatchNorm with global statistics computes: (x − mean·f) / √(variance·f + eps), f = 1 / scale factor, 0 for a
/// scale factor of 0. Throws ModelError when the layer has no blobs, computes statistics of the batch, or has a
/// negative variance.
[[nodiscard]] inline ChannelAffine batch_norm_affine(const LayerRef& layer) {
  const schema::BatchNormParameter& parameter = layer.parameter().batch_norm_param();
  if (parameter.has_use_global_stats() && !parameter.use_global_stats()) {
    layer.fail(ErrorCode::unsupported_layer, "use_global_stats is false, wanted the trained statistics");
  }
  require_blobs(layer, 3);
  const std::vector<float>& mean = layer.node.blobs[0].values;
  const std::vector<float>& variance = layer.node.blobs[1].values;
  const std::vector<float>& scale_factor = layer.node.blobs[2].values;
  const std::size_t channels = mean.size();
  if (variance.size() != channels || scale_factor.size() != 1) {
    layer.fail(ErrorCode::size_mismatch, "BatchNorm has blobs of " + std::to_string(channels) + ", " +
                                             std::to_string(variance.size()) + " and " +
                                             std::to_string(scale_factor.size()) + " values, wanted C, C and 1");
  }
  const double correction = scale_factor[0] == 0.0F ? 0.0 : 1.0 / static_cast<double>(scale_factor[0]);
  ChannelAffine affine;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const double scale =
        1.0 / std::sqrt(static_cast<double>(variance[channel]) * correction + static_cast<double>(parameter.eps()));
    if (!is_finite(scale)) {
      layer.fail(ErrorCode::non_finite_value,
                 "channel " + std::to_string(channel) + " has the variance " +
                     detail::number_text(static_cast<double>(variance[channel]) * correction) +
                     ", wanted variance + eps above 0");
    }
    affine.factor.push_back(scale);
    affine.offset.push_back(-static_cast<double>(mean[channel]) * correction * scale);
  }
  return affine;
}

/// The input around its channels: axis 1, or one channel for a vector.
[[nodiscard]] inline AxisSplit batch_norm_split(const LayerRef& layer, const Shape& input) {
  const AxisSplit split = input.size() < 2 ? split_at(input, 0, 0) : split_at(input, 1, 2);
  check_blobs(layer, {{split.extent}, {split.extent}, {1}});
  return split;
}

[[nodiscard]] inline std::vector<Shape> batch_norm_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(batch_norm_split(layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BATCH_NORM_HPP
