#ifndef NUQ_QUANTIZE_CONTRACTS_HPP
#define NUQ_QUANTIZE_CONTRACTS_HPP

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/contracts.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer restricted to few levels.
struct NuqResult {
  QuantizedWeights weights;
  Codebook codebook;           ///< at most `num_steps` levels; every level of `weights` is one of them
  double error = 0.0;          ///< of the layer's output, by the assigner's measure
  double nearest_error = 0.0;  ///< alike, of the first codebook's nearest levels at the weight quantizer's scales; or
                               ///< as much of it as is more than the error of what the assigner found
  std::vector<float> bias_correction{};  ///< [out] to be added to the layer's bias; empty: nothing is
  std::optional<double> output_error{};  ///< `output_error` of the weights, where the quantizer knows it
};

namespace detail {

template <class Quantizer>
using quantize_layer_op = decltype(std::declval<const Quantizer&>().quantize(
    std::declval<MatrixView<const float>>(), Granularity{}, std::declval<const NuqParameters&>(),
    std::declval<const LayerStatistics*>(), std::declval<Parallel&>()));

template <class Quantizer>
using at_price_op = decltype(std::declval<const Quantizer&>().at_price(double{}));
template <class Quantizer>
using weight_quantizer_op = decltype(std::declval<const Quantizer&>().quantizer());
template <class Quantizer>
using selector_op = decltype(std::declval<const Quantizer&>().selector());

template <class Quantizer, class = void>
struct SaysPrice : std::false_type {};
template <class Quantizer>
struct SaysPrice<Quantizer, std::enable_if_t<Quantizer::has_price>> : std::true_type {};

template <class Quantizer, bool has_selector>
struct IgnoresIterations : std::false_type {};
template <class Quantizer>
struct IgnoresIterations<Quantizer, true>
    : std::bool_constant<!takes_num_of_iteration_v<std::decay_t<selector_op<Quantizer>>>> {};

}  // namespace detail

/// A `LayerQuantizer` quantizes the weights of one layer [out × in] to at most `parameters.num_steps` levels. What is
/// known of the layer's inputs may be null. One object serves many layers, side by side: members are const.
///
///   struct HalfTheLevels {
///     nuq::NuqResult quantize(nuq::MatrixView<const float> weights, nuq::Granularity granularity,
///                             const nuq::NuqParameters& parameters, const nuq::LayerStatistics* statistics,
///                             nuq::Parallel& parallel) const {
///       nuq::NuqParameters fewer = parameters;
///       fewer.num_steps = (std::max)(2, parameters.num_steps / 2);
///       return nuq::NonUniformQuantizer<>{}.quantize(weights, granularity, fewer, statistics, parallel);
///     }
///   };
///
/// Optional: `static constexpr bool has_price = true` with `at_price(double) const`, which returns the quantizer at
/// that price of one bit, in units of the layer's output error; `quantizer() const`, the WeightQuantizer of layers that
/// stay at uniform int8, AbsMaxQuantizer otherwise; `selector() const`, the CodebookSelector, of which is asked whether
/// it takes `num_of_iteration`. Shipped models: NonUniformQuantizer, RateQuantizer, AnyLayerQuantizer.
template <class Quantizer>
inline constexpr bool is_layer_quantizer_v = detail::returns<NuqResult, detail::quantize_layer_op, Quantizer>();

/// True for a LayerQuantizer that can be set to a price per bit.
template <class Quantizer>
inline constexpr bool has_price_v = detail::SaysPrice<Quantizer>::value;

/// True for a LayerQuantizer whose codebook selector has no use for `num_of_iteration`.
template <class Quantizer>
inline constexpr bool ignores_iterations_v =
    detail::IgnoresIterations<Quantizer, detail::returns<void, detail::selector_op, Quantizer>()>::value;

/// Checks a LayerQuantizer with one readable message per fault; true where it may be used.
template <class Quantizer>
[[nodiscard]] constexpr bool check_layer_quantizer() {
  constexpr bool price_is_settable = !has_price_v<Quantizer> || detail::returns<void, detail::at_price_op, Quantizer>();
  static_assert(is_layer_quantizer_v<Quantizer>,
                "[nuq] LayerQuantizer must provide: NuqResult quantize(MatrixView<const float> weights, Granularity, "
                "const NuqParameters&, const LayerStatistics*, Parallel&) const");
  static_assert(price_is_settable,
                "[nuq] LayerQuantizer with has_price = true must provide: at_price(double price) const, which returns "
                "the quantizer at that price");
  return is_layer_quantizer_v<Quantizer> && price_is_settable;
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_CONTRACTS_HPP
