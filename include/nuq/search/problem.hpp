#ifndef NUQ_SEARCH_PROBLEM_HPP
#define NUQ_SEARCH_PROBLEM_HPP

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/support/function_ref.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a search may spend.
struct SearchBudget {
  int evaluations = 15;  ///< calls of the evaluator
  double seconds = (std::numeric_limits<double>::infinity)();
};

/// The search for the smallest configuration that an expensive evaluator accepts. Policies ask `passes`; the problem
/// keeps what holds for every policy: no configuration is evaluated twice, the budget is respected, the smallest
/// satisfied configuration is remembered and announced at once, and a refused one is never the answer. Nothing is
/// assumed of the evaluator: it need not be monotone in anything.
///
/// Where metrics are samples, a verdict may rest on everything that was evaluated (`weigh_with`). Where options are
/// costly to make, finer ones are made when a policy asks for them (`refine`).
class SearchProblem : public SearchSpace {
 public:
  /// `evaluate` is callable as `EvaluationOutcome evaluate(const Configuration&)` and outlives the problem. The
  /// budget's clock starts here.
  /// @throws what SearchSpace throws.
  template <class Evaluate>
  SearchProblem(std::vector<LayerOptions> layers, SearchBudget budget, Evaluate& evaluate,
                std::vector<double> float_bytes = {})
      : SearchSpace(std::move(layers), std::move(float_bytes)), budget_(budget), evaluate_(evaluate) {}

  /// `listener(const EvaluatedConfiguration&)` is called whenever a smaller satisfied configuration is found; it
  /// outlives the problem.
  template <class Listener>
  void on_improvement(Listener& listener) noexcept {
    on_improvement_.emplace(listener);
  }

  /// `bool predicate()` is asked before each evaluation; once it is true no further configuration is evaluated. It
  /// outlives the problem.
  template <class Predicate>
  void stop_when(Predicate& predicate) noexcept {
    stop_requested_.emplace(predicate);
  }

  /// `evidence.holds(const EvaluatedConfiguration&)` says, by all that was evaluated, whether a configuration
  /// satisfies; it is asked about all of them after each evaluation, so that the best may become a larger one. The last
  /// that held stays the best where none holds any more. `evidence.affordable_harm()` is the predicted harm that may be
  /// expected to satisfy (std::optional<double>). Outlives the problem.
  template <class Evidence>
  void weigh_with(const Evidence& evidence) {
    evidence_ = {&evidence,
                 [](const void* object, const EvaluatedConfiguration& known) {
                   return static_cast<const Evidence*>(object)->holds(known);
                 },
                 [](const void* object) { return static_cast<const Evidence*>(object)->affordable_harm(); }};
  }

  /// `refiner(passing, refused)` makes finer options for what lies between two configurations: it returns the options
  /// of all layers (std::vector<LayerOptions>), those that were there among them. Outlives the problem.
  template <class Refiner>
  void refine_with(const Refiner& refiner) noexcept {
    refining_ = {&refiner, [](const void* object, const Configuration& passing, const Configuration& refused) {
                   return (*static_cast<const Refiner*>(object))(passing, refused);
                 }};
  }

  /// From now on the best is the one of the largest metric among those of at most so many bytes, and of equals the one
  /// of least predicted harm; not the smallest.
  NUQ_FUNCTION void seek_best_within(double bytes);

  [[nodiscard]] const SearchBudget& budget() const noexcept { return budget_; }
  /// Everything evaluated so far, in order, each configuration once.
  [[nodiscard]] const std::vector<EvaluatedConfiguration>& evaluated() const noexcept { return evaluated_; }
  /// The smallest satisfied configuration so far, or the most accurate one (`seek_best_within`).
  [[nodiscard]] const std::optional<EvaluatedConfiguration>& best() const noexcept { return best_; }

  /// What is known of a configuration; null before it was evaluated. A look through the log: evaluations are few and
  /// cost far more.
  NUQ_FUNCTION [[nodiscard]] const EvaluatedConfiguration* find(const Configuration& configuration) const noexcept;

  /// True when no further configuration can be evaluated.
  NUQ_FUNCTION [[nodiscard]] bool exhausted() const;

  /// Asks the evaluator, unless the answer is known. Empty when it is not known and the budget is exhausted.
  NUQ_FUNCTION std::optional<EvaluationOutcome> evaluate(const Configuration& configuration);

  /// True when the configuration is known to satisfy; false when it is refused or can no longer be asked about.
  NUQ_FUNCTION bool passes(const Configuration& configuration);

  /// True when it passes, or the sample leaves that open: where to look for the limit, and for evidence.
  NUQ_FUNCTION bool may_pass(const Configuration& configuration);

  /// True when something passes that compression can begin from: int8 in every layer; the finest compression, where the
  /// prediction says that it does less harm; int8 with some layers in float, which `base()` then has there. These are
  /// looked for as a few layers among the most sensitive, the first of them by bisection of the ranking, with half of
  /// the budget at most.
  NUQ_FUNCTION bool settle_base();

