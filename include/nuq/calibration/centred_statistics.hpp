#ifndef NUQ_CALIBRATION_CENTRED_STATISTICS_HPP
#define NUQ_CALIBRATION_CENTRED_STATISTICS_HPP

#include <Eigen/Core>

#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Statistics with the moments of x − `origin` in the place of those of x. They must have the covariance and the mean;
/// a factor is dropped.
[[nodiscard]] inline LayerStatistics centred(LayerStatistics statistics, const Eigen::VectorXd& origin) {
  const Eigen::VectorXd& mean = statistics.input_mean;
  statistics.covariance.noalias() -= mean * mean.transpose();  // E[(x − o)(x − o)ᵀ] = cov(x) + (E[x] − o)(E[x] − o)ᵀ
  const Eigen::VectorXd offset = mean - origin;
  statistics.covariance.noalias() += offset * offset.transpose();
  statistics.second_moment = statistics.covariance.diagonal();
  statistics.is_centred = true;
  statistics.factor.reset();
  return statistics;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_CENTRED_STATISTICS_HPP
