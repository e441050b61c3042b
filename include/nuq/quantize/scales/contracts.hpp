#ifndef NUQ_QUANTIZE_SCALES_CONTRACTS_HPP
#define NUQ_QUANTIZE_SCALES_CONTRACTS_HPP

#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer's weights are quantized for, beyond their values.
struct QuantizationPurpose {
  int num_steps = 256;                          ///< levels that will be kept
  const LayerStatistics* statistics = nullptr;  ///< of the layer's inputs; null where nothing is known
};

namespace detail {

template <class Quantizer>
using quantize_op =
    decltype(std::declval<const Quantizer&>().quantize(std::declval<MatrixView<const float>>(), Granularity{}));

template <class Quantizer>
using scales_op = decltype(std::declval<const Quantizer&>().scales(
    std::declval<MatrixView<const float>>(), Granularity{}, std::declval<const QuantizationPurpose&>()));

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
/// Optional: `std::vector<float> scales(weights, granularity, const QuantizationPurpose&) const`, for scales that
/// depend on how many levels will be kept or on the layer's inputs, and where nothing else is wanted: weights are
/// rounded by `round_to_scales` then, or take the levels of a codebook; `static constexpr bool keeps_scales = true`,
/// for scales that are the outcome of a trade and are not to be re-fitted; a member `double price` of one bit, in units
/// of the layer's output error. Shipped models: AbsMaxQuantizer, MseScaleQuantizer, RateStepQuantizer.
template <class Quantizer>
inline constexpr bool is_weight_quantizer_v = detail::returns<QuantizedWeights, detail::quantize_op, Quantizer>();

/// True for a quantizer that is told its purpose.
template <class Quantizer>
inline constexpr bool takes_purpose_v = detail::returns<std::vector<float>, detail::scales_op, Quantizer>();

namespace detail {

template <class Quantizer, class = void>
struct keeps_scales : std::false_type {};
template <class Quantizer>
struct keeps_scales<Quantizer, std::enable_if_t<Quantizer::keeps_scales>> : std::true_type {};

}  // namespace detail

/// True for a quantizer whose scales are not to be re-fitted.
template <class Quantizer>
inline constexpr bool keeps_scales_v = detail::keeps_scales<Quantizer>::value;

/// Calls the quantizer for plain int8.
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

/// The scales that the quantizer gives for a purpose.
template <class Quantizer>
[[nodiscard]] std::vector<float> weight_scales(const Quantizer& quantizer, MatrixView<const float> weights,
                                               Granularity granularity,
                                               [[maybe_unused]] const QuantizationPurpose& purpose) {
  if constexpr (takes_purpose_v<Quantizer>) {
    return quantizer.scales(weights, granularity, purpose);
  } else {
    return quantize_weights(quantizer, weights, granularity).scales;
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_SCALES_CONTRACTS_HPP
