#ifndef NUQ_QUANTIZE_SCALES_RATE_STEP_HPP
#define NUQ_QUANTIZE_SCALES_RATE_STEP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/scale.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/quantize/scales/finite_weights.hpp"
#include "nuq/quantize/scales/row_scales.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One step for all rows of a layer, from the price of a bit: for layers whose indices are entropy-coded.
///
///   step = sqrt(6·κ·price / (ln 2 · h))
///
/// A uniform quantizer of fine step s errs by h·s²/12 per weight and saves one bit where s doubles: at this step (κ =
/// 1) the last bit saves exactly `price` of error. h is the mean cost of a squared difference after feedback
/// (SecondMomentFactor::mean_cost, PriorMoments::mean_cost), the mean second moment where only that is known, 1 without
/// statistics. Coarse steps and
/// dead zones make the best κ larger than 1; 4 is a measured optimum. A row that would leave ±127 gets the least
/// step that avoids it; a step beyond the legal ones, of inputs that are next to nothing, is the largest of these.
/// Plain int8 (no purpose) is AbsMaxQuantizer's. Source: high-resolution theory of entropy-coded scalar quantization
/// (Gish and Pierce 1968).
/// @throws ModelError as AbsMaxQuantizer.
struct RateStepQuantizer {
  static constexpr bool keeps_scales = true;

  double price = 0.0;  ///< of one bit, in units of the layer's output error; ≥ 0
  double kappa = 4.0;  ///< > 0

  NUQ_FUNCTION [[nodiscard]] QuantizedWeights quantize(MatrixView<const float> weights, Granularity granularity) const;

  template <class Real = double>
  [[nodiscard]] std::vector<float> scales(MatrixView<const float> weights, Granularity granularity,
                                          const QuantizationPurpose& purpose) const {
    require_finite_weights(weights);
    const double wanted =
        std::sqrt(6.0 * kappa * price / (std::log(2.0) * mean_cost<Real>(purpose.statistics, weights.cols())));
    const double step = (std::min)(wanted, static_cast<double>(max_scale));
    const auto scale_of = [step](ArrayView<const float> values) {
      return static_cast<float>((std::max)(step, static_cast<double>(largest_magnitude(values)) / 127.499));
    };
    return row_scales(weights, granularity, scale_of);
  }

 private:
  template <class Real>
  [[nodiscard]] static double mean_cost(const LayerStatistics* statistics, std::size_t inputs) {
    if (statistics == nullptr) return 1.0;
    if (statistics->factor) return statistics->factor->mean_cost();
    if (statistics->second_moments.size() > 0) return second_moment_factor(statistics->second_moments).mean_cost();
    if (statistics->prior) {
      return PriorMoments(*statistics->prior, inputs).mean_cost() * mean_importance<Real>(*statistics);
    }
    return mean_importance<Real>(*statistics);
  }

  template <class Real>
  [[nodiscard]] static double mean_importance(const LayerStatistics& statistics) {
    const DenseVector<Real>& moments = statistics.mean_squares;
    return moments.empty() ? 1.0 : linear_algebra::sum(moments.view()) / static_cast<double>(moments.size());
  }
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION QuantizedWeights RateStepQuantizer::quantize(MatrixView<const float> weights,
                                                            Granularity granularity) const {
  return AbsMaxQuantizer{}.quantize(weights, granularity);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_RATE_STEP_HPP
