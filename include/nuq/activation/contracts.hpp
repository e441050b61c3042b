#ifndef NUQ_ACTIVATION_CONTRACTS_HPP
#define NUQ_ACTIVATION_CONTRACTS_HPP

#include <utility>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Calibrator>
using observe_op = decltype(std::declval<const Calibrator&>().observe(std::declval<typename Calibrator::Observed&>(),
                                                                      std::declval<ArrayView<const float>>()));

template <class Calibrator>
using finish_op =
    decltype(std::declval<const Calibrator&>().finish(std::declval<const typename Calibrator::Observed&>()));

}  // namespace detail

/// An `ActivationCalibrator` sees every value of a tensor, batch after batch, and then chooses its int8 grid. It holds
/// parameters only; what it remembers of a tensor is an object of its type `Observed`, one for each tensor.
///
///   struct UnitRange {
///     struct Observed {};
///     void observe(Observed&, nuq::ArrayView<const float>) const {}
///     nuq::ActivationScale finish(const Observed&) const { return nuq::asymmetric_scale(0.0F, 1.0F); }
///   };
///
/// It refuses NaN and infinite values. Optional: a member `bool asymmetric`, which a verb sets to what the
/// configuration says of the layer. Shipped models: MinMax, Ifmr, Hfmg.
template <class Calibrator>
inline constexpr bool is_activation_calibrator_v = detail::returns<void, detail::observe_op, Calibrator>() &&
                                                   detail::returns<ActivationScale, detail::finish_op, Calibrator>();

/// `is_activation_calibrator_v<Calibrator>`, with the message for whoever wrote it: to be asked by `if constexpr`
/// before the first use.
template <class Calibrator>
[[nodiscard]] constexpr bool require_activation_calibrator() noexcept {
  static_assert(is_activation_calibrator_v<Calibrator>,
                "[nuq] ActivationCalibrator must provide: a type Observed; void observe(Observed&, ArrayView<const "
                "float>) const; ActivationScale finish(const Observed&) const");
  return is_activation_calibrator_v<Calibrator>;
}

NUQ_NAMESPACE_END

#endif  // NUQ_ACTIVATION_CONTRACTS_HPP
