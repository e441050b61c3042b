#ifndef NUQ_SEARCH_PROBLEM_HPP
#define NUQ_SEARCH_PROBLEM_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/function_ref.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One way to store a layer.
struct LayerOption {
  double bytes = 0.0;  ///< size of the layer's weights
  double harm = 0.0;   ///< predicted damage to the network, additive over layers, in any unit
  int levels = 256;    ///< levels of its codebook at most; 256 for a layer kept at int8
  double price = 0.0;  ///< per bit, of an option that was made at a price

  /// True for an option that trades more accuracy for fewer bytes: a higher price where both have one, else fewer
  /// levels.
  [[nodiscard]] bool is_coarser_than(const LayerOption& other) const noexcept {
    return price > 0.0 && other.price > 0.0 ? price > other.price : levels < other.levels;
  }
};

/// The options of a layer, each smaller than the one before; the first keeps the layer at int8. A pinned layer has just
/// one.
using LayerOptions = std::vector<LayerOption>;

struct SearchBudget {
  int evaluations = 15;  ///< calls of the evaluator
  double seconds = (std::numeric_limits<double>::infinity)();
};

/// The search for the smallest configuration that an expensive evaluator accepts. Policies ask `passes`; the problem
/// keeps what holds for every policy: no configuration is evaluated twice, the budget is respected, the smallest
/// satisfied configuration is remembered and announced at once, and a refused one is never the answer. Nothing is
/// assumed of the evaluator: it need not be monotone in anything.
class SearchProblem {
 public:
  /// `evaluate` is callable as `EvaluationOutcome evaluate(const Configuration&)` and outlives the problem. The
  /// budget's clock starts here.
  /// @throws ConfigError invalid_argument: a layer without options, options that do not shrink, numbers that are not
  /// finite.
  template <class Evaluate>
  SearchProblem(std::vector<LayerOptions> layers, SearchBudget budget, Evaluate& evaluate)
      : layers_(std::move(layers)), budget_(budget), evaluate_(evaluate) {
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) check_options(layer);
  }

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

  [[nodiscard]] const std::vector<LayerOptions>& layers() const noexcept { return layers_; }
  [[nodiscard]] const SearchBudget& budget() const noexcept { return budget_; }
  /// Everything evaluated so far, in order, each configuration once.
  [[nodiscard]] const std::vector<EvaluatedConfiguration>& evaluated() const noexcept { return evaluated_; }
  /// The smallest satisfied configuration so far.
  [[nodiscard]] const std::optional<EvaluatedConfiguration>& best() const noexcept { return best_; }

  /// What is known of a configuration; null before it was evaluated. A look through the log: evaluations are few and
  /// cost far more.
  [[nodiscard]] const EvaluatedConfiguration* find(const Configuration& configuration) const noexcept {
    for (const EvaluatedConfiguration& known : evaluated_) {
      if (known.configuration == configuration) return &known;
    }
    return nullptr;
  }

  /// True when no further configuration can be evaluated.
  [[nodiscard]] bool exhausted() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    return evaluated_.size() >= static_cast<std::size_t>((std::max)(budget_.evaluations, 0)) ||
           elapsed.count() >= budget_.seconds || (stop_requested_ && (*stop_requested_)());
  }

  /// @throws ConfigError invalid_argument: not an option for each layer.
  [[nodiscard]] double total_bytes(const Configuration& configuration) const {
    check_configuration(configuration);
    double bytes = 0.0;
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) bytes += option(layer, configuration[layer]).bytes;
    return bytes;
  }

  /// Asks the evaluator, unless the answer is known. Empty when it is not known and the budget is exhausted.
  std::optional<EvaluationOutcome> evaluate(const Configuration& configuration) {
    const double bytes = total_bytes(configuration);
    if (const EvaluatedConfiguration* known = find(configuration)) return known->outcome;
    if (exhausted()) return std::nullopt;
    const EvaluationOutcome outcome = evaluate_(configuration);
    evaluated_.push_back({configuration, bytes, outcome});
    if (outcome.satisfied && (!best_ || bytes < best_->bytes)) {
      best_ = evaluated_.back();
      if (on_improvement_) (*on_improvement_)(*best_);
    }
    return outcome;
  }

  /// True when the evaluator is known to accept the configuration; false when it refuses or can no longer be asked.
  bool passes(const Configuration& configuration) {
    const std::optional<EvaluationOutcome> outcome = evaluate(configuration);
    return outcome && outcome->satisfied;
  }

  /// Every layer kept at int8.
  [[nodiscard]] Configuration int8() const { return Configuration(layers_.size(), 0); }

  /// Every layer at one number of levels or one price: at the coarsest of its options that is not coarser than `like`,
  /// else at its first.
  [[nodiscard]] Configuration uniform(const LayerOption& like) const {
    Configuration configuration = int8();
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      int& chosen = configuration[layer];
      for (int index = 1; index < static_cast<int>(layers_[layer].size()); ++index) {
        const LayerOption& candidate = option(layer, index);
        const bool is_first_fit = option(layer, chosen).is_coarser_than(like);
        if (!candidate.is_coarser_than(like) && (is_first_fit || candidate.is_coarser_than(option(layer, chosen))))
          chosen = index;
      }
    }
    return configuration;
  }

  [[nodiscard]] Configuration uniform(int levels) const {
    LayerOption like;
    like.levels = levels;
    return uniform(like);
  }

  /// The different uniform configurations over all numbers of levels and all prices that occur, from int8 to the
  /// smallest.
  [[nodiscard]] std::vector<Configuration> uniform_family() const {
    std::vector<Configuration> family{int8()};
    for (const LayerOptions& options : layers_) {
      for (const LayerOption& like : options) {
        Configuration configuration = uniform(like);
        if (std::find(family.begin(), family.end(), configuration) == family.end())
          family.push_back(std::move(configuration));
      }
    }
    std::stable_sort(family.begin(), family.end(), [this](const Configuration& a, const Configuration& b) {
      return total_bytes(a) > total_bytes(b);
    });
    return family;
  }

  /// Evaluates the uniform configurations that are smaller than `best()`, from the largest on, while the budget lasts.
  /// True when one of them passed, which makes it the best.
  bool improve_by_uniform() {
    bool improved = false;
    for (const Configuration& configuration : uniform_family()) {
      if (best_ && total_bytes(configuration) < best_->bytes && passes(configuration)) improved = true;
    }
    return improved;
  }

  /// What has been found. Spends what is left of the budget on `improve_by_uniform`.
  [[nodiscard]] SearchResult conclude() {
    improve_by_uniform();
    SearchResult result;
    if (best_) {
      result.status = SearchStatus::satisfied;
      result.best = best_;
      for (const Configuration& configuration : uniform_family()) {
        const bool smaller = total_bytes(configuration) < best_->bytes;
        if (smaller && find(configuration) == nullptr) result.uniform_smaller_untested.push_back(configuration);
      }
    } else if (find(int8()) != nullptr) {
      result.status = SearchStatus::int8_refused;
    }
    return result;
  }

 private:
  [[nodiscard]] const LayerOption& option(std::size_t layer, int index) const noexcept {
    return layers_[layer][static_cast<std::size_t>(index)];
  }

  void check_options(std::size_t layer) const {
    const auto refuse = [layer](const std::string& reason) {
      detail::fail(ConfigError(ErrorCode::invalid_argument, "search: layer " + std::to_string(layer) + ": " + reason));
    };
    const LayerOptions& options = layers_[layer];
    if (options.empty()) refuse("no options, wanted at least one");
    for (std::size_t index = 0; index < options.size(); ++index) {
      const std::string name = "option " + std::to_string(index);
      if (!is_finite(options[index].bytes) || !is_finite(options[index].harm))
        refuse(name + " has bytes or harm that is not finite");
      if (index > 0 && !(options[index].bytes < options[index - 1].bytes)) {
        refuse(name + " has " + std::to_string(options[index].bytes) + " bytes, wanted fewer than the option before, " +
               std::to_string(options[index - 1].bytes));
      }
    }
  }

  void check_configuration(const Configuration& configuration) const {
    if (configuration.size() != layers_.size()) {
      detail::fail(ConfigError(ErrorCode::invalid_argument, "search: a configuration of " +
                                                                std::to_string(configuration.size()) +
                                                                " layers, wanted " + std::to_string(layers_.size())));
    }
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      if (configuration[layer] < 0 || configuration[layer] >= static_cast<int>(layers_[layer].size())) {
        detail::fail(ConfigError(ErrorCode::invalid_argument, "search: layer " + std::to_string(layer) + ": option " +
                                                                  std::to_string(configuration[layer]) +
                                                                  ", wanted 0 to " +
                                                                  std::to_string(layers_[layer].size() - 1)));
      }
    }
  }

  std::vector<LayerOptions> layers_;
  SearchBudget budget_;
  detail::FunctionRef<EvaluationOutcome(const Configuration&)> evaluate_;
  std::optional<detail::FunctionRef<void(const EvaluatedConfiguration&)>> on_improvement_;
  std::optional<detail::FunctionRef<bool()>> stop_requested_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<EvaluatedConfiguration> evaluated_;
  std::optional<EvaluatedConfiguration> best_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_PROBLEM_HPP
