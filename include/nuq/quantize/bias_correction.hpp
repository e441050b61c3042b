#ifndef NUQ_QUANTIZE_BIAS_CORRECTION_HPP
#define NUQ_QUANTIZE_BIAS_CORRECTION_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <vector>

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
[[nodiscard]] inline Eigen::VectorXd lost_output(MatrixView<const float> weights, const QuantizedWeights& quantized,
                                                 const Eigen::VectorXd& inputs) {
  Eigen::VectorXd lost = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(weights.rows()));
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    const auto scale = static_cast<double>(quantized.scale(row));
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const auto level = static_cast<double>(quantized.levels[row * weights.cols() + col]);
      lost[static_cast<Eigen::Index>(row)] +=
          (static_cast<double>(weights(row, col)) - scale * level) * inputs[static_cast<Eigen::Index>(col)];
    }
  }
  return lost;
}

}  // namespace detail

/// What is to be added to a layer's bias, [out], so that its mean outputs stay: (w − s·L)·E[x]. Empty where it is not
/// to be corrected, or where the means are unknown.
///
/// Automatic: with m the correction from all data and n the half difference of those from either half, the squared
/// error of one half changes by |m ± n|² − 2 (m + n)·(m − n) when it is corrected by the other; over both halves that
/// is a gain where |m|² > 3 |n|². Where the moments are centred the levels rely on the correction: it is always made.
[[nodiscard]] inline std::vector<float> bias_correction(MatrixView<const float> weights,
                                                        const QuantizedWeights& quantized,
                                                        const LayerStatistics* statistics, BiasCorrection mode) {
  if (mode == BiasCorrection::off || statistics == nullptr || statistics->input_mean.size() == 0) return {};
  const Eigen::VectorXd correction = detail::lost_output(weights, quantized, statistics->input_mean);
  if (mode == BiasCorrection::automatic && !statistics->is_centred) {
    if (statistics->mean_deviation.size() == 0) return {};
    const Eigen::VectorXd deviation = detail::lost_output(weights, quantized, statistics->mean_deviation);
    if (!(correction.squaredNorm() > 3.0 * deviation.squaredNorm())) return {};
  }
  std::vector<float> rounded(static_cast<std::size_t>(correction.size()));
  std::transform(correction.data(), correction.data() + correction.size(), rounded.begin(),
                 [](double value) { return static_cast<float>(value); });
  return rounded;
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_BIAS_CORRECTION_HPP
