#ifndef NUQ_QUANTIZE_RATE_CONTRACTS_HPP
#define NUQ_QUANTIZE_RATE_CONTRACTS_HPP

#include <array>
#include <cstddef>
#include <utility>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Rate>
using bits_per_level_op = decltype(std::declval<const Rate&>().bits_per_level(std::declval<const LevelCounts&>()));

template <class Rate>
using bytes_op =
    decltype(std::declval<const Rate&>().bytes(std::declval<const LevelCounts&>(), std::declval<const LayerShape&>()));

template <class Rate>
using exact_bytes_op = decltype(std::declval<const Rate&>().exact_bytes(std::declval<const QuantizedWeights&>()));

}  // namespace detail

/// A `RateModel` says what a layer costs on disk. Levels are indexed by `level_index`.
///
///   struct OneBytePerWeight {
///     // The price of one more index of each level, finite where its count is 0, too.
///     std::array<float, 256> bits_per_level(const nuq::LevelCounts&) const {
///       std::array<float, 256> bits;
///       bits.fill(8.0F);
///       return bits;
///     }
///     // The whole layer: indices, tables and scales.
///     double bytes(const nuq::LevelCounts&, const nuq::LayerShape& shape) const {
///       return static_cast<double>(shape.weights() + 4 * shape.scales);
///     }
///   };
///
/// Optional: `std::size_t exact_bytes(const QuantizedWeights&) const`, where the size depends on more than the counts.
/// Shipped models: EntropyRate, PackedPaletteRate, PackedRate (packed/packed_rate.hpp), AscendDictionaryRate
/// (ascend/dictionary_rate.hpp).
template <class Rate>
inline constexpr bool is_rate_model_v = detail::returns<std::array<float, 256>, detail::bits_per_level_op, Rate>() &&
                                        detail::returns<double, detail::bytes_op, Rate>();

/// True for a rate model with the optional `exact_bytes`.
template <class Rate>
inline constexpr bool has_exact_bytes_v = detail::returns<std::size_t, detail::exact_bytes_op, Rate>();

/// `is_rate_model_v<Rate>`, with the message for whoever wrote `Rate`: to be asked by `if constexpr` before the first
/// use.
template <class Rate>
[[nodiscard]] constexpr bool require_rate_model() noexcept {
  static_assert(is_rate_model_v<Rate>,
                "[nuq] RateModel must provide: std::array<float, 256> bits_per_level(const LevelCounts&) const; "
                "double bytes(const LevelCounts&, const LayerShape&) const");
  return is_rate_model_v<Rate>;
}

/// Bytes of a layer: exact where the model can say, otherwise from the counts of its levels.
template <class Rate>
[[nodiscard]] double layer_bytes([[maybe_unused]] const Rate& rate, [[maybe_unused]] const QuantizedWeights& weights) {
  if constexpr (!require_rate_model<Rate>()) {
    return 0.0;
  } else if constexpr (has_exact_bytes_v<Rate>) {
    return static_cast<double>(rate.exact_bytes(weights));
  } else {
    return static_cast<double>(rate.bytes(count_levels(weights.levels), shape_of(weights)));
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_RATE_CONTRACTS_HPP
