#ifndef NUQ_SEARCH_RATE_DISTORTION_HPP
#define NUQ_SEARCH_RATE_DISTORTION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/core/finite.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Predicted harm of a configuration beyond that of int8.
[[nodiscard]] inline double added_harm(const SearchProblem& problem, const Configuration& configuration) {
  double harm = 0.0;
  for (std::size_t layer = 0; layer < configuration.size(); ++layer) {
    const LayerOptions& options = problem.layers()[layer];
    harm += options[static_cast<std::size_t>(configuration[layer])].harm - options[0].harm;
  }
  return harm;
}

/// A layer goes over to another of its options.
struct OptionChange {
  std::size_t layer = 0;
  int option = 0;
  double saved_bytes = 0.0;
  double harm = 0.0;  ///< added

  [[nodiscard]] double price() const noexcept {
    const double harm_per_byte = harm / saved_bytes;
    return is_finite(harm_per_byte) ? harm_per_byte : (std::numeric_limits<double>::max)();
  }
};

[[nodiscard]] inline OptionChange option_change(const SearchProblem& problem, std::size_t layer, int from, int to) {
  const LayerOption& before = problem.layers()[layer][static_cast<std::size_t>(from)];
  const LayerOption& after = problem.layers()[layer][static_cast<std::size_t>(to)];
  return {layer, to, before.bytes - after.bytes, after.harm - before.harm};
}

/// The configurations of least bytes + harm / price for each price, from int8 on: each differs from the one before in
/// one layer, which takes the next option on the lower convex hull of its (bytes, harm). The hulls' steps in order of
/// price are the optimal allocation for every total of harm that they meet (Shoham & Gersho, Efficient bit allocation
/// for an arbitrary set of quantizers, IEEE Trans. ASSP 36, 1988).
class PriceFamily {
 public:
  explicit PriceFamily(const SearchProblem& problem)
      : first_(problem.int8()), first_bytes_(problem.total_bytes(first_)) {
    for (std::size_t layer = 0; layer < first_.size(); ++layer) add_hull(problem, layer);
    std::stable_sort(steps_.begin(), steps_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  /// The smallest whose predicted harm is at most `harm`; int8 where none is.
  [[nodiscard]] Configuration within_harm(double harm) const {
    std::size_t count = 0;
    double total = 0.0;
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      total += steps_[step].second.harm;
      if (total <= harm) count = step + 1;
    }
    return after_steps(count);
  }

  /// The largest of at most `bytes`; the smallest where none is.
  [[nodiscard]] Configuration within_bytes(double bytes) const {
    double total = first_bytes_;
    std::size_t count = 0;
    while (count < steps_.size() && total > bytes) total -= steps_[count++].second.saved_bytes;
    return after_steps(count);
  }

  [[nodiscard]] Configuration smallest() const { return after_steps(steps_.size()); }

 private:
  [[nodiscard]] Configuration after_steps(std::size_t count) const {
    Configuration configuration = first_;
    for (std::size_t step = 0; step < count; ++step)
      configuration[steps_[step].second.layer] = steps_[step].second.option;
    return configuration;
  }

  void add_hull(const SearchProblem& problem, std::size_t layer) {
    const int size = static_cast<int>(problem.layers()[layer].size());
    double last_price = std::numeric_limits<double>::lowest();
    for (int from = 0; from + 1 < size;) {
      OptionChange next = option_change(problem, layer, from, from + 1);
      for (int to = from + 2; to < size; ++to) {
        const OptionChange other = option_change(problem, layer, from, to);
        if (other.price() <= next.price()) next = other;
      }
      last_price = (std::max)(last_price, next.price());
      steps_.emplace_back(last_price, next);
      from = next.option;
    }
  }

  Configuration first_;
  double first_bytes_;
  std::vector<std::pair<double, OptionChange>> steps_;  ///< with their prices, which grow
};

/// Fills the room that the family's steps leave under a limit of harm: exchanges options, of one layer or of two
/// against each other, as long as that saves bytes; the exchange that saves most first.
class OptionExchange {
 public:
  explicit OptionExchange(const SearchProblem& problem) : problem_(problem) {}

