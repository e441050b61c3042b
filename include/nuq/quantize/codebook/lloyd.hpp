#ifndef NUQ_QUANTIZE_CODEBOOK_LLOYD_HPP
#define NUQ_QUANTIZE_CODEBOOK_LLOYD_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Weighted one-dimensional k-means: points on a line, greedy k-means++ seeding, Lloyd's iteration.
class WeightedKMeans {
 public:
  struct Point {
    double position;
    double weight;
  };
  NUQ_FUNCTION WeightedKMeans(std::vector<Point> points, std::size_t max_centres, RandomEngine& engine)
      : points_(std::move(points)), max_centres_(max_centres), engine_(engine) {}

  /// The first centre is drawn by weight; each further one is the best of 2 + ⌊ln K⌋ candidates drawn by weight ·
  /// squared distance to the centres so far. Ends early when every point is a centre.
  NUQ_FUNCTION [[nodiscard]] std::vector<double> seed();

  /// Moves the ascending `centres` to the means of their points until they rest, at most `max_steps` times. A centre
  /// that loses all its points stays where it is.
  NUQ_FUNCTION void iterate(std::vector<double>& centres, int max_steps) const;

 private:
  NUQ_FUNCTION [[nodiscard]] static double sum(const std::vector<double>& values) noexcept;

  /// The position of a point drawn with probability proportional to `masses`, whose sum is positive.
  NUQ_FUNCTION [[nodiscard]] double draw(const std::vector<double>& masses);

  NUQ_FUNCTION [[nodiscard]] std::vector<double> lowered(std::vector<double> potentials, double centre) const;

  std::vector<Point> points_;  // ascending positions, positive weights
  std::size_t max_centres_;
  RandomEngine& engine_;
};

}  // namespace detail

/// Seeded k-means as the vendor's tool is believed to run it (inferred; the AMCT manual gives no formula): the points
/// are the int8 values that occur, with their weights; greedy k-means++ seeding; at most `max_steps` Lloyd steps;
/// centres rounded to int8 at the end, so that two may merge and the codebook has fewer levels than asked for. For the
/// exact optimum take OptimalCodebook.
///
/// Each further iteration is one more restart, and the codebook of least `distortion` is kept: more are never worse.
/// Deterministic: one seed, one codebook, on any standard library. A histogram without weight gets the level 0.
/// Complexity: O((num_of_iteration + 1) · (K log K + max_steps) · points).
/// Source: k-means++ (Arthur & Vassilvitskii, 2007), its greedy variant with 2 + ⌊ln K⌋ candidates, Lloyd (1982).
struct LloydCodebook {
  std::uint64_t seed = 0;
  int max_steps = 200;

  /// @throws ConfigError invalid_argument: num_steps outside 1…256, negative num_of_iteration.
  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps,
                                             int num_of_iteration = 0) const;

 private:
  NUQ_FUNCTION [[nodiscard]] static std::vector<detail::WeightedKMeans::Point> occupied_values(
      const LevelHistogram& histogram);
  NUQ_FUNCTION [[nodiscard]] static Codebook rounded(const std::vector<double>& centres);
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "nuq/quantize/codebook/detail/int8_weights.hpp"
#include "nuq/quantize/codebook/detail/num_steps.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::vector<double> WeightedKMeans::seed() {
  std::vector<double> potentials;  // weight · squared distance to the nearest centre, by point
  for (const Point& point : points_) potentials.push_back(point.weight);
  std::vector<double> centres{draw(potentials)};
  potentials = lowered(std::vector<double>(points_.size(), (std::numeric_limits<double>::infinity)()), centres[0]);
  const int candidates = 2 + static_cast<int>(std::log(static_cast<double>(max_centres_)));
  while (centres.size() < max_centres_ && sum(potentials) > 0.0) {
    double best_centre = 0.0;
    std::vector<double> best;
    for (int candidate = 0; candidate < candidates; ++candidate) {
      const double centre = draw(potentials);
      std::vector<double> trial = lowered(potentials, centre);
      if (best.empty() || sum(trial) < sum(best)) {
        best_centre = centre;
        best.swap(trial);
      }
    }
    centres.push_back(best_centre);
    potentials.swap(best);
  }
  std::sort(centres.begin(), centres.end());
  return centres;
}

