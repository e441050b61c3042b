#ifndef NUQ_ACTIVATION_IFMR_HPP
#define NUQ_ACTIVATION_IFMR_HPP

#include <cstddef>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The k-th value in the order `before` (1 ≤ k ≤ number of values), from a buffer of 2k values.
template <class Before>
[[nodiscard]] float kth_value(ArrayView<const float> values, std::size_t k, Before before) {
  std::vector<float> kept(values.begin(), values.begin() + k);
  const auto keep_first_k = [&] {
    std::nth_element(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(k - 1), kept.end(), before);
    kept.resize(k);
  };
  keep_first_k();
  for (std::size_t index = k; index < values.size(); ++index) {
    if (!before(values[index], kept[k - 1])) continue;
    kept.push_back(values[index]);
    if (kept.size() == 2 * k) keep_first_k();
  }
  keep_first_k();
  return kept[k - 1];
}

}  // namespace detail

/// Parameters of Ifmr, named and defaulted as in the AMCT manual.
struct IfmrParameters {
  float search_range_start = 0.7F;  ///< 0 < start < end
  float search_range_end = 1.3F;
  float search_step = 0.01F;         ///< 0 < step ≤ end − start, at most 10000 steps
  float max_percentile = 0.999999F;  ///< 0.5 < percentile ≤ 1
  float min_percentile = 0.999999F;  ///< 0.5 < percentile ≤ 1

  friend bool operator==(const IfmrParameters& a, const IfmrParameters& b) noexcept {
    return a.search_range_start == b.search_range_start && a.search_range_end == b.search_range_end &&
           a.search_step == b.search_step && a.max_percentile == b.max_percentile &&
           a.min_percentile == b.min_percentile;
  }
};

/// Input feature map reconstruction: the clipping range whose grid restores the observed values best.
///
///   max₀ = max(0, k-th largest value), k = n − floor(max_percentile · n), at least 1;   min₀ alike from below
///   asymmetric: [min₀, r·max₀]; symmetric: ±r·max(max₀, |min₀|);   r = start, start + step, … end
///   loss(r) = mean over x of (fake_quantize(clip(x)) − x)²,   the first r of least loss wins
///
/// Ranges, scales and grid values in float, losses and k in double. `end` itself is tried when it is a whole number of
/// steps away to within a thousandth of a step, which float arithmetic alone misses for the defaults (61 candidates).
/// Keeps every observed value (4 bytes each). Complexity: O(n · candidates).
/// Source: the AMCT manual (IFMR; the fields have its names, defaults and ranges), the vendor's calibration library.
class Ifmr : public IfmrParameters {
 public:
  bool asymmetric = true;

  /// Every value.
  using Observed = std::vector<float>;

  /// @throws ModelError non_finite_value.
  NUQ_FUNCTION void observe(Observed& observed, ArrayView<const float> values) const;

  /// @throws ConfigError invalid_argument for a parameter out of range, nothing_to_do where nothing was observed;
  ///         ModelError scale_out_of_range.
  NUQ_FUNCTION [[nodiscard]] ActivationScale finish(const Observed& observed) const;

 private:
  static constexpr std::size_t block_size = 1024;  // values that stay in the cache while all candidates look at them

  struct Candidate {
    float min = 0.0F;
    float max = 0.0F;
    ActivationScale grid;
    double loss = 0.0;
  };

  NUQ_FUNCTION [[nodiscard]] std::size_t candidate_count() const noexcept;

  NUQ_FUNCTION [[nodiscard]] std::vector<Candidate> all_candidates(ArrayView<const float> values) const;

  NUQ_FUNCTION [[nodiscard]] static Candidate asymmetric_candidate(float min, float max);

  NUQ_FUNCTION [[nodiscard]] static Candidate symmetric_candidate(float min, float max, float ratio);

  /// Σ (fake_quantize(clip(x)) − x)² of at most `block_size` values. Division and rounding keep the order of values, so
  /// the clipping range and the grid's ends are one range of x / scale; plain loops and interleaved sums let compilers
  /// vectorise.
  NUQ_FUNCTION [[nodiscard]] static double squared_error(ArrayView<const float> values,
                                                         const Candidate& candidate) noexcept;

  NUQ_FUNCTION void check_parameters() const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "nuq/activation/observed_values.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/round.hpp"
#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void Ifmr::observe(Observed& observed, ArrayView<const float> values) const {
  detail::require_finite_activations(values);
  observed.insert(observed.end(), values.begin(), values.end());
}

