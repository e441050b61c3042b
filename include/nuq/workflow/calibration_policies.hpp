#ifndef NUQ_WORKFLOW_CALIBRATION_POLICIES_HPP
#define NUQ_WORKFLOW_CALIBRATION_POLICIES_HPP

#include "nuq/calibration/calibrator_choice.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a verb reads calibration data with. Both parts are converted from the user's own:
///
///     nuq::CalibrationPolicies{[](std::size_t, const nuq::CustomLayers&) { return MyEngine(); }, nuq::MinMax{}}
struct CalibrationPolicies {
  EngineFactory engine{};         ///< makes what computes the network
  CalibratorChoice calibrator{};  ///< chooses the grids of activations
};

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_CALIBRATION_POLICIES_HPP
