#ifndef NUQ_GRAPH_OPS_AFFINE_HPP
#define NUQ_GRAPH_OPS_AFFINE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// What a batch normalization is trained to, blob by blob. The statistics of a channel are divided by f, the weight of
/// the moving average, where that is stored.
enum class BatchNormBlobs {
  statistics,            ///< mean·f, variance·f, f
  statistics_and_scale,  ///< mean·f, variance·f, f, scale γ, shift β
  scale_and_statistics,  ///< scale γ, shift β, mean, variance
};

/// γ·(x − mean) / √(variance + eps) + β for each channel, γ = 1 and β = 0 where there are no such blobs.
struct BatchNorm {
  float eps = 1e-5F;
  bool batch_statistics = false;  ///< whether mean and variance are those of the batch, which is not computed
  BatchNormBlobs blobs = BatchNormBlobs::statistics;
  bool relu = false;  ///< whether the layer ends in a ReLU
};

/// y = x·factor + shift along some axes. With one input the factors are the first blob, with two the second input; with
/// `bias` the last blob is the shift.
struct Scale {
  std::int64_t axis = 1;      ///< the first that trained factors cover
  std::int64_t num_axes = 1;  ///< how many they cover, −1 for all the rest
  bool bias = false;
};

/// y = x + bias along some axes. With one input the bias is the blob, with two the second input.
struct Bias {
  std::int64_t axis = 1;      ///< the first that a trained bias covers
  std::int64_t num_axes = 1;  ///< how many it covers, −1 for all the rest
};

/// This family's part of `Operation`.
using AffineOperations = OperationList<BatchNorm, Scale, Bias>;

}  // namespace ops

/// y = factor[c]·x + offset[c] for every channel c.
struct ChannelAffine {
  std::vector<double> factor;
  std::vector<double> offset;
};

namespace detail {

/// The blobs of a batch normalization by their meaning; null where there is none.
struct BatchNormStatistics {
  const std::vector<float>* mean = nullptr;
  const std::vector<float>* variance = nullptr;
  const std::vector<float>* weight = nullptr;  ///< one value, which the statistics are to be divided by
  const std::vector<float>* scale = nullptr;
  const std::vector<float>* shift = nullptr;
};

NUQ_FUNCTION [[nodiscard]] inline std::size_t batch_norm_blob_count(ops::BatchNormBlobs blobs) noexcept {
  if (blobs == ops::BatchNormBlobs::statistics) return 3;
  return blobs == ops::BatchNormBlobs::statistics_and_scale ? 5 : 4;
}

/// Throws ModelError for blobs that are missing or have other numbers of values than the first.
NUQ_FUNCTION [[nodiscard]] inline BatchNormStatistics batch_norm_statistics(const ops::BatchNorm& norm,
                                                                            const LayerContext& layer) {
  require_blobs(layer, batch_norm_blob_count(norm.blobs));
  const auto blob = [&layer](std::size_t index) { return &layer.blobs[index].values; };
  BatchNormStatistics statistics;
  if (norm.blobs == ops::BatchNormBlobs::scale_and_statistics) {
    statistics = {blob(2), blob(3), nullptr, blob(0), blob(1)};
  } else {
    statistics = {blob(0), blob(1), blob(2), nullptr, nullptr};
    if (norm.blobs == ops::BatchNormBlobs::statistics_and_scale) statistics.scale = blob(3), statistics.shift = blob(4);
  }
  const std::size_t channels = statistics.mean->size();
  const auto has_channels = [channels](const std::vector<float>* values) {
    return values == nullptr || values->size() == channels;
  };
  if (has_channels(statistics.variance) && has_channels(statistics.scale) && has_channels(statistics.shift) &&
      (statistics.weight == nullptr || statistics.weight->size() == 1)) {
    return statistics;
  }
  std::string sizes;
  for (const Tensor& given : layer.blobs) sizes += (sizes.empty() ? "" : ", ") + std::to_string(given.values.size());
  layer.fail(ErrorCode::size_mismatch, layer.type + " has blobs of " + sizes + " values, wanted " +
                                           (statistics.weight == nullptr ? "C each" : "C each but 1 in blob 2"));
}

}  // namespace detail

/// What a batch normalization with trained statistics computes. A weight of 0 makes the statistics 0, as in Caffe.
/// Throws ModelError when the layer has no blobs, computes statistics of the batch, or has a negative variance.
NUQ_FUNCTION [[nodiscard]] inline ChannelAffine batch_norm_affine(const ops::BatchNorm& norm,
                                                                  const LayerContext& layer) {
  if (norm.batch_statistics) {
    layer.fail(ErrorCode::unsupported_layer, "computes the statistics of the batch, wanted the trained ones");
  }
  const detail::BatchNormStatistics trained = detail::batch_norm_statistics(norm, layer);
  const double weight = trained.weight == nullptr ? 1.0 : static_cast<double>((*trained.weight)[0]);
  const double correction = weight == 0.0 ? 0.0 : 1.0 / weight;
  ChannelAffine affine;
  for (std::size_t channel = 0; channel < trained.mean->size(); ++channel) {
    const double variance = static_cast<double>((*trained.variance)[channel]) * correction;
    double factor = 1.0 / std::sqrt(variance + static_cast<double>(norm.eps));
    if (!is_finite(factor)) {
      layer.fail(ErrorCode::non_finite_value, "channel " + std::to_string(channel) + " has the variance " +
                                                  detail::number_text(variance) + ", wanted variance + eps above 0");
    }
    if (trained.scale != nullptr) factor *= static_cast<double>((*trained.scale)[channel]);
    affine.factor.push_back(factor);
    affine.offset.push_back(-static_cast<double>((*trained.mean)[channel]) * correction * factor);
    if (trained.shift != nullptr) affine.offset.back() += static_cast<double>((*trained.shift)[channel]);
  }
  return affine;
}

