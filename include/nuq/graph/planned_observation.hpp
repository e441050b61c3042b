#ifndef NUQ_GRAPH_PLANNED_OBSERVATION_HPP
#define NUQ_GRAPH_PLANNED_OBSERVATION_HPP

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

}  // namespace detail

/// Begins to observe a tensor with a calibrator, its offset as the plan says.
template <class Calibrator>
[[nodiscard]] ActivationObservation observation_as_planned(Calibrator calibrator, const ActivationPlan& plan) {
  if constexpr (detail::returns<void, detail::asymmetric_op, Calibrator>()) calibrator.asymmetric = plan.asymmetric;
  return observation_by(std::move(calibrator));
}

/// Begins to observe a tensor with the calibrator that the plan names.
NUQ_FUNCTION [[nodiscard]] ActivationObservation planned_observation(const ActivationPlan& plan);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include "nuq/activation/hfmg.hpp"
#include "nuq/activation/ifmr.hpp"
#include "nuq/activation/min_max.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION ActivationObservation planned_observation(const ActivationPlan& plan) {
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

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PLANNED_OBSERVATION_HPP