  /// The predicted harm that may be expected to satisfy; empty where nothing tells.
  NUQ_FUNCTION [[nodiscard]] std::optional<double> affordable_harm() const;

  /// Asks for finer options between two configurations of this problem, which then have other indices, as everything
  /// that was evaluated. False where there are none.
  NUQ_FUNCTION bool refine(const Configuration& passing, const Configuration& refused);

  /// True for a configuration that is nowhere finer than one that was refused.
  NUQ_FUNCTION [[nodiscard]] bool is_coarser_than_refused(const Configuration& configuration) const noexcept;

  /// The uniform configurations smaller than `best()` that are larger than the largest refused one of these, and were
  /// not evaluated, from the largest on.
  NUQ_FUNCTION [[nodiscard]] std::vector<Configuration> open_uniform() const;

  /// Evaluates `open_uniform()` while the budget lasts. True when one of them passed, which makes it the best.
  NUQ_FUNCTION bool improve_by_uniform();

  /// What has been found. Spends what is left of the budget on `improve_by_uniform`.
  NUQ_FUNCTION [[nodiscard]] SearchResult conclude();

 private:
  /// What verdicts rest on, somebody else's; null for none.
  struct Weighing {
    const void* object = nullptr;
    bool (*holds)(const void* object, const EvaluatedConfiguration& known) = nullptr;
    std::optional<double> (*affordable_harm)(const void* object) = nullptr;
  };

  /// What makes finer options, somebody else's; null for none.
  struct Refining {
    const void* object = nullptr;
    std::vector<LayerOptions> (*options)(const void* object, const Configuration& passing,
                                         const Configuration& refused) = nullptr;
  };

  /// Whether one is to be the best rather than the other.
  NUQ_FUNCTION [[nodiscard]] bool is_better(const EvaluatedConfiguration& one,
                                            const EvaluatedConfiguration& other) const;

  /// Judges everything by all that is known, and announces a best that is another than before.
  NUQ_FUNCTION void judge();

  /// Finds one more layer that has to be in float beside those of `from`; false where all others would have to.
  NUQ_FUNCTION bool add_float_layer(Configuration& from, const std::vector<std::size_t>& by_harm);

  SearchBudget budget_;
  detail::FunctionRef<EvaluationOutcome(const Configuration&)> evaluate_;
  std::optional<detail::FunctionRef<void(const EvaluatedConfiguration&)>> on_improvement_;
  std::optional<detail::FunctionRef<bool()>> stop_requested_;
  Refining refining_;
  Weighing evidence_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<EvaluatedConfiguration> evaluated_;
  std::optional<EvaluatedConfiguration> best_;
  std::optional<double> most_bytes_;  ///< of `seek_best_within`
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>

#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION const EvaluatedConfiguration* SearchProblem::find(const Configuration& configuration) const noexcept {
  for (const EvaluatedConfiguration& known : evaluated_) {
    if (known.configuration == configuration) return &known;
  }
  return nullptr;
}

NUQ_DEFINITION bool SearchProblem::exhausted() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  return evaluated_.size() >= static_cast<std::size_t>((std::max)(budget_.evaluations, 0)) ||
         elapsed.count() >= budget_.seconds || (stop_requested_ && (*stop_requested_)());
}

NUQ_DEFINITION std::optional<EvaluationOutcome> SearchProblem::evaluate(const Configuration& configuration) {
  const double bytes = total_bytes(configuration);
  if (const EvaluatedConfiguration* known = find(configuration)) return known->outcome;
  if (exhausted()) return std::nullopt;
  const EvaluationOutcome outcome = evaluate_(configuration);
  evaluated_.push_back({configuration, bytes, outcome});
  judge();
  return evaluated_.back().outcome;
}

NUQ_DEFINITION void SearchProblem::seek_best_within(double bytes) {
  most_bytes_ = bytes;
  best_.reset();
}

NUQ_DEFINITION bool SearchProblem::is_better(const EvaluatedConfiguration& one,
                                             const EvaluatedConfiguration& other) const {
  if (!most_bytes_) return one.bytes < other.bytes;
  const double gain = one.outcome.metric - other.outcome.metric;
  return gain > 0.0 || (!(gain < 0.0) && total_harm(one.configuration) < total_harm(other.configuration));
}

NUQ_DEFINITION void SearchProblem::judge() {
  const EvaluatedConfiguration* best = nullptr;
  for (EvaluatedConfiguration& known : evaluated_) {
    if (evidence_.object != nullptr)
      known.outcome.satisfied = !known.outcome.ended_early && evidence_.holds(evidence_.object, known);
    const bool counts = known.outcome.satisfied && !(most_bytes_ && known.bytes > *most_bytes_);
    if (counts && (best == nullptr || is_better(known, *best))) best = &known;
  }
  if (best == nullptr || (best_ && best->configuration == best_->configuration)) return;
  best_ = *best;
  if (on_improvement_) (*on_improvement_)(*best_);
}

NUQ_DEFINITION bool SearchProblem::passes(const Configuration& configuration) {
  const std::optional<EvaluationOutcome> outcome = evaluate(configuration);
  return outcome && outcome->satisfied;
}

