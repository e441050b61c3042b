#ifndef NUQ_ASCEND_FRACTAL_Z_HPP
#define NUQ_ASCEND_FRACTAL_Z_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Extents of int8 weights in Caffe's order [outputs, inputs, height, width]. An InnerProduct has the extents of its
/// bottom blob as inputs, height and width: 1 × 1 where that has no spatial axes.
struct OihwShape {
  std::size_t outputs = 0;
  std::size_t inputs = 0;
  std::size_t height = 1;
  std::size_t width = 1;
};

namespace detail {

inline constexpr std::size_t fractal_outputs = 16;
inline constexpr std::size_t fractal_inputs = 32;

/// ceil(dividend / divisor), without overflow.
[[nodiscard]] constexpr std::size_t quotient_rounded_up(std::size_t dividend, std::size_t divisor) noexcept {
  return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

/// Product of the factors; nothing where it overflows.
template <class... Factors>
[[nodiscard]] constexpr std::optional<std::size_t> product_of(Factors... factors) noexcept {
  std::size_t product = 1;
  bool zero = ((factors == 0) || ...);
  bool fits = true;
  const auto multiply = [&](std::size_t factor) {
    fits = fits && product <= (std::numeric_limits<std::size_t>::max)() / factor;
    product *= factor;
  };
  if (zero) return 0;
  (multiply(factors), ...);
  if (!fits) return std::nullopt;
  return product;
}

}  // namespace detail

/// Bytes of weights in the device's order FRACTAL_Z, [ceil(inputs / 32) · height · width, ceil(outputs / 16), 16, 32]:
/// a multiple of 512. Nothing where the number overflows.
[[nodiscard]] constexpr std::optional<std::size_t> fractal_z_size(const OihwShape& shape) noexcept {
  return detail::product_of(detail::quotient_rounded_up(shape.inputs, detail::fractal_inputs), shape.height,
                            shape.width, detail::quotient_rounded_up(shape.outputs, detail::fractal_outputs),
                            detail::fractal_outputs * detail::fractal_inputs);
}

/// Reorders int8 weights from OIHW to FRACTAL_Z; places that no weight takes become 0. This is the order that the
/// weights of an Ascend convolution without groups are compressed in (transfer NCHW → FRACTAL_Z of hicann/ge). False,
/// and nothing is written, unless `oihw` has the shape's size and `fractal_z` has `fractal_z_size(shape)`.
NUQ_FUNCTION [[nodiscard]] bool reorder_to_fractal_z(ArrayView<const std::int8_t> oihw, const OihwShape& shape,
                                                     ArrayView<std::int8_t> fractal_z) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ASCEND)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool reorder_to_fractal_z(ArrayView<const std::int8_t> oihw, const OihwShape& shape,
                                         ArrayView<std::int8_t> fractal_z) noexcept {
  if (detail::product_of(shape.outputs, shape.inputs, shape.height, shape.width) != oihw.size()) return false;
  if (fractal_z_size(shape) != fractal_z.size()) return false;
  std::fill(fractal_z.begin(), fractal_z.end(), std::int8_t{0});
  const std::size_t positions = shape.height * shape.width;
  const std::size_t column = detail::quotient_rounded_up(shape.outputs, 16) * 512;  // all outputs × 32 inputs
  for (std::size_t o = 0; o < shape.outputs; ++o) {
    for (std::size_t i = 0; i < shape.inputs; ++i) {
      const std::int8_t* const source = oihw.data() + (o * shape.inputs + i) * positions;
      std::int8_t* const target = fractal_z.data() + i / 32 * positions * column + o * 32 + i % 32;
      for (std::size_t position = 0; position < positions; ++position) target[position * column] = source[position];
    }
  }
  return true;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ASCEND)

#endif  // NUQ_ASCEND_FRACTAL_Z_HPP