  void improve(Configuration& configuration, double harm_limit) {
    double room = harm_limit - added_harm(problem_, configuration);
    const std::size_t most = 8 * configuration.size();  // bytes that round could make it go in circles
    for (std::size_t round = 0; round < most && exchange(configuration, room); ++round) {
    }
  }

 private:
  static constexpr std::size_t none = (std::numeric_limits<std::size_t>::max)();

  bool exchange(Configuration& configuration, double& room) {
    list_changes(configuration);
    const OptionChange* first = nullptr;
    const OptionChange* second = nullptr;
    double most = 0.0;
    for (const OptionChange& change : changes_) {
      const OptionChange* partner = best_partner(change, room);
      if (partner == nullptr || !(change.saved_bytes + partner->saved_bytes > most)) continue;
      most = change.saved_bytes + partner->saved_bytes;
      first = &change;
      second = partner;
    }
    if (first == nullptr) return false;
    for (const OptionChange* change : {first, second}) {
      if (change->layer == none) continue;
      configuration[change->layer] = change->option;
      room -= change->harm;
    }
    return true;
  }

  /// All changes of one layer and the change of none, by added harm; for each the two that save most up to there, of
  /// different layers.
  void list_changes(const Configuration& configuration) {
    changes_.assign(1, {none, 0, 0.0, 0.0});
    for (std::size_t layer = 0; layer < configuration.size(); ++layer) {
      const int size = static_cast<int>(problem_.layers()[layer].size());
      for (int to = 0; to < size; ++to) {
        if (to != configuration[layer]) changes_.push_back(option_change(problem_, layer, configuration[layer], to));
      }
    }
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const OptionChange& a, const OptionChange& b) { return a.harm < b.harm; });
    best_.clear();
    std::pair<const OptionChange*, const OptionChange*> best{nullptr, nullptr};
    for (const OptionChange& change : changes_) {
      if (best.first == nullptr || change.saved_bytes > best.first->saved_bytes) {
        if (best.first != nullptr && best.first->layer != change.layer) best.second = best.first;
        best.first = &change;
      } else if (change.layer != best.first->layer &&
                 (best.second == nullptr || change.saved_bytes > best.second->saved_bytes)) {
        best.second = &change;
      }
      best_.push_back(best);
    }
  }

  [[nodiscard]] const OptionChange* best_partner(const OptionChange& change, double room) const {
    const auto end = std::upper_bound(changes_.begin(), changes_.end(), room - change.harm,
                                      [](double harm, const OptionChange& other) { return harm < other.harm; });
    if (end == changes_.begin()) return nullptr;
    const auto& [best, other] = best_[static_cast<std::size_t>(end - changes_.begin()) - 1];
    return best->layer != change.layer ? best : other;
  }

  const SearchProblem& problem_;
  std::vector<OptionChange> changes_;
  std::vector<std::pair<const OptionChange*, const OptionChange*>> best_;
};

/// What the evaluations say about the harm that the network can take: the metric as a line over the predicted harm, and
/// the value of the metric that parts the satisfied from the refused.
class HarmCalibration {
 public:
  explicit HarmCalibration(const SearchProblem& problem) {
    for (const EvaluatedConfiguration& known : problem.evaluated()) {
      if (!is_finite(known.outcome.metric)) continue;
      points_.push_back({added_harm(problem, known.configuration), known.outcome.metric, known.outcome.satisfied});
    }
  }

