#ifndef NUQ_ACTIVATION_OBSERVED_VALUES_HPP
#define NUQ_ACTIVATION_OBSERVED_VALUES_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// @throws ModelError non_finite_value.
NUQ_FUNCTION void require_finite_activations(ArrayView<const float> values);

/// @throws ConfigError nothing_to_do.
NUQ_FUNCTION void require_observed(std::size_t count);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void require_finite_activations(ArrayView<const float> values) {
  for (const float value : values) {
    if (is_finite(value)) continue;
    fail(ModelError(ErrorCode::non_finite_value,
                    "an activation is " + number_text(static_cast<double>(value)) + ", wanted finite numbers"));
  }
}

NUQ_DEFINITION void require_observed(std::size_t count) {
  if (count > 0) return;
  fail(ConfigError(ErrorCode::nothing_to_do,
                   "no activation was observed, wanted at least one batch of calibration data"));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_OBSERVED_VALUES_HPP
