#ifndef NUQ_ENGINE_LAYERS_INTEGER_INNER_PRODUCT_HPP
#define NUQ_ENGINE_LAYERS_INTEGER_INNER_PRODUCT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/integer_product.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// InnerProduct of a deploy model: exact sums of int8 weights × int8 levels, stored as floats.
class IntegerInnerProductLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit IntegerInnerProductLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::InnerProduct>()),
        weights_(widened(layer.node.integer->weights)),
        bias_(layer.node.integer->bias),
        offset_(layer.node.integer->input_offset) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const InnerProductGeometry geometry = inner_product_geometry(operation_, call.layer, call.inputs[0].shape);
    std::vector<std::int16_t> levels;
    levels.reserve(call.inputs[0].values.size());
    for (const float level : call.inputs[0].values) levels.push_back(level_difference(level, offset_));
    call.workspace.for_each_range(geometry.rows * geometry.out, geometry.in, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at) {
        const std::int64_t row = at / geometry.out;
        const std::int64_t out = at % geometry.out;
        const std::int64_t sum =
            integer_dot(weights_.data() + out * geometry.in, levels.data() + row * geometry.in, geometry.in);
        call.outputs[0].values[static_cast<std::size_t>(at)] = static_cast<float>(sum + bias_at(bias_, out));
      }
    });
  }

 private:
  ops::InnerProduct operation_;
  std::vector<std::int16_t> weights_;  // [out × in]
  std::vector<std::int32_t> bias_;
  int offset_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INTEGER_INNER_PRODUCT_HPP
