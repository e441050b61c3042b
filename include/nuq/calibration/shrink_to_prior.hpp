#ifndef NUQ_CALIBRATION_SHRINK_TO_PRIOR_HPP
#define NUQ_CALIBRATION_SHRINK_TO_PRIOR_HPP

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Statistics of inputs that only resemble those which the network is going to see: `share` of their second moments is
/// replaced by what is expected without data, of the same mean. Their means, which would change biases, are dropped.
///
/// @param expected  of the same layer, with a prior: `data_free_statistics`.
/// @param share     0 … 1.
NUQ_FUNCTION void shrink_to_prior(SplitStatistics& split, const LayerStatistics& expected, double share);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <array>
#include <cmath>
#include <cstddef>

#include "nuq/core/matrix.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Of all inputs, over all samples.
NUQ_FUNCTION [[nodiscard]] inline double mean_second_moment(const SplitStatistics& split) {
  double sum = 0.0;
  double count = 0.0;
  for (const LayerStatistics* const half : {&split.even, &split.odd}) {
    const auto samples = static_cast<double>(half->samples);
    for (std::ptrdiff_t input = 0; input < half->mean_squares.size(); ++input)
      sum += samples * half->mean_squares[input];
    count += samples * static_cast<double>(half->mean_squares.size());
  }
  return count > 0.0 ? sum / count : 0.0;
}

/// E[x xᵀ] as expected, `mean` on the diagonal on average.
NUQ_FUNCTION [[nodiscard]] inline Matrix expected_second_moments(const LayerStatistics& expected, double mean) {
  const InputPrior& prior = *expected.prior;
  const auto taps = static_cast<std::ptrdiff_t>(prior.taps());
  const Matrix block = prior.channel_block();
  const std::ptrdiff_t inputs = expected.mean_squares.size();
  Matrix moments(inputs, inputs);
  for (std::ptrdiff_t i = 0; i < inputs; ++i) {
    for (std::ptrdiff_t j = 0; j < inputs; ++j) {
      const double correlation = prior.shared + (i / taps == j / taps ? block(i % taps, j % taps) : 0.0);
      moments(i, j) = mean * std::sqrt(expected.mean_squares[i] * expected.mean_squares[j]) * correlation;
    }
  }
  return moments;
}

NUQ_FUNCTION inline void blend(Matrix& moments, const Matrix& other, double share) {
  const double* added = other.data();
  for (double *value = moments.data(), *end = value + moments.size(); value != end; ++value)
    *value = (1.0 - share) * *value + share * *added++;
}

}  // namespace detail

NUQ_DEFINITION void shrink_to_prior(SplitStatistics& split, const LayerStatistics& expected, double share) {
  const double mean = detail::mean_second_moment(split);
  for (LayerStatistics* const half : {&split.even, &split.odd}) {
    half->input_mean = Vector();
    for (std::ptrdiff_t input = 0; input < half->mean_squares.size(); ++input)
      half->mean_squares[input] =
          (1.0 - share) * half->mean_squares[input] + share * mean * expected.mean_squares[input];
  }
  const std::array<Matrix*, 3> all = {&split.even.second_moments, &split.odd.second_moments, &split.second_moments};
  Matrix moments;
  for (Matrix* const known : all) {
    if (known->size() == 0) continue;
    if (moments.size() == 0) moments = detail::expected_second_moments(expected, mean);
    detail::blend(*known, moments, share);
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_SHRINK_TO_PRIOR_HPP
