#ifndef NUQ_CORE_LAYER_STATISTICS_HPP
#define NUQ_CORE_LAYER_STATISTICS_HPP

#include <Eigen/Core>
#include <cstdint>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What calibration data say about a layer's inputs x: rows of the im2col matrix of a convolution, the input vector of
/// an inner product; [in] matches the columns of the layer's weights. Filled by calibration, only read by everything
/// else.
struct LayerStatistics {
  std::uint64_t samples = 0;      ///< number of vectors x seen
  Eigen::VectorXd second_moment;  ///< [in] E[x_i²]; empty where unknown
  Eigen::MatrixXd covariance;     ///< [in × in] E[x xᵀ] (or the covariance); empty where only the diagonal is known
  Eigen::VectorXd input_mean;     ///< [in] E[x]; empty where unknown

  /// Weight of column `col` in an output error: E[x_col²], or 1 where it is unknown.
  [[nodiscard]] double importance(std::size_t col) const {
    return second_moment.size() == 0 ? 1.0 : second_moment[static_cast<Eigen::Index>(col)];
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_LAYER_STATISTICS_HPP
