#ifndef NUQ_ACTIVATION_MIN_MAX_HPP
#define NUQ_ACTIVATION_MIN_MAX_HPP

#include <algorithm>
#include <cstddef>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/activation/observed_values.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The grid that just holds zero and everything observed.
class MinMax {
 public:
  bool asymmetric = true;

  /// @throws ModelError non_finite_value.
  void observe(ArrayView<const float> values) {
    detail::require_finite_activations(values);
    for (const float value : values) {
      min_ = (std::min)(min_, value);
      max_ = (std::max)(max_, value);
    }
    count_ += values.size();
  }

  /// @throws ConfigError nothing_to_do where nothing was observed; ModelError scale_out_of_range.
  [[nodiscard]] ActivationScale finish() const {
    detail::require_observed(count_);
    return asymmetric ? asymmetric_scale(min_, max_) : symmetric_scale(min_, max_);
  }

 private:
  float min_ = 0.0F;
  float max_ = 0.0F;
  std::size_t count_ = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ACTIVATION_MIN_MAX_HPP
