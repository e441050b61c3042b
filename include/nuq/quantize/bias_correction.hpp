#ifndef NUQ_QUANTIZE_BIAS_CORRECTION_HPP
#define NUQ_QUANTIZE_BIAS_CORRECTION_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Whether a layer's bias makes up for what quantization does to its mean outputs.
enum class BiasCorrection {
  off,
  on,
  automatic  ///< where that lowers the error on data that the correction was not computed from
};

namespace detail {

/// By how much the outputs of a layer fall on average when its inputs are `inputs` on average: (w − s·L)·inputs, [out].
NUQ_FUNCTION [[nodiscard]] Vector lost_output(MatrixView<const float> weights, const QuantizedWeights& quantized,
                                              const Vector& inputs);

template <class Real>
[[nodiscard]] Real squared_norm(const DenseVector<Real>& values) {
  return linear_algebra::dot(values.view(), values.view());
}

}  // namespace detail

/// What is to be added to a layer's bias, [out], so that its mean outputs stay: (w − s·L)·E[x]. Empty where it is not
/// to be corrected, or where the means are unknown.
///
/// Automatic: with m the correction from all data and n the half difference of those from either half, the squared
/// error of one half changes by |m ± n|² − 2 (m + n)·(m − n) when it is corrected by the other; over both halves that
/// is a gain where |m|² > 3 |n|². Where the moments are centred the levels rely on the correction: it is always made.
template <class Real = double>
[[nodiscard]] std::vector<float> bias_correction(MatrixView<const float> weights, const QuantizedWeights& quantized,
                                                 const LayerStatistics* statistics, BiasCorrection mode) {
  if (mode == BiasCorrection::off || statistics == nullptr || statistics->input_mean.size() == 0) return {};
  const DenseVector<Real> correction = detail::lost_output(weights, quantized, statistics->input_mean);
  if (mode == BiasCorrection::automatic && !statistics->is_centred) {
    if (statistics->mean_deviation.size() == 0) return {};
    const DenseVector<Real> deviation = detail::lost_output(weights, quantized, statistics->mean_deviation);
    if (!(detail::squared_norm(correction) > 3.0 * detail::squared_norm(deviation))) return {};
  }
  std::vector<float> rounded(static_cast<std::size_t>(correction.size()));
  std::transform(correction.data(), correction.data() + correction.size(), rounded.begin(),
                 [](double value) { return static_cast<float>(value); });
  return rounded;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE)
template std::vector<float> bias_correction<double>(MatrixView<const float>, const QuantizedWeights&,
                                                    const LayerStatistics*, BiasCorrection);
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Vector lost_output(MatrixView<const float> weights, const QuantizedWeights& quantized,
                                  const Vector& inputs) {
  Vector lost(static_cast<std::ptrdiff_t>(weights.rows()));
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    const auto scale = static_cast<double>(quantized.scale(row));
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const auto level = static_cast<double>(quantized.levels[row * weights.cols() + col]);
      lost[static_cast<std::ptrdiff_t>(row)] +=
          (static_cast<double>(weights(row, col)) - scale * level) * inputs[static_cast<std::ptrdiff_t>(col)];
    }
  }
  return lost;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_BIAS_CORRECTION_HPP
