#ifndef NUQ_ENGINE_LAYERS_UPSAMPLE_HPP
#define NUQ_ENGINE_LAYERS_UPSAMPLE_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/caffe/layer_rules/upsample.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Repeats every value of an image (nearest neighbour).
class UpsampleLayer {
 public:
  static constexpr bool in_place = false;

  explicit UpsampleLayer(const LayerRef& layer) : factors_(upsample_factors(layer)) {}

  void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t width = shape[3];
    const std::int64_t out_width = width * factors_.x;
    call.workspace.for_each_range(
        shape[0] * shape[1] * shape[2], factors_.y * out_width, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const source = call.inputs[0].values.data() + row * width;
            float* const target = call.outputs[0].values.data() + row * factors_.y * out_width;
            repeat_row(source, width, target);
          }
        });
  }

 private:
  void repeat_row(const float* source, std::int64_t width, float* target) const {
    for (std::int64_t col = 0; col < width; ++col) {
      std::fill_n(target + col * factors_.x, factors_.x, source[col] * factors_.value);
    }
    const std::int64_t out_width = width * factors_.x;
    for (std::int64_t copy = 1; copy < factors_.y; ++copy) std::copy_n(target, out_width, target + copy * out_width);
  }

  UpsampleFactors factors_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_UPSAMPLE_HPP
