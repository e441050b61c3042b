#ifndef NUQ_TESTS_UNIT_EIGEN_VALUES_HPP
#define NUQ_TESTS_UNIT_EIGEN_VALUES_HPP

#include <Eigen/Core>

#include "nuq/core/matrix.hpp"
#include "nuq/quantize/statistics/upper_triangle.hpp"

/// The library's vectors and matrices as Eigen's, to compute with.
inline Eigen::VectorXd eigen(const nuq::Vector& values) {
  return values;
}
inline Eigen::MatrixXd eigen(const nuq::Matrix& values) {
  return values;
}
inline Eigen::MatrixXd eigen(const nuq::UpperTriangle& values) {
  return Eigen::MatrixXd::NullaryExpr(values.cols(), values.cols(), [&](Eigen::Index row, Eigen::Index col) {
    return static_cast<double>(values(row, col));
  });
}

#endif  // NUQ_TESTS_UNIT_EIGEN_VALUES_HPP
