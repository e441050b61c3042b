#ifndef NUQ_WORKFLOW_POLICIES_HPP
#define NUQ_WORKFLOW_POLICIES_HPP

#include <type_traits>

#include "nuq/evaluation/executor.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/search/rate_distortion.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/calibration_policies.hpp"

NUQ_NAMESPACE_BEGIN

/// The quantizer that goes with what sizes are measured by (`AutoNuqOptions::target`): RateQuantizer for `packed`,
/// whose entropy coding pays for bits, NonUniformQuantizer<> for `palette` and `ascend`, which pay for the number of
/// levels.
struct QuantizerOfTarget {};

/// How `auto_nuq` does its work, part by part; those left out at the end are the defaults:
///
///     nuq::Policies{nuq::NonUniformQuantizer<>{}, nuq::BisectionSearch{}}
///
/// An executor or a progress object given as an lvalue is held by reference, so that it may keep a state, and must live
/// as long as the policies.
template <class Quantizer = QuantizerOfTarget, class Search = RateDistortionSearch, class Executor = SerialExecutor,
          class Progress = NoProgress>
struct Policies {
  Quantizer quantizer{};              ///< of one layer: NonUniformQuantizer, RateQuantizer, or by the target
  Search search{};                    ///< which configurations are evaluated (search/contracts.hpp)
  Executor executor{};                ///< where, and how many at a time (evaluation/executor.hpp)
  Progress progress{};                ///< told what happens, and asked whether to stop (evaluation/progress.hpp)
  CalibrationPolicies calibration{};  ///< engine and activation calibrators (workflow/calibration_policies.hpp)
};

Policies()->Policies<>;
template <class Quantizer>
Policies(Quantizer) -> Policies<Quantizer>;
template <class Quantizer, class Search>
Policies(Quantizer, Search) -> Policies<Quantizer, Search>;
template <class Quantizer, class Search, class Executor>
Policies(Quantizer, Search, Executor&&) -> Policies<Quantizer, Search, Executor>;
template <class Quantizer, class Search, class Executor, class Progress>
Policies(Quantizer, Search, Executor&&, Progress&&) -> Policies<Quantizer, Search, Executor, Progress>;
template <class Quantizer, class Search, class Executor, class Progress>
Policies(Quantizer, Search, Executor&&, Progress&&, CalibrationPolicies)
    -> Policies<Quantizer, Search, Executor, Progress>;

namespace detail {
template <class T>
struct IsPolicies : std::false_type {};
template <class... Parts>
struct IsPolicies<Policies<Parts...>> : std::true_type {};
}  // namespace detail

/// True for `Policies<…>`, a reference to one or a constant one.
template <class T>
inline constexpr bool is_policies_v = detail::IsPolicies<std::remove_cv_t<std::remove_reference_t<T>>>::value;

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_POLICIES_HPP
