#ifndef NUQ_QUANTIZER_CONTRACTS_HPP
#define NUQ_QUANTIZER_CONTRACTS_HPP

#include <utility>

#include "nuq/core/detail/returns.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Quantizer>
using quantize_op =
    decltype(std::declval<const Quantizer&>().quantize(std::declval<MatrixView<const float>>(), Granularity{}));

}  // namespace detail

/// A `WeightQuantizer` chooses the scales of a layer's weights [out × in], one per row or one in all, and rounds the
/// weights to the int8 grid of those scales. It refuses weights that are not finite and scales outside the limits of
/// core/scale.hpp.
///
///   struct UnitScale {
///     nuq::QuantizedWeights quantize(nuq::MatrixView<const float> weights, nuq::Granularity) const {
///       nuq::require_finite_weights(weights);
///       return nuq::round_to_scales(weights, {1.0F});
///     }
///   };
///
/// Shipped models: AbsMaxQuantizer.
template <class Quantizer>
inline constexpr bool is_weight_quantizer_v = detail::returns<QuantizedWeights, detail::quantize_op, Quantizer>();

/// Calls the quantizer.
template <class Quantizer>
[[nodiscard]] QuantizedWeights quantize_weights([[maybe_unused]] const Quantizer& quantizer,
                                                [[maybe_unused]] MatrixView<const float> weights,
                                                [[maybe_unused]] Granularity granularity) {
  static_assert(
      is_weight_quantizer_v<Quantizer>,
      "[nuq] WeightQuantizer must provide: QuantizedWeights quantize(MatrixView<const float>, Granularity) const");
  if constexpr (is_weight_quantizer_v<Quantizer>) {
    return quantizer.quantize(weights, granularity);
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZER_CONTRACTS_HPP
