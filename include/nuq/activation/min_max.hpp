#ifndef NUQ_ACTIVATION_MIN_MAX_HPP
#define NUQ_ACTIVATION_MIN_MAX_HPP

#include <cstddef>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The grid that just holds zero and everything observed.
struct MinMax {
  bool asymmetric = true;

  /// The range of what was observed, zero included.
  struct Observed {
    float min = 0.0F;
    float max = 0.0F;
    std::size_t count = 0;
  };

  /// @throws ModelError non_finite_value.
  NUQ_FUNCTION void observe(Observed& observed, ArrayView<const float> values) const;

  /// @throws ConfigError nothing_to_do where nothing was observed; ModelError scale_out_of_range.
  NUQ_FUNCTION [[nodiscard]] ActivationScale finish(const Observed& observed) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>

#include "nuq/activation/observed_values.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void MinMax::observe(Observed& observed, ArrayView<const float> values) const {
  detail::require_finite_activations(values);
  for (const float value : values) {
    observed.min = (std::min)(observed.min, value);
    observed.max = (std::max)(observed.max, value);
  }
  observed.count += values.size();
}

NUQ_DEFINITION ActivationScale MinMax::finish(const Observed& observed) const {
  detail::require_observed(observed.count);
  return asymmetric ? asymmetric_scale(observed.min, observed.max) : symmetric_scale(observed.min, observed.max);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_MIN_MAX_HPP