NUQ_DEFINITION ActivationScale Ifmr::finish(const Observed& observed) const {
  check_parameters();
  detail::require_observed(observed.size());
  std::vector<Candidate> candidates = all_candidates(observed);
  for (std::size_t first = 0; first < observed.size(); first += block_size) {
    const ArrayView<const float> block(observed.data() + first, (std::min)(block_size, observed.size() - first));
    for (Candidate& candidate : candidates) candidate.loss += squared_error(block, candidate);
  }
  const auto less_loss = [](const Candidate& a, const Candidate& b) { return a.loss < b.loss; };
  return std::min_element(candidates.begin(), candidates.end(), less_loss)->grid;
}

NUQ_DEFINITION std::size_t Ifmr::candidate_count() const noexcept {
  const float steps = (search_range_end - search_range_start) / search_step;
  return static_cast<std::size_t>(steps + 1.001F);
}

NUQ_DEFINITION std::vector<Ifmr::Candidate> Ifmr::all_candidates(ArrayView<const float> values) const {
  const auto rank = [n = values.size()](float percentile) {
    const double below = std::floor(static_cast<double>(percentile) * static_cast<double>(n));
    return (std::max)(std::size_t{1}, n - static_cast<std::size_t>(below));
  };
  const auto greater = [](float a, float b) { return a > b; };
  const auto less = [](float a, float b) { return a < b; };
  const float max = (std::max)(0.0F, detail::kth_value(values, rank(max_percentile), greater));
  const float min = (std::min)(0.0F, detail::kth_value(values, rank(min_percentile), less));

  std::vector<Candidate> candidates(candidate_count());
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    const float ratio = search_range_start + static_cast<float>(index) * search_step;
    candidates[index] = asymmetric ? asymmetric_candidate(min, ratio * max) : symmetric_candidate(min, max, ratio);
  }
  return candidates;
}

NUQ_DEFINITION Ifmr::Candidate Ifmr::asymmetric_candidate(float min, float max) {
  return {min, max, asymmetric_scale(min, max), 0.0};
}

NUQ_DEFINITION Ifmr::Candidate Ifmr::symmetric_candidate(float min, float max, float ratio) {
  const float magnitude = ratio * (std::max)(max, -min);
  const bool positive_side = max >= -min;
  return {-magnitude, magnitude, symmetric_scale(positive_side ? 0.0F : -magnitude, positive_side ? magnitude : 0.0F),
          0.0};
}

NUQ_DEFINITION double Ifmr::squared_error(ArrayView<const float> values, const Candidate& candidate) noexcept {
  const float scale = candidate.grid.scale;
  const float offset = static_cast<float>(candidate.grid.offset);
  const float low = (std::max)(candidate.min / scale, -128.0F - offset);
  const float high = (std::min)(candidate.max / scale, 127.0F - offset);
  std::array<float, block_size> errors{};
  for (std::size_t index = 0; index < values.size(); ++index) {
    const float scaled = (std::min)((std::max)(values[index] / scale, low), high);
    errors[index] = static_cast<float>(round_half_away(scaled)) * scale - values[index];
  }
  std::array<double, 8> sums{};
  for (std::size_t index = 0; index < errors.size(); index += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      const double error = static_cast<double>(errors[index + lane]);
      sums[lane] += error * error;
    }
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

NUQ_DEFINITION void Ifmr::check_parameters() const {
  const auto refuse = [](const char* name, float value, const char* wanted) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, std::string("ifmr: ") + name + " is " +
                                                              detail::number_text(static_cast<double>(value)) +
                                                              ", wanted " + wanted));
  };
  const float range = search_range_end - search_range_start;
  if (!(search_range_start > 0.0F)) refuse("search_range_start", search_range_start, "a number above 0");
  if (!(range > 0.0F && is_finite(range))) {
    refuse("search_range_end", search_range_end, "a number above search_range_start");
  }
  if (!(search_step > 0.0F && search_step <= 1.001F * range && range / search_step <= 10000.0F)) {
    refuse("search_step", search_step, "1 to 10000 steps in the search range");
  }
  const auto is_percentile = [](float value) { return value > 0.5F && value <= 1.0F; };
  if (!is_percentile(max_percentile)) {
    refuse("max_percentile", max_percentile, "a number above 0.5, at most 1");
  }
  if (!is_percentile(min_percentile)) {
    refuse("min_percentile", min_percentile, "a number above 0.5, at most 1");
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_IFMR_HPP
