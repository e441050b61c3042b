#ifndef NUQ_ACTIVATION_OBSERVATION_HPP
#define NUQ_ACTIVATION_OBSERVATION_HPP

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/activation/contracts.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The observation of one tensor by some calibrator.
struct ActivationObservation {
  std::function<void(ArrayView<const float>)> observe;  ///< takes the values of a batch
  std::function<ActivationScale()> finish;              ///< the grid for all that was observed
};

/// Begins to observe a tensor with an ActivationCalibrator.
template <class Calibrator>
[[nodiscard]] ActivationObservation observation_by(Calibrator calibrator) {
  if constexpr (require_activation_calibrator<Calibrator>()) {
    const auto observed = std::make_shared<typename Calibrator::Observed>();
    return {[observed, calibrator](ArrayView<const float> values) { calibrator.observe(*observed, values); },
            [observed, calibrator]() -> ActivationScale { return calibrator.finish(*observed); }};
  } else {
    return {};
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_ACTIVATION_OBSERVATION_HPP