NUQ_DEFINITION bool SearchProblem::may_pass(const Configuration& configuration) {
  const std::optional<EvaluationOutcome> outcome = evaluate(configuration);
  return outcome && (outcome->satisfied || outcome->plausible);
}

NUQ_DEFINITION bool SearchProblem::settle_base() {
  if (passes(int8())) return true;
  if (exhausted()) return false;
  const std::vector<Configuration> uniform = uniform_family();
  if (uniform.size() > 1 && total_harm(uniform[1]) < total_harm(int8()) && passes(uniform[1])) return true;
  std::vector<std::size_t> by_harm;
  for (std::size_t layer = 0; layer < layers().size(); ++layer) by_harm.push_back(layer);
  detail::sort_by(by_harm, [this](std::size_t layer) { return -layers()[layer].front().harm; });
  Configuration in_part = int8();
  do {
    if (!add_float_layer(in_part, by_harm)) break;
  } while (!passes(in_part) && 2 * evaluated_.size() < static_cast<std::size_t>(budget_.evaluations));
  if (!best_) return false;
  set_base(best_->configuration);
  return true;
}

NUQ_DEFINITION bool SearchProblem::add_float_layer(Configuration& from, const std::vector<std::size_t>& by_harm) {
  std::vector<std::size_t> open;
  for (const std::size_t layer : by_harm) {
    if (from[layer] != in_float) open.push_back(layer);
  }
  std::size_t refused = 0;
  std::size_t passing = open.size();
  while (passing - refused > 1) {
    const std::size_t middle = refused + (passing - refused) / 2;
    Configuration most_sensitive = from;
    for (std::size_t rank = 0; rank < middle; ++rank) most_sensitive[open[rank]] = in_float;
    (passes(most_sensitive) ? passing : refused) = middle;
  }
  if (open.size() < 2) return false;
  from[open[passing - 1]] = in_float;
  return true;
}

NUQ_DEFINITION std::optional<double> SearchProblem::affordable_harm() const {
  return evidence_.object != nullptr ? evidence_.affordable_harm(evidence_.object) : std::nullopt;
}

NUQ_DEFINITION bool SearchProblem::refine(const Configuration& passing, const Configuration& refused) {
  if (refining_.object == nullptr) return false;
  const std::vector<LayerOptions> before = layers();
  std::vector<LayerOptions> finer = refining_.options(refining_.object, passing, refused);
  if (finer.size() != before.size() || finer == before) return false;
  set_layers(std::move(finer));
  const auto renumber = [&](Configuration& configuration) {
    for (std::size_t layer = 0; layer < configuration.size(); ++layer) {
      if (configuration[layer] == in_float) continue;
      const LayerOption& option = before[layer][static_cast<std::size_t>(configuration[layer])];
      const auto same = std::find(layers()[layer].begin(), layers()[layer].end(), option);
      configuration[layer] = static_cast<int>(same - layers()[layer].begin());
    }
  };
  for (EvaluatedConfiguration& known : evaluated_) renumber(known.configuration);
  if (best_) renumber(best_->configuration);
  return true;
}

NUQ_DEFINITION bool SearchProblem::is_coarser_than_refused(const Configuration& configuration) const noexcept {
  return std::any_of(evaluated_.begin(), evaluated_.end(), [&configuration](const EvaluatedConfiguration& known) {
    return !known.outcome.satisfied && std::equal(configuration.begin(), configuration.end(),
                                                  known.configuration.begin(), [](int a, int b) { return a >= b; });
  });
}

NUQ_DEFINITION std::vector<Configuration> SearchProblem::open_uniform() const {
  std::vector<Configuration> open;
  for (const Configuration& configuration : uniform_family()) {
    if (!best_ || !(total_bytes(configuration) < best_->bytes)) continue;
    const EvaluatedConfiguration* const known = find(configuration);
    if (known != nullptr && !known->outcome.satisfied) break;
    if (known == nullptr) open.push_back(configuration);
  }
  return open;
}

NUQ_DEFINITION bool SearchProblem::improve_by_uniform() {
  bool improved = false;
  for (std::vector<Configuration> open = open_uniform(); !open.empty() && !exhausted(); open = open_uniform()) {
    if (passes(open.front())) improved = true;
  }
  return improved;
}

NUQ_DEFINITION SearchResult SearchProblem::conclude() {
  if (!most_bytes_) improve_by_uniform();
  SearchResult result;
  const auto is_small_enough = [this](const EvaluatedConfiguration& known) { return known.bytes <= *most_bytes_; };
  if (best_) {
    result.status = SearchStatus::satisfied;
    result.best = best_;
    if (!most_bytes_) result.uniform_smaller_untested = open_uniform();
  } else if (most_bytes_ && !evaluated_.empty() &&
             std::none_of(evaluated_.begin(), evaluated_.end(), is_small_enough)) {
    result.status = exhausted() ? SearchStatus::budget_too_small : SearchStatus::too_large;
  } else if (find(int8()) != nullptr) {
    result.status = SearchStatus::int8_refused;
  }
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_PROBLEM_HPP
