#ifndef NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP
#define NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP

#include <functional>
#include <type_traits>

#include "nuq/activation/contracts.hpp"
#include "nuq/activation/observation.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/planned_observation.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

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
      begin_ = [calibrator](const ActivationPlan& plan) { return observation_as_planned(calibrator, plan); };
    }
  }

  /// Begins to observe the input of a layer.
  NUQ_FUNCTION [[nodiscard]] ActivationObservation begin(const ActivationPlan& plan) const {
    return begin_ ? begin_(plan) : planned_observation(plan);
  }

 private:
  std::function<ActivationObservation(const ActivationPlan&)> begin_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_CALIBRATOR_CHOICE_HPP
