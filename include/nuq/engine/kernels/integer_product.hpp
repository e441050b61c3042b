#ifndef NUQ_ENGINE_KERNELS_INTEGER_PRODUCT_HPP
#define NUQ_ENGINE_KERNELS_INTEGER_PRODUCT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Σ a·b over `depth` products of a weight in [−128, 127] and a level difference in [−255, 255], exactly: in int32 for
/// as long as that cannot overflow.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t integer_dot(const std::int16_t* a, const std::int16_t* b,
                                                           std::int64_t depth) noexcept {
  constexpr std::int64_t safe_depth = 65536;  // · 128 · 255 < 2³¹
  std::int64_t sum = 0;
  for (std::int64_t begin = 0; begin < depth; begin += safe_depth) {
    const std::int64_t end = (std::min)(depth, begin + safe_depth);
    std::int32_t part = 0;
    for (std::int64_t k = begin; k < end; ++k)
      part += static_cast<std::int32_t>(a[k]) * static_cast<std::int32_t>(b[k]);
    sum += part;
  }
  return sum;
}

/// A level as a Quant layer has written it, minus the one that stands for 0.
NUQ_FUNCTION [[nodiscard]] inline std::int16_t level_difference(float level, int offset) noexcept {
  return static_cast<std::int16_t>(static_cast<int>(level) - offset);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int16_t> widened(ArrayView<const std::int8_t> levels) {
  return {levels.begin(), levels.end()};
}

NUQ_FUNCTION [[nodiscard]] inline std::int64_t bias_at(const std::vector<std::int32_t>& bias,
                                                       std::int64_t channel) noexcept {
  return bias.empty() ? 0 : bias[static_cast<std::size_t>(channel)];
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_INTEGER_PRODUCT_HPP
