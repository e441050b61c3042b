#ifndef NUQ_ENGINE_LAYERS_UPSAMPLE_HPP
#define NUQ_ENGINE_LAYERS_UPSAMPLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/upsample.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Repeats every value of an image (nearest neighbour). With the places of a max pooling as second input it puts every
/// value back to its place among zeros instead; of values with one place the last stays.
class UpsampleLayer {
 public:
  static constexpr bool in_place = false;

  explicit UpsampleLayer(const LayerRef& layer)
      : factors_(layer.node.inputs.size() == 2 ? UpsampleFactors{} : upsample_factors(layer)) {}

  void forward(const LayerCall& call) const {
    if (call.inputs.size() == 2) return unpool(call);
    repeat(call);
  }

 private:
  void repeat(const LayerCall& call) const {
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

  static void unpool(const LayerCall& call) {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t in_plane = shape[2] * shape[3];
    const std::int64_t out_plane = call.outputs[0].shape[2] * call.outputs[0].shape[3];
    call.workspace.for_each_task(shape[0] * shape[1], [&](std::int64_t plane, std::size_t) {
      const float* const values = call.inputs[0].values.data() + plane * in_plane;
      const float* const places = call.inputs[1].values.data() + plane * in_plane;
      float* const target = call.outputs[0].values.data() + plane * out_plane;
      std::fill_n(target, out_plane, 0.0F);
      for (std::int64_t index = 0; index < in_plane; ++index) {
        if (!(places[index] >= 0.0F && places[index] < static_cast<float>(out_plane))) {
          call.layer.fail(ErrorCode::size_mismatch, "place " + number_text(static_cast<double>(places[index])) +
                                                        " lies outside of the output's plane of " +
                                                        std::to_string(out_plane) + " values");
        }
        target[static_cast<std::int64_t>(places[index])] = values[index];
      }
    });
  }

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
