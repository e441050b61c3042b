#ifndef NUQ_ACTIVATION_SEARCH_N_HPP
#define NUQ_ACTIVATION_SEARCH_N_HPP

#include <array>
#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Chooses `shift_bit`, the N by which int32 sums are shifted so that 16 bits hold them:
///
///   minimise over N = 1 … 16   Σ (s32 − s16·2ᴺ)²,   s16 = clamp(⌊s32 / 2ᴺ⌋, −32768, 32767)   (ties: the smaller N)
///
/// One object serves the sums that share an N: those of a channel, or of a whole tensor.
/// Source: the AMCT manual (quantization formulas, SearchN).
class SearchN {
 public:
  static constexpr int largest_shift = 16;
  using Errors = std::array<double, largest_shift>;  ///< Σ (s32 − s16·2ᴺ)², by N − 1

  /// Outputs of a layer in units of `scale`, the dequantization scale: s32 = clamp(round(x / scale)) to int32.
  /// @throws ModelError non_finite_value.
  NUQ_FUNCTION void observe(ArrayView<const float> outputs, float scale);

  /// 1 … 16.
  /// @throws ConfigError nothing_to_do where nothing was observed.
  NUQ_FUNCTION [[nodiscard]] int finish() const { return best_shift(errors()); }

  /// Of the sums observed.
  /// @throws ConfigError nothing_to_do where nothing was observed.
  NUQ_FUNCTION [[nodiscard]] const Errors& errors() const;

  /// 1 … 16.
  NUQ_FUNCTION [[nodiscard]] static int best_shift(const Errors& errors) noexcept;

 private:
  NUQ_FUNCTION void add(double sum) noexcept;

  Errors errors_{};
  std::size_t count_ = 0;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>
#include <cmath>

#include "nuq/activation/observed_values.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void SearchN::observe(ArrayView<const float> outputs, float scale) {
  detail::require_finite_activations(outputs);
  for (const float output : outputs) add(std::round(static_cast<double>(output) / static_cast<double>(scale)));
  count_ += outputs.size();
}

NUQ_DEFINITION const SearchN::Errors& SearchN::errors() const {
  detail::require_observed(count_);
  return errors_;
}

NUQ_DEFINITION int SearchN::best_shift(const Errors& errors) noexcept {
  return 1 + static_cast<int>(std::min_element(errors.begin(), errors.end()) - errors.begin());
}

NUQ_DEFINITION void SearchN::add(double sum) noexcept {
  const double s32 = (std::min)((std::max)(sum, -2147483648.0), 2147483647.0);
  double power = 1.0;
  for (double& error : errors_) {
    power *= 2.0;
    const double s16 = (std::min)((std::max)(std::floor(s32 / power), -32768.0), 32767.0);
    error += (s32 - s16 * power) * (s32 - s16 * power);
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_SEARCH_N_HPP