/// The input around its channels: axis 1, or one channel for a vector.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit batch_norm_split(const ops::BatchNorm& norm, const LayerContext& layer,
                                                             const Shape& input) {
  const AxisSplit split = input.size() < 2 ? split_at(input, 0, 0) : split_at(input, 1, 2);
  std::vector<Shape> wanted(detail::batch_norm_blob_count(norm.blobs), Shape{split.extent});
  if (norm.blobs != ops::BatchNormBlobs::scale_and_statistics) wanted[2] = {1};
  check_blobs(layer, wanted);
  return split;
}

/// The input around the axes that trained factors cover: `num_axes` of them from `axis` on, −1 for all the rest.
/// Throws ModelError naming the layer and the value.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit covered_axes(const LayerContext& layer, const Shape& input,
                                                         std::int64_t axis, std::int64_t num_axes) {
  const std::size_t begin = canonical_axis(layer, axis, input.size());
  const std::int64_t rest = static_cast<std::int64_t>(input.size() - begin);
  const std::int64_t covered = num_axes == -1 ? rest : num_axes;
  if (covered < 0 || covered > rest) {
    layer.fail(ErrorCode::invalid_argument, "num_axes is " + std::to_string(num_axes) + ", wanted -1 to " +
                                                std::to_string(rest) + " for the input " + to_string(input));
  }
  return split_at(input, begin, begin + static_cast<std::size_t>(covered));
}

/// The input around the axes that a second input covers: those of `factors`, from `axis` on. A single value, to Caffe a
/// shape without axes, goes with every input. Throws ModelError where the extents differ.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit covered_axes(const LayerContext& layer, const Shape& input,
                                                         std::int64_t axis, const Shape& factors) {
  if (element_count(factors) == 1) return split_at(input, 0, 0);
  const std::size_t begin = canonical_axis(layer, axis, input.size());
  const bool fits = factors.size() <= input.size() - begin &&
                    std::equal(factors.begin(), factors.end(), input.begin() + static_cast<std::ptrdiff_t>(begin));
  if (fits) return split_at(input, begin, begin + factors.size());
  layer.fail(ErrorCode::size_mismatch, "the second input " + to_string(factors) + " does not fit the first, " +
                                           to_string(input) + ", from axis " + std::to_string(begin) + " on");
}

/// The input of a Scale around the axes that its trained factors cover; blobs, where the layer has them, must have
/// these extents.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit scale_split(const ops::Scale& scale, const LayerContext& layer,
                                                        const Shape& input) {
  const AxisSplit split = covered_axes(layer, input, scale.axis, scale.num_axes);
  check_weights_and_bias(layer, {split.extent}, scale.bias, split.extent);
  return split;
}

/// The input around the axes that a second input covers; the only trained blob is the bias, if there is one.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit scale_split(const ops::Scale& scale, const LayerContext& layer,
                                                        const Shape& input, const Shape& factors) {
  const AxisSplit split = covered_axes(layer, input, scale.axis, factors);
  if (scale.bias) check_blobs(layer, {{split.extent}});
  return split;
}

/// The input of a Bias layer around the axes that its trained values cover; blobs, where the layer has them, must have
/// these extents.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit bias_split(const ops::Bias& bias, const LayerContext& layer,
                                                       const Shape& input) {
  const AxisSplit split = covered_axes(layer, input, bias.axis, bias.num_axes);
  check_blobs(layer, {{split.extent}});
  return split;
}

/// The input around the axes that a second input covers.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit bias_split(const ops::Bias& bias, const LayerContext& layer,
                                                       const Shape& input, const Shape& added) {
  return covered_axes(layer, input, bias.axis, added);
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const BatchNorm& norm, std::size_t) {
  return detail::batch_norm_blob_count(norm.blobs);
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> blob_shape(const BatchNorm& norm, std::size_t index,
                                                                  std::size_t) {
  const bool is_weight = index == 2 && norm.blobs != BatchNormBlobs::scale_and_statistics;
  return is_weight ? Shape{1} : Shape{any_extent};
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Scale& scale, std::size_t inputs) {
  return (inputs == 1 ? 1U : 0U) + (scale.bias ? 1U : 0U);
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Bias&, std::size_t inputs) {
  return inputs == 1 ? 1 : 0;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const BatchNorm& norm, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (norm.batch_statistics) {
    layer.fail(ErrorCode::unsupported_layer, "computes the statistics of the batch, wanted the trained ones");
  }
  static_cast<void>(batch_norm_split(norm, layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Scale& scale, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 1, 2);
  const Shape& input = inputs.front();
  static_cast<void>(inputs.size() == 1 ? scale_split(scale, layer, input)
                                       : scale_split(scale, layer, input, inputs[1]));
  return {input};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Bias& bias, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 1, 2);
  const Shape& input = inputs.front();
  static_cast<void>(inputs.size() == 1 ? bias_split(bias, layer, input) : bias_split(bias, layer, input, inputs[1]));
  return {input};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_AFFINE_HPP