NUQ_DEFINITION void WeightedKMeans::iterate(std::vector<double>& centres, int max_steps) const {
  for (int step = 0; step < max_steps; ++step) {
    std::vector<double> moved = centres;
    std::size_t point = 0;
    for (std::size_t index = 0; index < centres.size(); ++index) {
      const double border = index + 1 < centres.size() ? (centres[index] + centres[index + 1]) / 2.0
                                                       : (std::numeric_limits<double>::infinity)();
      double weight = 0.0;
      double moment = 0.0;
      for (; point < points_.size() && points_[point].position < border; ++point) {
        weight += points_[point].weight;
        moment += points_[point].weight * points_[point].position;
      }
      if (weight > 0.0) moved[index] = moment / weight;
    }
    if (moved == centres) return;
    centres.swap(moved);
  }
}

NUQ_DEFINITION double WeightedKMeans::sum(const std::vector<double>& values) noexcept {
  double total = 0.0;
  for (const double value : values) total += value;
  return total;
}

NUQ_DEFINITION double WeightedKMeans::draw(const std::vector<double>& masses) {
  const double target = uniform_unit(engine_) * sum(masses);
  double cumulated = 0.0;
  std::size_t drawn = 0;
  for (std::size_t index = 0; index < masses.size() && cumulated <= target; ++index) {
    if (masses[index] > 0.0) drawn = index;
    cumulated += masses[index];
  }
  return points_[drawn].position;
}

NUQ_DEFINITION std::vector<double> WeightedKMeans::lowered(std::vector<double> potentials, double centre) const {
  for (std::size_t index = 0; index < points_.size(); ++index) {
    const double distance = points_[index].position - centre;
    potentials[index] = (std::min)(potentials[index], points_[index].weight * distance * distance);
  }
  return potentials;
}

}  // namespace detail

NUQ_DEFINITION Codebook LloydCodebook::select(const LevelHistogram& histogram, int num_steps,
                                              int num_of_iteration) const {
  detail::check_num_steps("LloydCodebook", num_steps);
  if (num_of_iteration < 0) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, "LloydCodebook: num_of_iteration is " +
                                                              std::to_string(num_of_iteration) + ", wanted 0 or more"));
  }
  const std::vector<detail::WeightedKMeans::Point> points = occupied_values(histogram);
  if (points.empty()) return rounded({0.0});
  detail::RandomEngine engine(seed);
  detail::WeightedKMeans k_means(points, static_cast<std::size_t>(num_steps), engine);
  Codebook best;
  for (int iteration = 0; iteration <= num_of_iteration; ++iteration) {
    std::vector<double> centres = k_means.seed();
    k_means.iterate(centres, max_steps);
    const Codebook codebook = rounded(centres);
    if (best.empty() || distortion(histogram, codebook) < distortion(histogram, best)) best = codebook;
  }
  return best;
}

NUQ_DEFINITION std::vector<detail::WeightedKMeans::Point> LloydCodebook::occupied_values(
    const LevelHistogram& histogram) {
  std::vector<detail::WeightedKMeans::Point> points;
  double value = -128.0;
  for (const double weight : detail::int8_weights(histogram)) {
    if (weight > 0.0) points.push_back({value, weight});
    value += 1.0;
  }
  return points;
}

NUQ_DEFINITION Codebook LloydCodebook::rounded(const std::vector<double>& centres) {
  std::vector<int> levels;
  for (const double centre : centres) levels.push_back(static_cast<int>(std::round(centre)));
  return Codebook(levels.begin(), levels.end());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_LLOYD_HPP
