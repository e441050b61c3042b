#ifndef NUQ_TESTS_BENCHMARK_SEARCH_COMPARISON_HPP
#define NUQ_TESTS_BENCHMARK_SEARCH_COMPARISON_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../unit/temporary_folder.hpp"
#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/rate_distortion.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"

/// Where a network and its data are.
struct SearchNetwork {
  std::string name;
  std::string model;
  std::string weights;
  std::string calibration;
  std::string test;
  std::size_t most_samples = (std::numeric_limits<std::size_t>::max)();  ///< of the test data
};

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Measures networks with nuq's own engine. It accepts none, so that `auto_nuq` writes no model: what is accepted is
/// up to the searches that are compared.
class MeasuringEvaluator : public nuq::AutoNuqEvaluatorBase<MeasuringEvaluator> {
 public:
  explicit MeasuringEvaluator(const SearchNetwork& network)
      : test_(nuq::load_dataset(network.test, nuq::GzipFileReader{})),
        calibration_(nuq::load_dataset(network.calibration, nuq::GzipFileReader{})) {
    is_limited_ = test_.samples() > network.most_samples;
    test_.limit(network.most_samples);
  }

  double eval_net(nuq::Net& net, int batch_num) {
    const auto start = std::chrono::steady_clock::now();
    const double metric = nuq::evaluate(net, test_, batch_num);
    if (!original_metric_) {
      original_metric_ = metric;
      original_seconds_ = seconds_since(start);
    }
    return metric;
  }
  static bool is_satisfied(double /*original_metric*/, double /*new_metric*/) { return false; }
  nuq::InputBatch calibration_batch(int index) const { return calibration_.batch(index); }

  [[nodiscard]] const nuq::Dataset& test() const noexcept { return test_; }
  [[nodiscard]] bool is_limited() const noexcept { return is_limited_; }
  [[nodiscard]] int calibration_batches() const { return calibration_.batches(); }
  /// Of the network as it is, which `auto_nuq` measures first.
  [[nodiscard]] double original_metric() const { return original_metric_.value(); }
  [[nodiscard]] double original_seconds() const noexcept { return original_seconds_; }

 private:
  nuq::Dataset test_;
  nuq::Dataset calibration_;
  bool is_limited_ = false;
  std::optional<double> original_metric_;
  double original_seconds_ = 0.0;
};

/// A network whose layers are quantized in every way a search may choose, and how its configurations measure: each is
/// measured once, whoever asks.
class QuantizedNetwork {
 public:
  struct Measurement {
    double metric = 0.0;
    double seconds = 0.0;  ///< that the evaluation took
  };

  QuantizedNetwork(nuq::SearchProblem& problem, const MeasuringEvaluator& evaluator, double preparation_seconds)
      : problem_(problem), evaluator_(evaluator), preparation_seconds_(preparation_seconds) {
    keep_options((std::numeric_limits<std::size_t>::max)());
  }

  /// Leaves each layer at most `count` ≥ 2 of its options, evenly spread, int8 and the smallest among them.
  /// Configurations count these.
  void keep_options(std::size_t count) {
    kept_.clear();
    for (const nuq::LayerOptions& options : problem_.layers()) {
      const std::size_t kept = (std::min)(count, options.size());
      std::vector<int> indices{0};
      for (std::size_t index = 1; index < kept; ++index)
        indices.push_back(static_cast<int>(index * (options.size() - 1) / (kept - 1)));
      kept_.push_back(std::move(indices));
    }
  }

  [[nodiscard]] std::vector<nuq::LayerOptions> layers() const {
    std::vector<nuq::LayerOptions> layers(kept_.size());
    for (std::size_t layer = 0; layer < kept_.size(); ++layer) {
      for (const int index : kept_[layer])
        layers[layer].push_back(problem_.layers()[layer][static_cast<std::size_t>(index)]);
    }
    return layers;
  }
  [[nodiscard]] const MeasuringEvaluator& evaluator() const noexcept { return evaluator_; }
  /// Taken by statistics and quantization, the original's evaluation included.
  [[nodiscard]] double preparation_seconds() const noexcept { return preparation_seconds_; }

  [[nodiscard]] const Measurement& measure(nuq::Configuration configuration) {
    for (std::size_t layer = 0; layer < kept_.size(); ++layer)
      configuration[layer] = kept_[layer][static_cast<std::size_t>(configuration[layer])];
    const auto known = measurements_.find(configuration);
    if (known != measurements_.end()) return known->second;
    const auto start = std::chrono::steady_clock::now();
    const double metric = problem_.evaluate(configuration).value().metric;
    return measurements_[configuration] = {metric, seconds_since(start)};
  }

  /// The problem of finding the smallest configuration that `evaluate` accepts.
  template <class Evaluate>
  [[nodiscard]] nuq::SearchProblem problem(int evaluations, Evaluate& evaluate) const {
    return nuq::SearchProblem(layers(), {evaluations}, evaluate);
  }

 private:
  nuq::SearchProblem& problem_;
  const MeasuringEvaluator& evaluator_;
  double preparation_seconds_;
  std::vector<std::vector<int>> kept_;  ///< options of each layer
  std::map<nuq::Configuration, Measurement> measurements_;
};

