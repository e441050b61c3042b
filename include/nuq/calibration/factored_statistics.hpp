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
/// second-moment matrix is known. Its damping is cross-validated; a layer of more than 2304 inputs, for which that
/// would take minutes, gets 0.01, or 0.3 where there are fewer samples than inputs. Where `corrects_bias` allows it and
/// the cross-validation finds smaller errors that way, the moments are centred.
template <class Real = double>
[[nodiscard]] LayerStatistics factored_statistics(MatrixView<const float> weights, const SplitStatistics& split,
                                                  bool corrects_bias, Parallel& parallel) {
  constexpr std::size_t max_validated_inputs = 2304;
  LayerStatistics statistics = merged(split);
  if (statistics.second_moments.size() == 0) return statistics;
  double damping = statistics.samples < weights.cols() ? 0.3 : default_damping;
  if (weights.cols() <= max_validated_inputs && split.even.samples > 0 && split.odd.samples > 0) {
    const ValidatedDamping as_they_are = cross_validated_damping<Real>(weights, split.even, split.odd, parallel);
    damping = as_they_are.damping;
    if (corrects_bias) {
      const ValidatedDamping centring =
          cross_validated_centred_damping<Real>(weights, split.even, split.odd, parallel, as_they_are);
      if (centring.error < as_they_are.error) {
        damping = centring.damping;
        const Vector mean = statistics.input_mean;
        statistics = centred(std::move(statistics), mean);
      }
    }
  }
  statistics.factor = second_moment_factor<Real>(statistics.second_moments, damping);
  return statistics;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(CALIBRATION)
template LayerStatistics factored_statistics<double>(MatrixView<const float>, const SplitStatistics&, bool, Parallel&);
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_FACTORED_STATISTICS_HPP
