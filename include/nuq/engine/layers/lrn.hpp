#ifndef NUQ_ENGINE_LAYERS_LRN_HPP
#define NUQ_ENGINE_LAYERS_LRN_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/lrn.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Local response normalisation, y = x · (base + alpha · mean square of the neighbourhood)^−beta:
///   ACROSS_CHANNELS   local_size channels, base k;
///   WITHIN_CHANNEL    local_size × local_size positions of one channel, base 1 whatever k.
/// What lies outside counts as zeros. Krizhevsky, Sutskever and Hinton, 2012, §3.3, with alpha divided by the
/// neighbourhood's size.
class LrnLayer {
 public:
  static constexpr bool in_place = false;

  explicit LrnLayer(const LayerRef& layer)
      : radius_(lrn_radius(layer)),
        alpha_(layer.parameter().lrn_param().alpha()),
        beta_(layer.parameter().lrn_param().beta()),
        k_(layer.parameter().lrn_param().k()),
        across_channels_(layer.parameter().lrn_param().norm_region() == schema::LRNParameter::ACROSS_CHANNELS) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t plane = shape[2] * shape[3];
    call.workspace.for_each_task(shape[0] * shape[1], [&](std::int64_t index, std::size_t worker) {
      const float* const input = call.inputs[0].values.data() + index * plane;
      float* const output = call.outputs[0].values.data() + index * plane;
      float* const squares = call.workspace.scratch(worker, plane);
      std::fill_n(squares, plane, 0.0F);
      if (across_channels_) {
        add_channels(input, index % shape[1], shape[1], plane, squares);
        normalise(input, plane, squares, k_, size(), output);
      } else {
        add_positions(input, shape[2], shape[3], squares);
        normalise(input, plane, squares, 1.0F, size() * size(), output);
      }
    });
  }

 private:
  [[nodiscard]] std::int64_t size() const noexcept { return 2 * radius_ + 1; }

  void add_channels(const float* input, std::int64_t channel, std::int64_t channels, std::int64_t plane,
                    float* squares) const {
    const std::int64_t first = (std::max)(-radius_, -channel);
    const std::int64_t last = (std::min)(radius_, channels - 1 - channel);
    for (std::int64_t distance = first; distance <= last; ++distance) {
      const float* const other = input + distance * plane;
      for (std::int64_t at = 0; at < plane; ++at) squares[at] += other[at] * other[at];
    }
  }

  void add_positions(const float* input, std::int64_t height, std::int64_t width, float* squares) const {
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

  void normalise(const float* input, std::int64_t count, const float* squares, float base, std::int64_t neighbours,
                 float* output) const {
    const float factor = alpha_ / static_cast<float>(neighbours);
    if (beta_ == 0.75F) {  // the usual value: roots are many times faster than a power
      for (std::int64_t at = 0; at < count; ++at) {
        const float root = std::sqrt(base + factor * squares[at]);
        output[at] = input[at] / (root * std::sqrt(root));
      }
    } else {
      for (std::int64_t at = 0; at < count; ++at)
        output[at] = input[at] * std::pow(base + factor * squares[at], -beta_);
    }
  }

  std::int64_t radius_;
  float alpha_;
  float beta_;
  float k_;
  bool across_channels_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_LRN_HPP
