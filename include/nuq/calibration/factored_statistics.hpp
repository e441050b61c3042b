#ifndef NUQ_CALIBRATION_FACTORED_STATISTICS_HPP
#define NUQ_CALIBRATION_FACTORED_STATISTICS_HPP

#include <cstddef>
#include <utility>

#include "nuq/calibration/centred_statistics.hpp"
#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/cross_validated_damping.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Both halves of a layer's statistics as one, with the factor that second-order assignment needs where the
/// second-moment matrix is known. Its damping is cross-validated; a layer whose halves have no such matrix, because
/// that would take minutes, gets 0.01, or 0.3 where there are fewer samples than inputs. Where `corrects_bias` allows
/// it and the cross-validation finds smaller errors that way, the moments are centred. Where there is a factor the
/// moments are kept only if `keeps_moments`.
template <class Real = double>
[[nodiscard]] LayerStatistics factored_statistics(MatrixView<const float> weights, SplitStatistics split,
                                                  bool corrects_bias, Parallel& parallel, bool keeps_moments = true) {
  double damping = split.even.samples + split.odd.samples < weights.cols() ? 0.3 : default_damping;
  bool centres = false;
  if (!split.even.second_moments.empty() && split.even.samples > 0 && split.odd.samples > 0) {
    const ValidatedDamping as_they_are = cross_validated_damping<Real>(weights, split.even, split.odd, parallel);
    damping = as_they_are.damping;
    if (corrects_bias) {
      const ValidatedDamping centring =
          cross_validated_centred_damping<Real>(weights, split.even, split.odd, parallel, as_they_are);
      centres = centring.error < as_they_are.error;
      if (centres) damping = centring.damping;
    }
  }
  LayerStatistics statistics = merged(std::move(split));
  if (statistics.second_moments.size() == 0) return statistics;
  if (centres) {
    const Vector mean = statistics.input_mean;
    statistics = centred(std::move(statistics), mean);
  }
  Matrix kept = keeps_moments ? statistics.second_moments : Matrix();
  statistics.factor = second_moment_factor<Real>(std::move(statistics.second_moments), damping);
  statistics.second_moments = std::move(kept);
  return statistics;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(CALIBRATION)
template LayerStatistics factored_statistics<double>(MatrixView<const float>, SplitStatistics, bool, Parallel&, bool);
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_FACTORED_STATISTICS_HPP
