#ifndef NUQ_CALIBRATION_DETAIL_WINDOW_READER_HPP
#define NUQ_CALIBRATION_DETAIL_WINDOW_READER_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The windows of a Convolution or InnerProduct over its input. An InnerProduct is the convolution of one-pixel images,
/// one per vector. Throws as `convolution_geometry` and `inner_product_geometry` do.
NUQ_FUNCTION [[nodiscard]] ConvolutionGeometry window_geometry(const LayerRef& layer, const Shape& input);

/// Reads single windows of images. For group 1.
class WindowReader {
 public:
  NUQ_FUNCTION explicit WindowReader(const ConvolutionGeometry& geometry)
      : geometry_(geometry), taps_(static_cast<std::size_t>(geometry.y.kernel * geometry.x.kernel)) {}

  /// Writes to `x` [channels · kh · kw] the window at an output position (row by row) of one image, padding included,
  /// in the order of a filter's weights.
  NUQ_FUNCTION void read(const float* image, std::int64_t position, double* x);

 private:
  static constexpr std::int64_t padding = -1;

  NUQ_FUNCTION void place_taps(std::int64_t position);

  ConvolutionGeometry geometry_;
  std::vector<std::int64_t> taps_;  // places in a channel's plane
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/graph/ops/window.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION ConvolutionGeometry window_geometry(const LayerRef& layer, const Shape& input) {
  if (const auto* convolution = layer.node.operation.get_if<ops::Convolution>()) {
    ConvolutionGeometry windows = convolution_geometry(*convolution, layer, input);
    require_images(layer, windows);
    return windows;
  }
  const InnerProductGeometry product = inner_product_geometry(layer.operation<ops::InnerProduct>(), layer, input);
  ConvolutionGeometry geometry;
  geometry.batch = product.rows;
  geometry.in_channels = product.in;
  geometry.out_channels = product.out;
  geometry.y.input = geometry.y.output = 1;
  geometry.x.input = geometry.x.output = 1;
  return geometry;
}

NUQ_DEFINITION void WindowReader::read(const float* image, std::int64_t position, double* x) {
  place_taps(position);
  const std::int64_t plane = geometry_.y.input * geometry_.x.input;
  for (std::int64_t channel = 0; channel < geometry_.in_channels; ++channel, image += plane) {
    for (const std::int64_t tap : taps_) *x++ = tap == padding ? 0.0 : static_cast<double>(image[tap]);
  }
}

NUQ_DEFINITION void WindowReader::place_taps(std::int64_t position) {
  const WindowAxis& y = geometry_.y;
  const WindowAxis& x = geometry_.x;
  std::size_t tap = 0;
  for (std::int64_t tap_row = 0; tap_row < y.kernel; ++tap_row) {
    const std::int64_t row = position / x.output * y.stride - y.pad + tap_row * y.dilation;
    for (std::int64_t tap_col = 0; tap_col < x.kernel; ++tap_col) {
      const std::int64_t col = position % x.output * x.stride - x.pad + tap_col * x.dilation;
      const bool is_inside = row >= 0 && row < y.input && col >= 0 && col < x.input;
      taps_[tap++] = is_inside ? row * x.input + col : padding;
    }
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_DETAIL_WINDOW_READER_HPP
