#ifndef NUQ_SEARCH_DETAIL_HARM_CALIBRATION_HPP
#define NUQ_SEARCH_DETAIL_HARM_CALIBRATION_HPP

#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What the evaluations say about the harm that the network can take: the metric as a line over the predicted harm, and
/// the value of the metric that parts the satisfied from the refused.
class HarmCalibration {
 public:
  NUQ_FUNCTION explicit HarmCalibration(const SearchProblem& problem);

  /// The predicted harm at which the metric meets the limit. Empty where the metric does not tell satisfied from
  /// refused, or does not get worse with the harm.
  NUQ_FUNCTION [[nodiscard]] std::optional<double> affordable_harm() const;

 private:
  struct Point {
    double harm;
    double metric;
    bool satisfied;
    double weight = 0.0;
  };
  /// Weighted means of harm and metric, and their second moments about these.
  struct Line {
    double harm = 0.0;
    double metric = 0.0;
    double variance = 0.0;
    double covariance = 0.0;
  };

  /// Least squares. Far from the limit a line is a poor model: a point as far from it as the first, which is int8, has
  /// half the weight, one much farther a weight inverse to the squared distance.
  NUQ_FUNCTION [[nodiscard]] Line fit(double limit) const;

  /// Halfway between the nearest satisfied and refused metrics; either may be the greater.
  NUQ_FUNCTION [[nodiscard]] std::optional<double> metric_limit() const;

  std::vector<Point> points_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <cmath>
#include <limits>

#include "nuq/core/finite.hpp"
#include "nuq/search/detail/option_change.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION HarmCalibration::HarmCalibration(const SearchProblem& problem) {
  for (const EvaluatedConfiguration& known : problem.evaluated()) {
    if (!is_finite(known.outcome.metric)) continue;
    points_.push_back({added_harm(problem, known.configuration), known.outcome.metric, known.outcome.satisfied});
  }
}

NUQ_DEFINITION std::optional<double> HarmCalibration::affordable_harm() const {
  const std::optional<double> limit = metric_limit();
  if (!limit) return std::nullopt;
  const bool grows_with_harm = (points_.front().metric > *limit) != points_.front().satisfied;
  const Line line = fit(*limit);
  if (!(line.variance > 0.0) || !(grows_with_harm ? line.covariance > 0.0 : line.covariance < 0.0)) return std::nullopt;
  const double harm = line.harm + (*limit - line.metric) * line.variance / line.covariance;
  if (!is_finite(harm) || !(harm > 0.0)) return std::nullopt;
  return harm;
}

NUQ_DEFINITION HarmCalibration::Line HarmCalibration::fit(double limit) const {
  const double reach = std::abs(points_.front().metric - limit);
  std::vector<Point> points = points_;
  Line line;
  double weights = 0.0;
  for (Point& point : points) {
    const double distance = (point.metric - limit) / reach;
    point.weight = 1.0 / (1.0 + distance * distance);
    weights += point.weight;
    line.harm += point.weight * point.harm;
    line.metric += point.weight * point.metric;
  }
  line.harm /= weights;
  line.metric /= weights;
  for (const Point& point : points) {
    const double harm = point.harm - line.harm;
    line.variance += point.weight * harm * harm;
    line.covariance += point.weight * harm * (point.metric - line.metric);
  }
  return line;
}

NUQ_DEFINITION std::optional<double> HarmCalibration::metric_limit() const {
  const double infinity = (std::numeric_limits<double>::infinity)();
  double least[2] = {infinity, infinity};
  double greatest[2] = {-infinity, -infinity};
  for (const Point& point : points_) {
    least[point.satisfied] = (std::min)(least[point.satisfied], point.metric);
    greatest[point.satisfied] = (std::max)(greatest[point.satisfied], point.metric);
  }
  if (!is_finite(least[0]) || !is_finite(least[1])) return std::nullopt;
  if (greatest[0] < least[1]) return greatest[0] + (least[1] - greatest[0]) / 2.0;
  if (greatest[1] < least[0]) return greatest[1] + (least[0] - greatest[1]) / 2.0;
  return std::nullopt;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_DETAIL_HARM_CALIBRATION_HPP
