#ifndef NUQ_ENGINE_LAYERS_NORMALIZATION_HPP
#define NUQ_ENGINE_LAYERS_NORMALIZATION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/normalization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Normalizes runs of neighbouring values to mean 0 and variance 1, and scales and shifts each.
class LayerNormLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit LayerNormLayer(const LayerRef& layer) : operation_(layer.operation<ops::LayerNorm>()) {
    require_blobs(layer, operation_.bias ? 2 : 1);
    scale_ = layer.node.blobs[0].values;
    shift_ = operation_.bias ? layer.node.blobs[1].values : std::vector<float>(scale_.size());
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = layer_norm_split(operation_, call.layer, call.inputs[0].shape);
    call.workspace.for_each_range(split.outer, split.extent, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t run = begin; run < end; ++run) {
        normalise(call.inputs[0].values.data() + run * split.extent,
                  call.outputs[0].values.data() + run * split.extent);
      }
    });
  }

 private:
  NUQ_FUNCTION void normalise(const float* input, float* output) const {
    const auto size = static_cast<double>(scale_.size());
    double sum = 0.0;
    for (std::size_t at = 0; at < scale_.size(); ++at) sum += static_cast<double>(input[at]);
    const double mean = sum / size;
    double squares = 0.0;
    for (std::size_t at = 0; at < scale_.size(); ++at) {
      const double deviation = static_cast<double>(input[at]) - mean;
      squares += deviation * deviation;
    }
    const double factor = 1.0 / std::sqrt(squares / size + static_cast<double>(operation_.eps));
    for (std::size_t at = 0; at < scale_.size(); ++at) {
      output[at] = static_cast<float>((static_cast<double>(input[at]) - mean) * factor) * scale_[at] + shift_[at];
    }
  }

  ops::LayerNorm operation_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};
LayerNormLayer layer_of(const ops::LayerNorm&);

/// Local response normalisation, y = x · (base + alpha · mean square of the neighbourhood)^−beta. The base is k across
/// channels, and 1 within a channel. What lies outside of the input counts as zeros.
class LrnLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit LrnLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Lrn>()), radius_(lrn_radius(operation_, layer)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t plane = shape[2] * shape[3];
    call.workspace.for_each_task(shape[0] * shape[1], [&](std::int64_t index, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + index * plane;
      float* const output = call.outputs[0].values.data() + index * plane;
      float* const squares = call.workspace.scratch(worker, plane);
      std::fill_n(squares, plane, 0.0F);
      if (operation_.across_channels) {
        add_channels(input, index % shape[1], shape[1], plane, squares);
        normalise(input, plane, squares, operation_.k, size(), output);
      } else {
        add_positions(input, shape[2], shape[3], squares);
        normalise(input, plane, squares, 1.0F, size() * size(), output);
      }
    });
  }

 private:
  [[nodiscard]] std::int64_t size() const noexcept { return 2 * radius_ + 1; }

  NUQ_FUNCTION void add_channels(const float* input, std::int64_t channel, std::int64_t channels, std::int64_t plane,
                                 float* squares) const {
    const std::int64_t first = (std::max)(-radius_, -channel);
    const std::int64_t last = (std::min)(radius_, channels - 1 - channel);
    for (std::int64_t distance = first; distance <= last; ++distance) {
      const float* const other = input + distance * plane;
      for (std::int64_t at = 0; at < plane; ++at) squares[at] += other[at] * other[at];
    }
  }

  NUQ_FUNCTION void add_positions(const float* input, std::int64_t height, std::int64_t width, float* squares) const {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        float sum = 0.0F;
        for (std::int64_t v = (std::max)(std::int64_t{0}, y - radius_); v <= (std::min)(height - 1, y + radius_); ++v) {
          for (std::int64_t u = (std::max)(std::int64_t{0}, x - radius_); u <= (std::min)(width - 1, x + radius_);
               ++u) {
            sum += input[v * width + u] * input[v * width + u];
          }
        }
        squares[y * width + x] = sum;
      }
    }
  }

  NUQ_FUNCTION void normalise(const float* input, std::int64_t count, const float* squares, float base,
                              std::int64_t neighbours, float* output) const {
    const float factor = operation_.alpha / static_cast<float>(neighbours);
    if (operation_.beta == 0.75F) {  // the usual value: roots are many times faster than a power
      for (std::int64_t at = 0; at < count; ++at) {
        const float root = std::sqrt(base + factor * squares[at]);
        output[at] = input[at] / (root * std::sqrt(root));
      }
    } else {
      for (std::int64_t at = 0; at < count; ++at)
        output[at] = input[at] * std::pow(base + factor * squares[at], -operation_.beta);
    }
  }

  ops::Lrn operation_;
  std::int64_t radius_;
};
LrnLayer layer_of(const ops::Lrn&);

