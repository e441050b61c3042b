#ifndef NUQ_GRAPH_OPS_INTERP_HPP
#define NUQ_GRAPH_OPS_INTERP_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One spatial axis of an Interp: the input's values [first, first + count) are spread over `output` positions, the
/// first on the first and the last on the last.
struct InterpAxis {
  std::int64_t input = 0;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t output = 0;
};

/// An Interp layer (DeepLab, PSPNet) with its parameters read.
struct InterpGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  InterpAxis y;
  InterpAxis x;

  [[nodiscard]] Shape output_shape() const { return {batch, channels, y.output, x.output}; }
};

namespace detail {

/// The output's extent along one axis: of the layer's second input (`wanted`, 0 without), else by the factors, else
/// `size`.
[[nodiscard]] inline std::int64_t interp_extent(const schema::InterpParameter& parameter, std::int64_t count,
                                                std::int64_t wanted, std::int64_t size) {
  if (wanted > 0) return wanted;
  const bool one_factor = parameter.has_shrink_factor() != parameter.has_zoom_factor();
  if (!one_factor && parameter.has_height() && parameter.has_width()) return size;
  const std::int64_t shrunk = (count - 1) / parameter.shrink_factor() + 1;
  return shrunk + (shrunk - 1) * (parameter.zoom_factor() - 1);
}

inline void check_interp(const LayerRef& layer, const schema::InterpParameter& parameter, bool has_second_input) {
  if (parameter.interp_type() != "bilinear") {
    layer.fail(ErrorCode::unsupported_layer, "interp_type is '" + parameter.interp_type() + "', wanted 'bilinear'");
  }
  if (parameter.shrink_factor() < 1 || parameter.zoom_factor() < 1) {
    layer.fail(ErrorCode::invalid_argument, "shrink_factor is " + std::to_string(parameter.shrink_factor()) +
                                                " and zoom_factor " + std::to_string(parameter.zoom_factor()) +
                                                ", wanted at least 1");
  }
  if (parameter.pad_beg() > 0 || parameter.pad_end() > 0) {
    layer.fail(ErrorCode::invalid_argument, "pad_beg is " + std::to_string(parameter.pad_beg()) + " and pad_end " +
                                                std::to_string(parameter.pad_end()) + ", wanted 0 or less (cropping)");
  }
  const bool has_size = parameter.has_height() && parameter.has_width();
  const bool has_factor = parameter.has_shrink_factor() || parameter.has_zoom_factor();
  if (!has_second_input && !has_size && !has_factor) {
    layer.fail(ErrorCode::invalid_argument,
               "has no output size, wanted height and width, zoom_factor or shrink_factor");
  }
}

}  // namespace detail

/// Reads and checks an Interp for the input [N, C, H, W]; a second one, or null, gives the output's extents. Throws
/// ModelError naming the layer and the value.
[[nodiscard]] inline InterpGeometry interp_geometry(const LayerRef& layer, const Shape& input, const Shape* like) {
  require_image(layer, input);
  if (like != nullptr) require_image(layer, *like);
  const schema::InterpParameter& parameter = layer.parameter().interp_param();
  detail::check_interp(layer, parameter, like != nullptr);
  const auto axis = [&](std::size_t index, std::int64_t size) {
    const std::int64_t first = -std::int64_t{parameter.pad_beg()};
    const std::int64_t count = input[index] - first + parameter.pad_end();
    if (count < 1) {
      layer.fail(ErrorCode::size_mismatch, "pad_beg and pad_end leave " + std::to_string(count) + " values of " +
                                               std::to_string(input[index]) + ", wanted at least 1");
    }
    return InterpAxis{input[index], first, count,
                      detail::interp_extent(parameter, count, like == nullptr ? 0 : (*like)[index], size)};
  };
  return {input[0], input[1], axis(2, parameter.height()), axis(3, parameter.width())};
}

[[nodiscard]] inline std::vector<Shape> interp_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  if (inputs.size() == 2) return {interp_geometry(layer, inputs[0], &inputs[1]).output_shape()};
  return {interp_geometry(layer, only_input(layer, inputs), nullptr).output_shape()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_INTERP_HPP
