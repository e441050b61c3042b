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

/// Reads single windows of images or volumes. For group 1.
class WindowReader {
 public:
  NUQ_FUNCTION explicit WindowReader(const ConvolutionGeometry& geometry);

  /// Values of one image.
  [[nodiscard]] std::int64_t image_size() const noexcept { return channels_ * plane_; }

  /// Writes to `x` [channels · kernel…] the window at an output position (row by row) of one image, padding included,
  /// in the order of a filter's weights.
  NUQ_FUNCTION void read(const float* image, std::int64_t position, double* x);

 private:
  static constexpr std::int64_t padding = -1;

  NUQ_FUNCTION void place_taps(std::int64_t position);

  std::int64_t channels_;
  std::vector<WindowAxis> axes_;
  std::vector<std::int64_t> steps_;  // output positions from one along an axis to the next
  std::int64_t plane_ = 1;           // values of a channel
  std::vector<std::int64_t> taps_;   // places in a channel's plane
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
    return convolution_geometry(*convolution, layer, input);
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

NUQ_DEFINITION WindowReader::WindowReader(const ConvolutionGeometry& geometry)
    : channels_(geometry.in_channels), axes_(geometry.axes()), steps_(axes_.size()) {
  std::int64_t positions = 1;
  std::int64_t taps = 1;
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    steps_[axis] = positions;
    positions *= axes_[axis].output;
    taps *= axes_[axis].kernel;
    plane_ *= axes_[axis].input;
  }
  taps_.resize(static_cast<std::size_t>(taps));
}

NUQ_DEFINITION void WindowReader::read(const float* image, std::int64_t position, double* x) {
  place_taps(position);
  for (std::int64_t channel = 0; channel < channels_; ++channel, image += plane_) {
    for (const std::int64_t tap : taps_) *x++ = tap == padding ? 0.0 : static_cast<double>(image[tap]);
  }
}

/// Axis by axis: each place so far becomes one for every tap along the next axis, from the last on, in place.
NUQ_DEFINITION void WindowReader::place_taps(std::int64_t position) {
  taps_.front() = 0;
  std::size_t placed = 1;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    const WindowAxis& window = axes_[axis];
    const auto kernel = static_cast<std::size_t>(window.kernel);
    const std::int64_t start = position / steps_[axis] % window.output * window.stride - window.pad;
    for (std::size_t tap = placed * kernel; tap-- > 0;) {
      const std::int64_t before = taps_[tap / kernel];
      const std::int64_t place = start + static_cast<std::int64_t>(tap % kernel) * window.dilation;
      const bool is_inside = before != padding && place >= 0 && place < window.input;
      taps_[tap] = is_inside ? before * window.input + place : padding;
    }
    placed *= kernel;
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_DETAIL_WINDOW_READER_HPP
