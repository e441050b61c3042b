#ifndef NUQ_GRAPH_OPS_SPP_HPP
#define NUQ_GRAPH_OPS_SPP_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The method of an SPP in terms of Pooling.
[[nodiscard]] inline schema::PoolingParameter::PoolMethod spp_method(const LayerRef& layer) {
  const schema::SPPParameter::PoolMethod method = layer.parameter().spp_param().pool();
  if (method == schema::SPPParameter::MAX) return schema::PoolingParameter::MAX;
  if (method == schema::SPPParameter::AVE) return schema::PoolingParameter::AVE;
  layer.fail(ErrorCode::unsupported_layer, "pool is STOCHASTIC, wanted MAX or AVE");
}

/// The window that cuts `extent` values into `bins`, padded to whole windows.
struct BinWindow {
  BinWindow(std::int64_t extent, std::int64_t bins) noexcept
      : kernel(static_cast<std::uint32_t>((extent + bins - 1) / bins)),
        pad(static_cast<std::uint32_t>((kernel * bins - extent + 1) / 2)) {}
  std::uint32_t kernel;
  std::uint32_t pad;
};

}  // namespace detail

/// The poolings that a spatial pyramid pooling is made of: level i has 2ⁱ × 2ⁱ bins. Throws ModelError naming the layer
/// and the value: a pyramid higher than the input allows.
[[nodiscard]] inline std::vector<PoolingGeometry> spp_levels(const LayerRef& layer, const Shape& input) {
  require_image(layer, input);
  const std::uint32_t height = layer.parameter().spp_param().pyramid_height();
  if (height == 0) layer.fail(ErrorCode::invalid_argument, "pyramid_height is 0, wanted at least 1");
  std::vector<PoolingGeometry> levels;
  std::int64_t bins = 1;
  for (std::uint32_t level = 0; level < height; ++level, bins *= 2) {
    const detail::BinWindow y(input[2], bins);
    const detail::BinWindow x(input[3], bins);
    if (y.pad >= y.kernel || x.pad >= x.kernel) {
      layer.fail(ErrorCode::invalid_argument, "pyramid_height is " + std::to_string(height) + ", but the input " +
                                                  to_string(input) + " cannot be cut into " + std::to_string(bins) +
                                                  " × " + std::to_string(bins) + " bins");
    }
    schema::PoolingParameter pooling;
    pooling.set_pool(detail::spp_method(layer));
    pooling.set_kernel_h(y.kernel);
    pooling.set_kernel_w(x.kernel);
    pooling.set_stride_h(y.kernel);
    pooling.set_stride_w(x.kernel);
    pooling.set_pad_h(y.pad);
    pooling.set_pad_w(x.pad);
    levels.push_back(pooling_geometry(layer, pooling, input));
  }
  return levels;
}

/// All levels' bins in one row for each image; a pyramid of one level stays [N, C, 1, 1].
[[nodiscard]] inline std::vector<Shape> spp_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const std::vector<PoolingGeometry> levels = spp_levels(layer, only_input(layer, inputs));
  if (levels.size() == 1) return {levels.front().output_shape()};
  std::int64_t values = 0;
  for (const PoolingGeometry& level : levels) values += level.channels * level.y.output * level.x.output;
  return {{levels.front().batch, values}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_SPP_HPP