namespace detail {

/// A search policy that hands the problem on and looks for nothing.
template <class Use>
struct HandOn {
  const Use& use;
  std::chrono::steady_clock::time_point start;
  const MeasuringEvaluator& evaluator;

  [[nodiscard]] nuq::SearchResult search(nuq::SearchProblem& problem) const {
    QuantizedNetwork network(problem, evaluator, seconds_since(start));
    use(network);
    return problem.conclude();
  }
};

}  // namespace detail

/// Quantizes the layers of a network as `nuq auto --weights-only` does with a default configuration, and calls
/// `use(QuantizedNetwork&)`. `levels`: see AutoNuqOptions; `with_data`: the weights are fitted to the calibration data.
/// Returns the number of weights of the layers that are quantized.
template <class Quantizer, class Use>
std::size_t with_quantized(const SearchNetwork& files, const Quantizer& quantizer, std::vector<int> levels,
                           bool with_data, const Use& use) {
  const TemporaryFolder folder;
  const std::string config_file = folder / "config.json";
  const nuq::QuantConfig config = nuq::create_quant_config(config_file, files.model, files.weights);
  MeasuringEvaluator evaluator(files);
  nuq::AutoNuqOptions options;
  options.max_evaluations = (std::numeric_limits<int>::max)();
  options.levels = std::move(levels);
  options.weights_only = true;
  options.statistics_batches = with_data ? evaluator.calibration_batches() : -1;
  const detail::HandOn<Use> hand_on{use, std::chrono::steady_clock::now(), evaluator};
  const nuq::AutoNuqResult result = nuq::auto_nuq(files.model, files.weights, evaluator, config_file, "",
                                                  folder / "out", options, nuq::Policies{quantizer, hand_on});
  std::set<std::string> quantized;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable) quantized.insert(layer.name);
  }
  std::size_t weights = 0;
  for (const nuq::LayerReport& layer : result.report.layers) {
    if (quantized.count(layer.name) > 0) weights += layer.weights;
  }
  return weights;
}

/// An evaluation, and what harm had been predicted.
struct SearchTrial {
  nuq::EvaluatedConfiguration evaluated;
  double harm = 0.0;  ///< beyond that of int8
};

struct NamedPolicy {
  std::string name;
  std::function<nuq::SearchResult(nuq::SearchProblem&)> search;
};

/// What a search found, and what that took.
struct SearchOutcome {
  std::optional<nuq::EvaluatedConfiguration> best;
  std::size_t evaluations = 0;  ///< the original's and int8's included
  double seconds = 0.0;         ///< of these evaluations
  std::vector<SearchTrial> trials;
};

/// Runs a policy as `auto_nuq` would with `max_evaluations`.
[[nodiscard]] inline SearchOutcome searched(QuantizedNetwork& network, const NamedPolicy& policy, double drop,
                                            int max_evaluations) {
  SearchOutcome outcome;
  const double original = network.evaluator().original_metric();
  outcome.seconds = network.evaluator().original_seconds();
  auto evaluate = [&](const nuq::Configuration& configuration) {
    const QuantizedNetwork::Measurement measured = network.measure(configuration);
    outcome.seconds += measured.seconds;
    return nuq::EvaluationOutcome{measured.metric, original - measured.metric <= drop + 1e-9};
  };
  nuq::SearchProblem problem = network.problem(max_evaluations - 1, evaluate);
  outcome.best = policy.search(problem).best;
  for (const nuq::EvaluatedConfiguration& trial : problem.evaluated())
    outcome.trials.push_back({trial, nuq::detail::added_harm(problem, trial.configuration)});
  outcome.evaluations = outcome.trials.size() + 1;
  return outcome;
}

/// Every layer at one number of levels.
struct UniformNetwork {
  int levels = 256;
  double bytes = 0.0;
  double metric = 0.0;
};

/// Int8, then each of `levels`.
[[nodiscard]] inline std::vector<UniformNetwork> uniform_networks(QuantizedNetwork& network,
                                                                  const std::vector<int>& levels) {
  std::vector<UniformNetwork> uniform;
  auto evaluate = [&](const nuq::Configuration& configuration) {
    return nuq::EvaluationOutcome{network.measure(configuration).metric, false};
  };
  nuq::SearchProblem problem = network.problem(static_cast<int>(levels.size()) + 1, evaluate);
  const auto add = [&](int count, const nuq::Configuration& configuration) {
    uniform.push_back({count, problem.total_bytes(configuration), problem.evaluate(configuration).value().metric});
  };
  add(256, problem.int8());
  for (const int count : levels) add(count, problem.uniform(count));
  return uniform;
}

/// The smallest within the drop, if any.
[[nodiscard]] inline std::optional<UniformNetwork> smallest_uniform(const std::vector<UniformNetwork>& networks,
                                                                    double original_metric, double drop) {
  std::optional<UniformNetwork> smallest;
  for (const UniformNetwork& network : networks) {
    const bool passes = original_metric - network.metric <= drop + 1e-9;
    if (passes && (!smallest || network.bytes < smallest->bytes)) smallest = network;
  }
  return smallest;
}

#endif  // NUQ_TESTS_BENCHMARK_SEARCH_COMPARISON_HPP
