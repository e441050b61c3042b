#include "nuq/quantize/statistics/input_prior.hpp"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <cstddef>

namespace quantize_statistics_input_prior_test {

/// H entry by entry, from the definition.
Eigen::MatrixXd dense(const nuq::InputPrior& prior, Eigen::Index inputs) {
  const auto taps = static_cast<Eigen::Index>(prior.tap_rows * prior.tap_cols);
  const auto width = static_cast<Eigen::Index>(prior.tap_cols);
  Eigen::MatrixXd moments(inputs, inputs);
  for (Eigen::Index i = 0; i < inputs; ++i) {
    for (Eigen::Index j = 0; j < inputs; ++j) {
      const Eigen::Index tap_i = i % taps;
      const Eigen::Index tap_j = j % taps;
      const double distance = std::hypot(static_cast<double>(tap_i / width - tap_j / width),
                                         static_cast<double>(tap_i % width - tap_j % width));
      const double own = i / taps == j / taps ? (1.0 - prior.shared) * std::pow(prior.correlation, distance) : 0.0;
      moments(i, j) = prior.shared + own;
    }
  }
  return moments;
}

/// What a squared difference in entry k costs when all entries behind it make up for it.
double remaining(const Eigen::MatrixXd& moments, Eigen::Index k) {
  const Eigen::Index after = moments.rows() - 1 - k;
  if (after == 0) return moments(k, k);
  const Eigen::VectorXd coupling = moments.col(k).tail(after);
  return moments(k, k) - coupling.dot(moments.bottomRightCorner(after, after).inverse() * coupling);
}

const nuq::InputPrior priors[] = {{}, {1, 1, 0.5, 0.0}, {3, 3, 0.2, 0.6}, {2, 3, 0.0, 0.8}, {1, 4, 0.35, 0.3}};

TEST_CASE("the product is that with the whole matrix") {
  for (const nuq::InputPrior& prior : priors) {
    const auto inputs = static_cast<Eigen::Index>(5 * prior.taps());
    const Eigen::MatrixXd moments = dense(prior, inputs);
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(inputs, -1.0, 2.0);
    const Eigen::VectorXd y = x.cwiseAbs2().array() - 0.7;
    const nuq::PriorMoments prior_moments(prior, static_cast<std::size_t>(inputs));
    CHECK(prior_moments.product(x, y) == doctest::Approx(x.dot(moments * y)).epsilon(1e-12));
    CHECK(prior_moments.product(x, x) == doctest::Approx(x.dot(moments * x)).epsilon(1e-12));
  }
}

TEST_CASE("the diagonal of the factors is what remains of a difference when all weights behind it make up for it") {
  for (const nuq::InputPrior& prior : priors) {
    const std::size_t channels = 4;
    const std::size_t inputs = channels * prior.taps();
    const Eigen::MatrixXd moments = dense(prior, static_cast<Eigen::Index>(inputs));
    const nuq::PriorMoments prior_moments(prior, inputs);
    CHECK(prior_moments.channels() == channels);
    double sum = 0.0;
    for (std::size_t k = 0; k < inputs; ++k) {
      const Eigen::MatrixXd factor = prior_moments.factor(k / prior.taps());
      const auto row = static_cast<Eigen::Index>(k % prior.taps() + 1);
      const double left = remaining(moments, static_cast<Eigen::Index>(k));
      CHECK(factor(row, row) * factor(row, row) == doctest::Approx(left).epsilon(1e-9));
      sum += left;
    }
    CHECK(prior_moments.mean_cost() == doctest::Approx(sum / static_cast<double>(inputs)).epsilon(1e-9));
  }
}

}  // namespace quantize_statistics_input_prior_test