  /// The predicted harm at which the metric meets the limit. Empty where the metric does not tell satisfied from
  /// refused, or does not get worse with the harm.
  [[nodiscard]] std::optional<double> affordable_harm() const {
    const std::optional<double> limit = metric_limit();
    if (!limit) return std::nullopt;
    const bool grows_with_harm = (points_.front().metric > *limit) != points_.front().satisfied;
    const Line line = fit(*limit);
    if (!(line.variance > 0.0) || !(grows_with_harm ? line.covariance > 0.0 : line.covariance < 0.0))
      return std::nullopt;
    const double harm = line.harm + (*limit - line.metric) * line.variance / line.covariance;
    if (!is_finite(harm) || !(harm > 0.0)) return std::nullopt;
    return harm;
  }

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
  [[nodiscard]] Line fit(double limit) const {
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

  /// Halfway between the nearest satisfied and refused metrics; either may be the greater.
  [[nodiscard]] std::optional<double> metric_limit() const {
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

  std::vector<Point> points_;
};

}  // namespace detail

/// Minimises bytes under what the evaluator accepts, in few evaluations.
///
/// 1. Int8 in every layer; refused: no answer. Then bisects the uniform configurations, which brackets the harm that
///    the network can take.
/// 2. Fits the metric to the predicted harm of what has been evaluated, and estimates the harm at which it meets the
///    limit that parts satisfied from refused metrics (HarmCalibration). Neither the unit of the harm nor the
///    direction of the metric matters.
/// 3. Evaluates the smallest configuration within that harm: the optimal allocation at one price (PriceFamily), and
///    the room that it leaves filled by exchanges of single layers (OptionExchange). Back to 2 with what was learnt.
///    Where that one is known already, those within a little less or a little more harm, as long as they save a
///    per cent of the best (anything, where nothing else is left to try).
/// 4. Where the metric tells nothing (not finite, constant, not in order with the verdicts), its estimates creep, or
///    they leave nothing to try: halves the bytes between the best and the next smaller refused configuration; at the
///    end, single steps of one layer from the best.
/// 5. Tries the uniform configurations that are still smaller than the answer, for which up to a quarter of the budget
///    is kept. If one passes, goes on from there.
///
/// The evaluator need not be monotone. A noisy one now and then accepts a configuration that does more harm than it
/// should, and the smallest accepted is the answer: its true harm lies a little beyond the limit more often than within
/// (tests/benchmark/search_synthetic.cpp has figures).
struct RateDistortionSearch {
  /// Harm tried in step 3 beyond the estimate, relative to it; ≥ 0.
  double overshoot = 0.1;

  [[nodiscard]] SearchResult search(SearchProblem& problem) const {
    if (!problem.passes(problem.int8())) return problem.conclude();
    const detail::PriceFamily family(problem);
    const std::vector<Configuration> uniform = problem.uniform_family();
    bracket_by_uniform(problem, uniform);
    do {
      improve(problem, family, uniform);
    } while (problem.improve_by_uniform());
    return problem.conclude();
  }

 private:
  static constexpr double wanted_gain = 0.01;  ///< in bytes, relative to the best; less only where nothing else is left
  static constexpr double harm_step = 0.02;    ///< relative; between the limits that step 3 tries
  static constexpr int max_harm_steps = 25;
  static constexpr int same_verdicts = 3;
  static constexpr double wide_gap = 0.05;  ///< in bytes, relative to the best

  /// Steps 2 to 4.
  void improve(SearchProblem& problem, const detail::PriceFamily& family,
               const std::vector<Configuration>& uniform) const {
    while (has_evaluations_left(problem, uniform)) {
      std::optional<Configuration> next = next_configuration(problem, family, wanted_gain);
      if (!next) next = next_configuration(problem, family, 0.0);
      if (!next) return;
      problem.evaluate(*next);
    }
  }

  /// Bisects for a uniform configuration that passes while the next smaller does not.
  void bracket_by_uniform(SearchProblem& problem, const std::vector<Configuration>& uniform) const {
    std::size_t passing = 0;
    std::size_t refused = uniform.size();
    while (refused - passing > 1 && has_evaluations_left(problem, uniform)) {
      const std::size_t middle = passing + (refused - passing) / 2;
      (problem.passes(uniform[middle]) ? passing : refused) = middle;
    }
  }

  [[nodiscard]] bool has_evaluations_left(const SearchProblem& problem,
                                          const std::vector<Configuration>& uniform) const {
    const auto open = std::count_if(uniform.begin(), uniform.end(), [&](const Configuration& configuration) {
      return problem.total_bytes(configuration) < problem.best()->bytes && problem.find(configuration) == nullptr;
    });
    const auto most = static_cast<std::size_t>((std::max)(problem.budget().evaluations, 0));
    const std::size_t reserved = (std::min)(static_cast<std::size_t>(open), most / 4);
    return !problem.exhausted() && problem.evaluated().size() + reserved < most;
  }

  /// Not yet evaluated, and smaller than the best by more than `gain`, relative.
  [[nodiscard]] static bool is_worth_asking(const SearchProblem& problem, const Configuration& configuration,
                                            double gain) {
    return problem.total_bytes(configuration) < (1.0 - gain) * problem.best()->bytes &&
           problem.find(configuration) == nullptr;
  }