/// Mean-variance normalization.
class MvnLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit MvnLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Mvn>()), eps_(static_cast<double>(operation_.eps)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::size_t axis = (std::min)(shape.size(), std::size_t{operation_.across_channels ? 1U : 2U});
    const std::int64_t size = extent_product(shape, axis, shape.size());
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(extent_product(shape, 0, axis), size, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) normalise(input + part * size, size, output + part * size);
    });
  }

 private:
  NUQ_FUNCTION void normalise(const float* input, std::int64_t count, float* output) const {
    double sum = 0.0;
    for (std::int64_t at = 0; at < count; ++at) sum += static_cast<double>(input[at]);
    const double mean = sum / static_cast<double>(count);
    double squares = 0.0;
    for (std::int64_t at = 0; at < count; ++at) {
      const double distance = static_cast<double>(input[at]) - mean;
      squares += distance * distance;
    }
    const double deviation =
        operation_.normalize_variance ? std::sqrt(squares / static_cast<double>(count)) + eps_ : 1.0;
    for (std::int64_t at = 0; at < count; ++at) {
      output[at] = static_cast<float>((static_cast<double>(input[at]) - mean) / deviation);
    }
  }

  ops::Mvn operation_;
  double eps_;
};
MvnLayer layer_of(const ops::Mvn&);

/// L2 normalization, times a trained factor for each channel or one for all.
class NormalizeLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit NormalizeLayer(const LayerRef& layer) : operation_(layer.operation<ops::Normalize>()) {
    require_blobs(layer, 1);
    factors_ = layer.node.blobs[0].values;
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = normalize_split(operation_, call.layer, call.inputs[0].shape);
    require_factors(call, factors_.size(), operation_.channel_shared ? 1 : split.extent);
    const std::int64_t size = split.extent * split.inner;
    call.workspace.for_each_task(split.outer, [&](std::int64_t item, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + item * size;
      float* const lengths = call.workspace.scratch(worker, split.inner);
      measure(split, input, lengths);
      divide(split, input, lengths, call.outputs[0].values.data() + item * size);
    });
  }

 private:
  /// √(Σ x² + eps) for each position of one item.
  NUQ_FUNCTION void measure(const AxisSplit& split, const float* input, float* lengths) const {
    double sum_of_all = 0.0;
    for (std::int64_t at = 0; at < split.inner; ++at) {
      double sum = 0.0;
      for (std::int64_t channel = 0; channel < split.extent; ++channel) {
        const double value = static_cast<double>(input[channel * split.inner + at]);
        sum += value * value;
      }
      lengths[at] = length_of(sum);
      sum_of_all += sum;
    }
    if (operation_.across_spatial) std::fill_n(lengths, split.inner, length_of(sum_of_all));
  }
  NUQ_FUNCTION [[nodiscard]] float length_of(double sum_of_squares) const {
    return static_cast<float>(std::sqrt(sum_of_squares + static_cast<double>(operation_.eps)));
  }

  NUQ_FUNCTION void divide(const AxisSplit& split, const float* input, const float* lengths, float* output) const {
    for (std::int64_t channel = 0; channel < split.extent; ++channel) {
      const float factor = factors_[operation_.channel_shared ? 0 : static_cast<std::size_t>(channel)];
      for (std::int64_t at = 0; at < split.inner; ++at) {
        output[channel * split.inner + at] = input[channel * split.inner + at] / lengths[at] * factor;
      }
    }
  }

  ops::Normalize operation_;
  std::vector<float> factors_;
};
NormalizeLayer layer_of(const ops::Normalize&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_NORMALIZATION_HPP
