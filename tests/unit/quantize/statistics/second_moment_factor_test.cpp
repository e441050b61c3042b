#include "nuq/quantize/statistics/second_moment_factor.hpp"

#include <doctest/doctest.h>

#include <Eigen/LU>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "../../eigen_values.hpp"
#include "../assign/textbook_feedback.hpp"

namespace quantize_statistics_second_moment_factor_test {

/// R Rᵀ with the columns back in their places.
Eigen::MatrixXd product_of(const nuq::SecondMomentFactor& factor) {
  const Eigen::MatrixXd upper = eigen(factor.upper);
  const Eigen::MatrixXd ordered = upper * upper.transpose();
  Eigen::MatrixXd product(ordered.rows(), ordered.cols());
  for (Eigen::Index i = 0; i < ordered.rows(); ++i) {
    for (Eigen::Index j = 0; j < ordered.cols(); ++j) {
      product(static_cast<Eigen::Index>(factor.order[static_cast<std::size_t>(i)]),
              static_cast<Eigen::Index>(factor.order[static_cast<std::size_t>(j)])) = ordered(i, j);
    }
  }
  return product;
}

void check_same(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b,
                double tolerance = 2e-6) {  // the factor is of floats
  REQUIRE(a.rows() == b.rows());
  CHECK((a - b).cwiseAbs().maxCoeff() <= tolerance * b.cwiseAbs().maxCoeff());
}

TEST_CASE("the factor is upper triangular and its square the damped moments, by falling importance") {
  for (const std::size_t inputs : {std::size_t{1}, std::size_t{2}, std::size_t{9}, std::size_t{140}}) {
    const Eigen::MatrixXd moments = random_second_moments(inputs, 300, 3);
    for (const double damping : {0.0, 0.01, 1.0}) {
      const nuq::SecondMomentFactor factor = nuq::second_moment_factor(moments, damping);
      CHECK(factor.order == order_by_importance(moments));
      const Eigen::MatrixXd upper = eigen(factor.upper);
      const Eigen::MatrixXd below = upper.triangularView<Eigen::StrictlyLower>();
      CHECK(below.isZero(0.0));
      check_same(product_of(factor), damped(moments, damping));
    }
  }
}

TEST_CASE("equally important columns keep their order") {
  Eigen::Matrix4d moments = Eigen::Vector4d(1.0, 2.0, 1.0, 2.0).asDiagonal();
  CHECK(nuq::second_moment_factor(moments, 0.1).order == std::vector<std::size_t>{1, 3, 0, 2});
}

TEST_CASE("a cost is what remains of a difference when the weights after it make up for it at best") {
  const Eigen::MatrixXd moments = random_second_moments(7, 30, 5);
  const nuq::SecondMomentFactor factor = nuq::second_moment_factor(moments, 0.02);
  const Eigen::MatrixXd upper = eigen(factor.upper);
  const Eigen::MatrixXd h = upper * upper.transpose();
  double sum = 0.0;
  for (Eigen::Index k = 0; k < 7; ++k) {
    const Eigen::Index after = 6 - k;
    const Eigen::VectorXd coupling = h.col(k).tail(after);
    double left = h(k, k);
    if (after > 0) left -= coupling.dot(h.bottomRightCorner(after, after).inverse() * coupling);
    CHECK(factor.upper(k, k) * factor.upper(k, k) == doctest::Approx(left).epsilon(1e-6));
    sum += left;
  }
  CHECK(factor.mean_cost() == doctest::Approx(sum / 7.0).epsilon(1e-6));
}

TEST_CASE("singular moments get through with their damping") {
  const Eigen::MatrixXd moments = random_second_moments(30, 4, 7);  // of rank 4
  check_same(product_of(nuq::second_moment_factor(moments, 0.01)), damped(moments, 0.01));
}

TEST_CASE("moments that are not positive definite get ten times the damping until they are") {
  Eigen::Matrix2d moments;  // eigenvalues 2.05 and −0.05
  moments << 1.0, 1.05, 1.05, 1.0;
  check_same(product_of(nuq::second_moment_factor(moments, 0.01)), damped(moments, 0.1));
  check_same(product_of(nuq::second_moment_factor(moments, 0.0)), damped(moments, 0.1));
}

TEST_CASE("moments that are no numbers, or too large for them, come to an end") {
  Eigen::Matrix2d moments = Eigen::Matrix2d::Identity();
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    moments(1, 1) = value;
    CHECK(nuq::second_moment_factor(moments).order.size() == 2);
  }
}

TEST_CASE("zero moments get a factor, whatever the damping") {
  for (const double damping : {0.0, 0.01}) {
    const nuq::SecondMomentFactor factor = nuq::second_moment_factor(Eigen::MatrixXd::Zero(3, 3), damping);
    CHECK(factor.order == std::vector<std::size_t>{0, 1, 2});
    const Eigen::MatrixXd upper = eigen(factor.upper);
    CHECK(upper.diagonal().minCoeff() > 0.0);
    CHECK(upper.isDiagonal(0.0));
    CHECK(factor.mean_cost() < 1.0);
  }
}

}  // namespace quantize_statistics_second_moment_factor_test