  [[nodiscard]] std::optional<Configuration> next_configuration(const SearchProblem& problem,
                                                                const detail::PriceFamily& family, double gain) const {
    if (!approaches_from_one_side(problem, family)) {
      if (const std::optional<double> harm = detail::HarmCalibration(problem).affordable_harm()) {
        std::optional<Configuration> candidate = smallest_near_harm(problem, family, *harm, gain);
        if (candidate) return candidate;
      }
    }
    Configuration candidate = halfway_to_refused(problem, family);
    if (is_worth_asking(problem, candidate, gain)) return candidate;
    return least_harmful_step(problem, gain);
  }

  /// Step 3.
  [[nodiscard]] std::optional<Configuration> smallest_near_harm(const SearchProblem& problem,
                                                                const detail::PriceFamily& family, double harm,
                                                                double gain) const {
    detail::OptionExchange exchange(problem);
    const auto smallest_within = [&](double limit) {
      Configuration configuration = family.within_harm(limit);
      exchange.improve(configuration, limit);
      return configuration;
    };
    const Configuration expected = smallest_within(harm);
    if (is_worth_asking(problem, expected, gain)) return expected;
    const bool has_room_below = problem.total_bytes(expected) < problem.best()->bytes;
    for (int step = 1; step <= max_harm_steps; ++step) {
      const double change = harm_step * step;
      if (has_room_below) {
        Configuration candidate = smallest_within((1.0 - change) * harm);
        if (is_worth_asking(problem, candidate, gain)) return candidate;
      }
      if (change <= overshoot) {
        Configuration candidate = smallest_within((1.0 + change) * harm);
        if (is_worth_asking(problem, candidate, gain)) return candidate;
      }
    }
    return std::nullopt;
  }

  /// The estimates creep towards the limit, as they do where the metric bends: the last verdicts are the same, and
  /// there are many bytes between the best and the next smaller refused configuration.
  [[nodiscard]] static bool approaches_from_one_side(const SearchProblem& problem, const detail::PriceFamily& family) {
    const std::vector<EvaluatedConfiguration>& known = problem.evaluated();
    const auto agrees = [&](const EvaluatedConfiguration& other) {
      return other.outcome.satisfied == known.back().outcome.satisfied;
    };
    const double best = problem.best()->bytes;
    return known.size() >= std::size_t{same_verdicts} &&
           std::all_of(known.end() - same_verdicts, known.end(), agrees) &&
           best - next_refused_bytes(problem, family) > wide_gap * best;
  }

  /// Bytes of the largest refused configuration that is smaller than the best, else of the smallest of the family.
  [[nodiscard]] static double next_refused_bytes(const SearchProblem& problem, const detail::PriceFamily& family) {
    double refused = problem.total_bytes(family.smallest());
    for (const EvaluatedConfiguration& known : problem.evaluated()) {
      if (!known.outcome.satisfied && known.bytes < problem.best()->bytes) refused = (std::max)(refused, known.bytes);
    }
    return refused;
  }

  /// Of the family, in the middle between the best and the next smaller refused configuration.
  [[nodiscard]] static Configuration halfway_to_refused(const SearchProblem& problem,
                                                        const detail::PriceFamily& family) {
    const double best = problem.best()->bytes;
    return family.within_bytes(best - (best - next_refused_bytes(problem, family)) / 2.0);
  }

  /// The best with one layer at a smaller option: of those not yet evaluated, the one that adds least harm.
  [[nodiscard]] static std::optional<Configuration> least_harmful_step(const SearchProblem& problem, double gain) {
    std::optional<Configuration> least;
    double least_harm = 0.0;
    const Configuration& from = problem.best()->configuration;
    for (std::size_t layer = 0; layer < from.size(); ++layer) {
      for (int to = from[layer] + 1; to < static_cast<int>(problem.layers()[layer].size()); ++to) {
        const double harm = detail::option_change(problem, layer, from[layer], to).harm;
        Configuration candidate = from;
        candidate[layer] = to;
        if ((least && !(harm < least_harm)) || !is_worth_asking(problem, candidate, gain)) continue;
        least = std::move(candidate);
        least_harm = harm;
      }
    }
    return least;
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_RATE_DISTORTION_HPP
