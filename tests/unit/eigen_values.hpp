#ifndef NUQ_TESTS_UNIT_EIGEN_VALUES_HPP
#define NUQ_TESTS_UNIT_EIGEN_VALUES_HPP

#include <Eigen/Core>

#include "nuq/core/matrix.hpp"

/// The library's vectors and matrices as Eigen's, to compute with.
inline Eigen::VectorXd eigen(const nuq::Vector& values) {
  return values;
}
inline Eigen::MatrixXd eigen(const nuq::Matrix& values) {
  return values;
}

#endif  // NUQ_TESTS_UNIT_EIGEN_VALUES_HPP
