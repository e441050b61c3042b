#include "nuq/search/loss_curve.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace search_loss_curve_test {

TEST_CASE("one observation is extended in proportion, with an error that grows with the distance") {
  const nuq::LossCurve curve({{8.0, 0.04, 0.008}});
  CHECK(curve.at(8.0).loss == doctest::Approx(0.04));
  CHECK(curve.at(8.0).error == doctest::Approx(0.008));
  CHECK(curve.at(2.0).loss == doctest::Approx(0.01));
  const double halvings = std::log(4.0);
  const double misfit = 0.01 * std::sqrt(0.25 * 0.25 * halvings * halvings + 0.15 * 0.15);
  CHECK(curve.at(2.0).error == doctest::Approx(std::hypot(0.002, misfit)));
  CHECK(std::isinf(nuq::LossCurve({}).at(1.0).error));
}

TEST_CASE("a loss without harm is where the line begins") {
  const nuq::LossCurve curve({{8.0, 0.05, 0.0}}, nuq::predicted_proportion, {0.01, 0.0});
  CHECK(curve.at(4.0).loss == doctest::Approx(0.03));
  CHECK(curve.at(0.0).loss == doctest::Approx(0.01));
}

TEST_CASE("observations of like harm count as one, of unlike harm as several") {
  const nuq::LossCurve once({{1.0, 0.01, 0.005}});
  const nuq::LossCurve thrice({{1.0, 0.01, 0.005}, {1.0, 0.01, 0.005}, {1.0, 0.01, 0.005}});
  CHECK(thrice.at(1.0).error == doctest::Approx(once.at(1.0).error));
  const nuq::LossCurve far({{1.0, 0.01, 0.005}, {4.0, 0.04, 0.005}});
  CHECK(far.at(1.0).error < 0.9 * once.at(1.0).error);
}

TEST_CASE("a proportion that holds better makes a far evaluation worth more") {
  const std::vector<nuq::ObservedLoss> observed = {{1.0, 0.01, 0.005}, {16.0, 0.16, 0.01}};
  CHECK(nuq::LossCurve(observed, nuq::measured_proportion).at(1.0).error <
        0.75 * nuq::LossCurve(observed, nuq::predicted_proportion).at(1.0).error);
}

TEST_CASE("the affordable harm is where estimate and error meet the limit") {
  const nuq::LossCurve curve({{1.0, 0.012, 0.004}, {4.0, 0.04, 0.006}});
  for (const double deviations : {0.0, 1.28, 2.3}) {
    const double harm = curve.affordable_harm(0.01, deviations);
    const nuq::LossEstimate inside = curve.at(harm);
    const nuq::LossEstimate outside = curve.at(1.02 * harm);
    CHECK(inside.loss + deviations * inside.error <= 0.01);
    CHECK(outside.loss + deviations * outside.error > 0.01);
  }
  CHECK(curve.affordable_harm(0.01, 1.28) < curve.affordable_harm(0.01, 0.0));
  CHECK(std::isinf(curve.affordable_harm(1e9, 1.28)));
  CHECK(curve.affordable_harm(-1.0, 1.28) == 0.0);
  CHECK(nuq::LossCurve({}).affordable_harm(0.01, 1.28) == 0.0);
}

/// A network that loses accuracy by small random errors: 1,000 samples with margins, those near zero flip.
struct FlippingSamples {
  std::vector<double> margins;
  std::vector<double> noise;

  explicit FlippingSamples(unsigned seed, std::size_t samples = 1000) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      margins.push_back(1.2 + normal(random));
      noise.push_back(normal(random));
    }
  }

  [[nodiscard]] nuq::ObservedLoss at(double harm) const {
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t sample = 0; sample < margins.size(); ++sample) {
      const double before = margins[sample] > 0.0 ? 1.0 : 0.0;
      const double after = margins[sample] + std::sqrt(harm) * noise[sample] > 0.0 ? 1.0 : 0.0;
      sum += before - after;
      squares += (before - after) * (before - after);
    }
    const auto samples = static_cast<double>(margins.size());
    return {harm, sum / samples, std::sqrt((squares - sum * sum / samples) / (samples - 1.0) / samples)};
  }
};

/// The expected loss: margins of mean 1.2, with a variance of 1 before and 1 + harm after.
double true_loss(double harm) {
  const auto below_zero = [](double variance) { return 0.5 * std::erfc(1.2 / std::sqrt(2.0 * variance)); };
  return below_zero(1.0 + harm) - below_zero(1.0);
}

TEST_CASE("far evaluations make the estimate near a limit better than one there alone, and its error holds") {
  const double harm = 0.05;
  double squares_alone = 0.0;
  double squares_together = 0.0;
  int above = 0;
  constexpr int trials = 400;
  for (unsigned seed = 1; seed <= trials; ++seed) {
    const FlippingSamples samples(seed);
    const nuq::ObservedLoss alone = samples.at(harm);
    const nuq::LossEstimate together =
        nuq::LossCurve({samples.at(0.9), samples.at(0.2), samples.at(0.1), alone}).at(harm);
    squares_alone += std::pow(alone.loss - true_loss(harm), 2.0);
    squares_together += std::pow(together.loss - true_loss(harm), 2.0);
    above += true_loss(harm) > together.loss + 1.2816 * together.error ? 1 : 0;
  }
  CHECK(squares_together < 0.6 * squares_alone);
  CHECK(above < 0.15 * trials);
}

TEST_CASE("quantiles of the normal distribution") {
  CHECK(nuq::normal_quantile(0.5) == doctest::Approx(0.0).epsilon(1e-9));
  CHECK(nuq::normal_quantile(0.9) == doctest::Approx(1.2815515655));
  CHECK(nuq::normal_quantile(0.975) == doctest::Approx(1.9599639845));
  CHECK(nuq::normal_quantile(0.001) == doctest::Approx(-3.0902323062));
}

}  // namespace search_loss_curve_test
