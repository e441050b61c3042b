#ifndef NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP
#define NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP

#include <functional>
#include <type_traits>
#include <utility>

#include "nuq/activation/contracts.hpp"
#include "nuq/activation/observation.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Calibrator>
using asymmetric_op = decltype(std::declval<Calibrator&>().asymmetric = bool{});

/// Begins to observe a tensor with a calibrator, its offset as the plan says.
template <class Calibrator>
[[nodiscard]] ActivationObservation observation_as_planned(Calibrator calibrator, const ActivationPlan& plan) {
  if constexpr (returns<void, asymmetric_op, Calibrator>()) calibrator.asymmetric = plan.asymmetric;
  return observation_by(std::move(calibrator));
}

/// Begins to observe a tensor with the calibrator that the configuration names.
NUQ_FUNCTION [[nodiscard]] ActivationObservation configured_observation(const ActivationPlan& plan);

}  // namespace detail

/// Which ActivationCalibrator a verb uses: by default the one that config.json names for each layer (`act_algo`), or
/// one of the user's for all layers, of which config.json then says only whether it is asymmetric.
class CalibratorChoice {
  template <class Calibrator>
  using if_other = std::enable_if_t<!std::is_same_v<Calibrator, CalibratorChoice>>;

 public:
  CalibratorChoice() = default;
  template <class Calibrator, class = if_other<Calibrator>>
  CalibratorChoice(Calibrator calibrator) {  // NOLINT(google-explicit-constructor): stands for every calibrator
    if constexpr (require_activation_calibrator<Calibrator>()) {
      begin_ = [calibrator](const ActivationPlan& plan) { return detail::observation_as_planned(calibrator, plan); };
    }
  }

  /// Begins to observe the input of a layer.
  NUQ_FUNCTION [[nodiscard]] ActivationObservation begin(const ActivationPlan& plan) const {
    return begin_ ? begin_(plan) : detail::configured_observation(plan);
  }

 private:
  std::function<ActivationObservation(const ActivationPlan&)> begin_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include "nuq/activation/hfmg.hpp"
#include "nuq/activation/ifmr.hpp"
#include "nuq/activation/min_max.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION ActivationObservation configured_observation(const ActivationPlan& plan) {
  if (plan.algorithm == ActivationAlgorithm::min_max) return observation_as_planned(MinMax{}, plan);
  if (plan.algorithm == ActivationAlgorithm::hfmg) {
    Hfmg hfmg;
    static_cast<HfmgParameters&>(hfmg) = plan;
    return observation_as_planned(hfmg, plan);
  }
  Ifmr ifmr;
  static_cast<IfmrParameters&>(ifmr) = plan;
  return observation_as_planned(ifmr, plan);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP
