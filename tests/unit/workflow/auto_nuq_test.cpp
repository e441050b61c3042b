#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/engine/net.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/search/bisection.hpp"
#include "nuq/workflow/auto_nuq/quantize_choices.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"
#include "nuq/workflow/init.hpp"
#include "tiny_network.hpp"

namespace workflow_auto_nuq_test {

/// The metric is a function of how many evaluations were asked for and of the network's outputs.
struct ScriptedEvaluator : nuq::AutoNuqEvaluatorBase<ScriptedEvaluator> {
  std::function<double(nuq::Net&, int)> metric;
  std::function<bool(double, double)> satisfied = [](double original, double result) {
    return original - result <= 0.05;
  };
  std::vector<double> returned;

  double eval_net(nuq::Net& net, int) {
    returned.push_back(metric(net, static_cast<int>(returned.size())));
    return returned.back();
  }
  bool is_satisfied(double original, double result) const { return satisfied(original, result); }
  nuq::InputBatch calibration_batch(int index) const { return {{"data", TinyNetwork::batch(index)}}; }
};

/// 1 − the mean absolute difference of the softmax outputs from those of the first network evaluated.
class Fidelity {
 public:
  double operator()(nuq::Net& net, int evaluation) {
    net.set_input("data", TinyNetwork::batch(5).view());
    net.forward();
    const nuq::TensorView output = net.output("prob");
    if (evaluation == 0) reference_.assign(output.values.begin(), output.values.end());
    double difference = 0.0;
    for (std::size_t index = 0; index < reference_.size(); ++index) {
      difference += static_cast<double>(std::fabs(output.values[index] - reference_[index]));
    }
    return 1.0 - 10.0 * difference / static_cast<double>(reference_.size());
  }

 private:
  std::vector<float> reference_;
};

struct Run {
  TemporaryFolder folder;
  TinyNetwork network;
  std::string config = folder / "config.json";
  std::string prefix = folder / "out/net";
  nuq::AutoNuqOptions options;

  explicit Run(std::int64_t channels = 8) : network(folder, channels) {
    nuq::create_quant_config(config, network.model, network.weights);
  }
  nuq::AutoNuqResult operator()(ScriptedEvaluator& evaluator) const {
    return nuq::auto_nuq(network.model, network.weights, evaluator, config, prefix + "_record.txt", prefix, options);
  }
  [[nodiscard]] nuq::AutoNuqResult by_levels(ScriptedEvaluator& evaluator) const {
    return nuq::auto_nuq(network.model, network.weights, evaluator, config, prefix + "_record.txt", prefix, options,
                         nuq::Policies{nuq::NonUniformQuantizer<>{}});
  }
  [[nodiscard]] bool wrote(const std::string& suffix) const { return std::filesystem::exists(prefix + suffix); }
};

TEST_CASE("auto_nuq evaluates the original first, then int8, and writes a satisfied result with all its files") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run(evaluator);
  REQUIRE(result.satisfied);
  CHECK(evaluator.returned.front() == 1.0);
  CHECK(*result.report.original_metric == evaluator.returned[0]);
  CHECK(*result.report.int8_metric == evaluator.returned[1]);
  CHECK(*result.report.metric >= 0.95);
  CHECK(result.report.evaluations == static_cast<int>(evaluator.returned.size()));
  CHECK(result.report.evaluations <= run.options.max_evaluations);
  for (const char* suffix :
       {"_fake_quant_model.prototxt", "_fake_quant_weights.caffemodel", "_deploy_model.prototxt",
        "_deploy_weights.caffemodel", "_quant.json", "_nuq_layer_record.txt", "_record.txt", ".nuq", "_report.json"}) {
    CAPTURE(suffix);
    CHECK(run.wrote(suffix));
  }
  CHECK_FALSE(run.folder.has_name_with("trial"));
}

TEST_CASE("auto_nuq refuses budgets that are none, outputs that are inputs, and a prefix of another run") {
  Run run;
  ScriptedEvaluator evaluator;
  const auto message = [&] { return error_of<nuq::ConfigError>([&] { static_cast<void>(run(evaluator)); }).message; };
  run.options.max_evaluations = 0;
  CHECK(message().find("max_evaluations 0") != std::string::npos);
  run.options.max_evaluations = 15;
  run.options.max_seconds = std::numeric_limits<double>::quiet_NaN();
  CHECK(message().find("max_seconds nan") != std::string::npos);
  run.options.max_seconds = std::numeric_limits<double>::infinity();
  run.options.confidence = std::numeric_limits<double>::quiet_NaN();
  CHECK(message().find("confidence nan") != std::string::npos);
  run.options.confidence = 0.9;
  run.options.journal = run.config;
  CHECK(message().find("would replace") != std::string::npos);
  run.options.journal.clear();
  const nuq::PrefixLock another(run.prefix);
  CHECK(message().find(run.prefix + ".lock") != std::string::npos);
  CHECK(evaluator.returned.empty());
}

TEST_CASE("auto_nuq returns the smallest of the configurations that were satisfied") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run(evaluator);
  REQUIRE(result.satisfied);
  std::uint64_t smallest = (std::numeric_limits<std::uint64_t>::max)();
  double metric = 0.0;
  for (const nuq::TrialReport& trial : result.report.trials) {
    if (!trial.satisfied || trial.bytes >= smallest) continue;
    smallest = trial.bytes;
    metric = trial.metric;
  }
  CHECK(*result.report.metric == metric);
}

TEST_CASE("within so many bytes auto_nuq returns the most accurate that it evaluated") {
  Run run;
  nuq::QuantConfigRequest request;
  SUBCASE("of all layers") {}
  SUBCASE("layers that stay in float count") {
    request.skip_layers = {"conv1"};
  }
  nuq::create_quant_config(run.config, run.network.model, run.network.weights, request);
  ScriptedEvaluator evaluator;
  evaluator.satisfied = [](double, double) { return true; };
  evaluator.metric = Fidelity();
  const std::uint64_t smallest = run(evaluator).report.bytes;
  for (const double share : {1.02, 1.3, 2.0}) {
    run.options.max_bytes = static_cast<std::uint64_t>(share * static_cast<double>(smallest));
    evaluator.metric = Fidelity();
    evaluator.returned.clear();
    const nuq::AutoNuqResult result = run(evaluator);
    REQUIRE(result.satisfied);
    CHECK(result.report.bytes <= *run.options.max_bytes);
    const std::uint64_t others = result.report.bytes - [&result] {
      for (const nuq::TrialReport& trial : result.report.trials)
        if (trial.metric == *result.report.metric) return trial.bytes;
      return std::uint64_t{0};
    }();
    for (const nuq::TrialReport& trial : result.report.trials)
      CHECK((trial.bytes + others > *run.options.max_bytes || trial.metric <= *result.report.metric));
  }
  run.options.max_bytes = 1;
  evaluator.metric = Fidelity();
  evaluator.returned.clear();
  const nuq::AutoNuqResult none = run(evaluator);
  CHECK_FALSE(none.satisfied);
  CHECK(none.status == nuq::SearchStatus::too_large);
  CHECK(none.report.search_note.find("no configuration has 1 bytes or fewer") == 0);
}

TEST_CASE("an evaluator that refuses even int8 gets a report and nothing else") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = [](nuq::Net&, int) { return 0.5; };
  evaluator.satisfied = [](double, double) { return false; };
  const nuq::AutoNuqResult result = run(evaluator);
  CHECK_FALSE(result.satisfied);
  CHECK(result.status == nuq::SearchStatus::int8_refused);
  CHECK(result.quantization.empty());
  CHECK(run.wrote("_report.json"));
  CHECK_FALSE(run.wrote("_fake_quant_model.prototxt"));
  CHECK_FALSE(run.wrote("_record.txt"));
}

TEST_CASE("a metric that is no number is an error, and what passed before stays on disk") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = [](nuq::Net&, int evaluation) {
    return evaluation < 2 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
  };
  CHECK_THROWS_AS(run(evaluator), nuq::EvaluationError);
  CHECK(run.wrote("_fake_quant_model.prototxt"));
  CHECK(run.wrote("_report.json"));
}

TEST_CASE("an exception of the evaluator passes through") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = [](nuq::Net&, int) -> double { throw std::runtime_error("camera on fire"); };
  CHECK_THROWS_WITH(run(evaluator), "camera on fire");
}

TEST_CASE("pinned layers keep their number of levels") {
  Run run;
  run.options.pins = {{"conv1", 256}, {"fc", 5}};
  run.options.levels = {16, 4};
  ScriptedEvaluator evaluator;
  evaluator.metric = [](nuq::Net&, int) { return 1.0; };
  const nuq::AutoNuqResult result = run.by_levels(evaluator);
  REQUIRE(result.satisfied);
  CHECK_FALSE(result.quantization.at("conv1").codebook.has_value());
  CHECK(result.quantization.at("fc").codebook->size() == 5);
  CHECK(result.quantization.at("conv2").codebook->size() == 4);
  run.options.levels.clear();
  CHECK(run(evaluator).quantization.at("fc").codebook->size() == 5);
  run.options.pins = {{"nobody", 4}};
  CHECK_THROWS_AS(run(evaluator), nuq::ConfigError);
}

TEST_CASE("a quantizer with a price per bit takes no list of levels") {
  Run run;
  run.options.levels = {16};
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  CHECK_THROWS_AS(run(evaluator), nuq::ConfigError);
  CHECK(run.by_levels(evaluator).satisfied);
}

TEST_CASE("layers of a group share one number of levels") {
  Run run;
  run.options.groups = {{"conv1", "conv2"}};
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run.by_levels(evaluator);
  REQUIRE(result.report.trials.size() > 2);
  for (const nuq::TrialReport& trial : result.report.trials) {
    CAPTURE(trial.configuration);
    REQUIRE(trial.levels.size() == 3);
    const auto levels_of = [&trial](const std::string& layer) {
      const std::size_t at = trial.configuration.find(layer + "=") + layer.size() + 1;
      return trial.configuration.substr(at, trial.configuration.find(' ', at) - at);
    };
    CHECK(levels_of("conv1") == levels_of("conv2"));
  }
  run.options.groups = {{"conv1", "conv2"}, {"conv2", "fc"}};
  CHECK_THROWS_AS(run.by_levels(evaluator), nuq::ConfigError);
  run.options.groups = {{"conv1", "nobody"}};
  CHECK_THROWS_AS(run.by_levels(evaluator), nuq::ConfigError);
}

TEST_CASE("the report marks what no other configuration beats, and each of these gets its files on request") {
  Run run;
  run.options.pareto = true;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run.by_levels(evaluator);
  REQUIRE(result.satisfied);
  int front = 0;
  for (const nuq::TrialReport& trial : result.report.trials) {
    bool beaten = false;
    for (const nuq::TrialReport& other : result.report.trials)
      beaten = beaten || (other.bytes <= trial.bytes && other.metric >= trial.metric &&
                          (other.bytes < trial.bytes || other.metric > trial.metric));
    CHECK(trial.non_dominated == !beaten);
    CHECK(trial.files.empty() == beaten);
    if (beaten) continue;
    ++front;
    CHECK(std::filesystem::exists(trial.files + "_fake_quant_weights.caffemodel"));
    CHECK(std::filesystem::exists(trial.files + "_deploy_weights.caffemodel"));
    CHECK(std::filesystem::exists(trial.files + "_record.txt"));
  }
  CHECK(front > 1);
  CHECK(run.wrote("_pareto/1.nuq"));
  CHECK(run.wrote("_pareto/" + std::to_string(front) + ".nuq"));
  CHECK_FALSE(run.wrote("_pareto/" + std::to_string(front + 1) + ".nuq"));
  for (const nuq::FileReport& file : result.report.files) CHECK(nuq::sha256_of_file(file.path) == file.sha256);
}

/// Evaluates through files; from the `broken_from`th call on it throws.
struct FileEvaluator : nuq::AutoNuqEvaluatorBase<FileEvaluator> {
  static constexpr bool is_thread_safe = true;
  std::string label_text = "fidelity";
  std::string original_model;
  std::string original_weights;
  int broken_from = 1000;
  std::atomic<int> calls{0};

  [[nodiscard]] static std::vector<float> outputs(const std::string& model, const std::string& weights) {
    nuq::Net net(model, weights);
    net.set_input("data", TinyNetwork::batch(5).view());
    net.forward();
    const nuq::TensorView output = net.output("prob");
    return {output.values.begin(), output.values.end()};
  }
  double eval_model(const std::string& model, const std::string& weights, int) {
    if (++calls >= broken_from) throw std::runtime_error("power cut");
    const std::vector<float> expected = outputs(original_model, original_weights);
    const std::vector<float> found = outputs(model, weights);
    double difference = 0.0;
    for (std::size_t index = 0; index < expected.size(); ++index)
      difference += static_cast<double>(std::fabs(found[index] - expected[index]));
    return 1.0 - 10.0 * difference / static_cast<double>(expected.size());
  }
  [[nodiscard]] bool is_satisfied(double original, double result) const { return original - result <= 0.05; }
  [[nodiscard]] std::string label() const { return label_text; }
};

struct FileRun : Run {
  template <class Executor = nuq::SerialExecutor>
  nuq::AutoNuqResult operator()(FileEvaluator& evaluator, const Executor& executor = Executor{}) const {
    evaluator.original_model = network.model;
    evaluator.original_weights = network.weights;
    return nuq::auto_nuq(network.model, network.weights, evaluator, config, prefix + "_record.txt", prefix, options,
                         nuq::Policies{nuq::NonUniformQuantizer<>{}, nuq::RateDistortionSearch{}, executor});
  }
  [[nodiscard]] std::vector<std::string> results() const {
    return {folder.read("out/net.nuq"), folder.read("out/net_fake_quant_weights.caffemodel"),
            folder.read("out/net_record.txt"), folder.read("out/net_nuq_layer_record.txt")};
  }
};

TEST_CASE("with a journal a broken search goes on where it was, and ends with the same files") {
  FileRun undisturbed;
  FileEvaluator whole;
  const nuq::AutoNuqResult expected = undisturbed(whole);
  REQUIRE(expected.report.evaluations > 5);
  CHECK(whole.calls == expected.report.evaluations + 1);  // once for calibration

  FileRun run;
  run.options.journal = run.folder / "journal.txt";
  FileEvaluator broken;
  broken.broken_from = 5;
  CHECK_THROWS_WITH(run(broken), "power cut");
  FileEvaluator again;
  const nuq::AutoNuqResult resumed = run(again);
  CHECK(again.calls == expected.report.evaluations - 3 + 1);
  CHECK(resumed.report.evaluations == expected.report.evaluations);
  CHECK(run.results() == undisturbed.results());

  FileEvaluator other;
  other.label_text = "another metric";
  CHECK_THROWS_AS(run(other), nuq::ConfigError);
  CHECK(other.calls == 0);
}

TEST_CASE("files and report do not depend on the executor") {
  FileRun serial;
  FileEvaluator evaluator;
  const nuq::AutoNuqResult expected = serial(evaluator);
  FileRun parallel;
  FileEvaluator other;
  const nuq::AutoNuqResult result = parallel(other, nuq::ThreadExecutor(3));
  CHECK(parallel.results() == serial.results());
  CHECK(result.report.evaluations == expected.report.evaluations);
  CHECK(result.report.trials.size() == expected.report.trials.size());
  CHECK(other.calls >= evaluator.calls);
  CHECK_FALSE(parallel.folder.has_name_with("trial"));
}

/// Tells the fidelity on 20 batches of one sample each; how many in all.
struct BatchEvaluator : nuq::AutoNuqEvaluatorBase<BatchEvaluator> {
  bool tells = true;
  int batches_evaluated = 0;
  std::vector<std::vector<float>> expected;

  double eval_net(nuq::Net& net, int, nuq::BatchMetrics& batches) {
    double sum = 0.0;
    const bool is_original = expected.empty();
    for (int index = 0; index < 20; ++index) {
      ++batches_evaluated;
      net.set_input("data", TinyNetwork::batch(index).view());
      net.forward();
      const nuq::TensorView output = net.output("prob");
      if (is_original) expected.emplace_back(output.values.begin(), output.values.end());
      const std::vector<float>& reference = expected[static_cast<std::size_t>(index)];
      double difference = 0.0;
      for (std::size_t at = 0; at < reference.size(); ++at)
        difference += static_cast<double>(std::fabs(output.values[at] - reference[at]));
      const double metric = 1.0 - 10.0 * difference / static_cast<double>(reference.size());
      sum += metric;
      if (tells && !batches.add(metric)) break;
    }
    return sum / 20.0;
  }
  [[nodiscard]] bool is_satisfied(double original, double result) const { return original - result <= 0.05; }
};

TEST_CASE("an evaluator that tells its batches is spared the rest of clear failures") {
  const auto search = [](const Run& run, BatchEvaluator& evaluator) {
    return nuq::auto_nuq(run.network.model, run.network.weights, evaluator, run.config, run.prefix + "_record.txt",
                         run.prefix, run.options, nuq::Policies{nuq::NonUniformQuantizer<>{}, nuq::BisectionSearch{}});
  };
  const Run silent_run;
  BatchEvaluator silent;
  silent.tells = false;
  const nuq::AutoNuqResult whole = search(silent_run, silent);
  CHECK(silent.batches_evaluated == 20 * (whole.report.evaluations + 1));  // once for calibration

  Run run;
  run.options.journal = run.folder / "journal.txt";
  BatchEvaluator telling;
  const nuq::AutoNuqResult result = search(run, telling);
  CHECK(telling.batches_evaluated < silent.batches_evaluated);
  CHECK(run.folder.read("out/net.nuq") == silent_run.folder.read("out/net.nuq"));
  CHECK(*result.report.metric == *whole.report.metric);
  REQUIRE(result.report.trials.size() == whole.report.trials.size());
  for (std::size_t trial = 0; trial < result.report.trials.size(); ++trial) {
    CHECK(result.report.trials[trial].satisfied == whole.report.trials[trial].satisfied);
    CHECK_FALSE((result.report.trials[trial].satisfied && result.report.trials[trial].ended_early));
  }

  BatchEvaluator idle;
  const nuq::AutoNuqResult again = search(run, idle);
  CHECK(idle.batches_evaluated == 20);  // calibration alone
  for (std::size_t trial = 0; trial < result.report.trials.size(); ++trial) {
    CHECK(again.report.trials[trial].metric == result.report.trials[trial].metric);
    CHECK(again.report.trials[trial].ended_early == result.report.trials[trial].ended_early);
  }
}

/// Writes down what it is told; asks to stop after an evaluation.
struct Diary {
  int stop_after = 1000;
  std::vector<std::string> events;
  int evaluations = 0;
  std::size_t quantized = 0;

  void started(std::size_t layers) { events.push_back("started " + std::to_string(layers)); }
  void layer_quantized(const std::string&, std::size_t done, std::size_t) { quantized = done; }
  void evaluation_started(const nuq::EvaluationProgress& evaluation) {
    CHECK(evaluation.number == evaluations + 1);
    CHECK_FALSE(evaluation.outcome);
  }
  void evaluation_finished(const nuq::EvaluationProgress& evaluation) {
    ++evaluations;
    CHECK(evaluation.number == evaluations);
    CHECK(evaluation.outcome);
    CHECK_FALSE(evaluation.known_before);
    CHECK((evaluation.bytes == 0) == (evaluation.number == 1));
  }
  void improved(const nuq::RunReport& report) { events.push_back("improved " + std::to_string(report.evaluations)); }
  void finished(const nuq::RunReport& report) { events.push_back("finished " + std::to_string(report.evaluations)); }
  bool stop_requested() const { return evaluations >= stop_after; }
};

nuq::AutoNuqResult watched(const Run& run, Diary& diary, ScriptedEvaluator& evaluator) {
  evaluator.metric = Fidelity();
  return nuq::auto_nuq(
      run.network.model, run.network.weights, evaluator, run.config, run.prefix + "_record.txt", run.prefix,
      run.options,
      nuq::Policies{nuq::NonUniformQuantizer<>{}, nuq::RateDistortionSearch{}, nuq::SerialExecutor{}, diary});
}

TEST_CASE("a progress object hears of everything in order") {
  const Run run;
  Diary diary;
  ScriptedEvaluator evaluator;
  const nuq::AutoNuqResult result = watched(run, diary, evaluator);
  CHECK(diary.events.front() == "started 3");
  CHECK(diary.quantized == 3);
  CHECK(diary.events[1] == "improved 2");
  CHECK(diary.events.back() == "finished " + std::to_string(result.report.evaluations));
  CHECK(diary.evaluations == result.report.evaluations);
}

TEST_CASE("a search that is asked to stop ends with the best so far") {
  const Run run;
  Diary diary;
  diary.stop_after = 3;
  ScriptedEvaluator evaluator;
  const nuq::AutoNuqResult result = watched(run, diary, evaluator);
  CHECK(result.satisfied);
  CHECK(result.report.evaluations == 3);
  CHECK(result.report.search_note.find("stopped on request") == 0);
  CHECK(run.wrote("_fake_quant_model.prototxt"));

  const Run at_once;
  Diary impatient;
  impatient.stop_after = 1;
  ScriptedEvaluator other;
  const nuq::AutoNuqResult nothing = watched(at_once, impatient, other);
  CHECK_FALSE(nothing.satisfied);
  CHECK(nothing.report.evaluations == 1);
  CHECK(nothing.report.search_note == "stopped on request before the search began");
  CHECK_FALSE(at_once.wrote("_fake_quant_model.prototxt"));
}

TEST_CASE("a weights-only run writes no deploy model and says so") {
  Run run;
  run.options.weights_only = true;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run(evaluator);
  REQUIRE(result.satisfied);
  CHECK(result.report.weights_only);
  CHECK_FALSE(run.wrote("_deploy_model.prototxt"));
  CHECK(run.wrote("_fake_quant_model.prototxt"));
}

TEST_CASE("results do not depend on the number of threads") {
  const auto weights_with = [](std::size_t threads) {
    Run run;
    run.options.threads = threads;
    ScriptedEvaluator evaluator;
    evaluator.metric = Fidelity();
    CHECK(run(evaluator).satisfied);
    return run.folder.read("out/net_deploy_weights.caffemodel");
  };
  CHECK(weights_with(1) == weights_with(3));
}

/// A calibrator of the user's own.
struct UnitRange {
  struct Observed {};
  void observe(Observed&, nuq::ArrayView<const float>) const {}
  [[nodiscard]] nuq::ActivationScale finish(const Observed&) const { return nuq::asymmetric_scale(0.0F, 1.0F); }
};

TEST_CASE("engine and activation calibrator of auto_nuq are the user's") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = [](nuq::Net&, int) { return 1.0; };
  int engines = 0;
  const auto make_engine = [&engines](std::size_t threads, const nuq::CustomLayers& layers) {
    ++engines;
    return nuq::EigenEngine(threads, layers);
  };
  const nuq::Policies policies{nuq::NonUniformQuantizer<>{}, nuq::BisectionSearch{}, nuq::SerialExecutor{},
                               nuq::NoProgress{}, nuq::CalibrationPolicies{make_engine, UnitRange{}}};
  const nuq::AutoNuqResult result = nuq::auto_nuq(run.network.model, run.network.weights, evaluator, run.config,
                                                  run.prefix + "_record.txt", run.prefix, run.options, policies);
  CHECK(engines == 2);
  for (const auto& [layer, quantization] : result.quantization)
    CHECK(quantization.activation->scale == nuq::asymmetric_scale(0.0F, 1.0F).scale);
}

/// Never looks at what it is given.
struct Blind : nuq::AutoNuqEvaluatorBase<Blind> {
  double eval_model(const std::string&, const std::string&, int batch_num) const { return batch_num; }
  bool is_satisfied(double original, double result) const { return (original - result) * 100 < 1; }
  std::vector<std::string> warnings() const { return {"nothing is measured"}; }
};

struct KeepsWarnings {
  std::vector<std::string> warnings;
  void warned(const std::string& message) { warnings.push_back(message); }
};

TEST_CASE("an evaluator that measures nothing satisfies, but not without a word") {
  const Run run;
  KeepsWarnings progress;
  const nuq::AutoNuqResult result = nuq::auto_nuq(
      run.network.model, run.network.weights, Blind{}, run.config, run.prefix + "_record.txt", run.prefix, run.options,
      nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, nuq::SerialExecutor{}, progress});
  CHECK(result.satisfied);
  CHECK(result.report.metric_unchanged);
  CHECK(nuq::to_json(result.report).find("\"metric_unchanged\": true") != std::string::npos);
  REQUIRE(progress.warnings.size() >= 2);
  CHECK(std::count(progress.warnings.begin(), progress.warnings.end(), "nothing is measured") == 1);
  CHECK(progress.warnings.back().find("the metric never changed: it is 0 for the original and all ") !=
        std::string::npos);
  CHECK(progress.warnings.back().find("evaluate_batch_num") != std::string::npos);
  for (const std::string& warning : progress.warnings) {
    CHECK(std::count(result.report.warnings.begin(), result.report.warnings.end(), warning) == 1);
  }
}

TEST_CASE("an evaluator whose metric changes is not warned about") {
  const Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run(evaluator);
  CHECK_FALSE(result.report.metric_unchanged);
  CHECK(nuq::to_json(result.report).find("metric_unchanged") == std::string::npos);
}

TEST_CASE("a search leaves layers whose inputs would vanish in float") {
  Run run;
  nuq::Model content = nuq::read_model(run.network.model, run.network.weights);
  for (auto& layer : *content.weights.mutable_layer()) {
    if (layer.name() != "conv2") continue;
    for (auto& blob : *layer.mutable_blobs()) {
      for (float& value : *blob.mutable_data()) value *= 1e-8F;
    }
  }
  nuq::FileSet files;
  nuq::write_model(content, files, run.network.model, run.network.weights);
  files.commit();
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult result = run(evaluator);
  CHECK(result.satisfied);
  CHECK(result.quantization.size() == 1);
  CHECK(result.quantization.count("conv1") == 1);
  for (const nuq::LayerReport& layer : result.report.layers) {
    CAPTURE(layer.name);
    CHECK((layer.name == "conv1" || layer.reason.find("stays in float: its ") != std::string::npos));
  }
}

TEST_CASE("a time limit that is far away changes nothing") {
  Run run;
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult unlimited = run(evaluator);
  run.options.max_seconds = 1e6;
  ScriptedEvaluator again;
  again.metric = Fidelity();
  const nuq::AutoNuqResult limited = run(again);
  CHECK(evaluator.returned == again.returned);
  CHECK(limited.report.bytes == unlimited.report.bytes);
  CHECK(limited.report.warnings == unlimited.report.warnings);
}

TEST_CASE("of the prices those are tried for which there is time, three at least") {
  const Run run;
  nuq::Parallel serial;
  const nuq::QuantizationSession session =
      nuq::detail::prepared_session(run.config, run.network.model, run.network.weights, serial);
  const auto grid_until = [&](const nuq::Deadline& deadline) {
    return nuq::detail::price_grid(
        session.graph, session.settings.plan, nuq::RateQuantizer{},
        nuq::detail::weighed_data_free_statistics(session.graph, session.settings.plan, serial), deadline, serial);
  };
  const nuq::detail::PriceGrid all = grid_until({});
  const nuq::detail::PriceGrid few = grid_until({nuq::Deadline::Clock::now(), -1.0});
  CHECK(all.doublings == nuq::detail::PriceGrid::usual_doublings);
  CHECK(few.doublings == 7);
  CHECK(few.middle == all.middle);
  CHECK(grid_until({nuq::Deadline::Clock::now(), 1e6}).doublings == nuq::detail::PriceGrid::usual_doublings);
}

/// Whether a network's layer has other weights than in the first network asked about.
class LayerWatch {
 public:
  explicit LayerWatch(std::string layer) : layer_(std::move(layer)) {}
  bool is_changed(const nuq::Net& net) {
    const std::vector<float>& weights = net.graph().find(layer_)->blobs.front().values;
    if (weights_.empty()) weights_ = weights;
    return weights != weights_;
  }

 private:
  std::string layer_;
  std::vector<float> weights_;
};

TEST_CASE("a layer that the evaluator allows nothing below float stays in float, the others are compressed") {
  for (const bool weights_only : {true, false}) {
    CAPTURE(weights_only);
    Run run;
    run.options.weights_only = weights_only;
    ScriptedEvaluator evaluator;
    Fidelity fidelity;
    LayerWatch conv2("conv2");
    evaluator.metric = [&](nuq::Net& net, int evaluation) {
      const double metric = fidelity(net, evaluation);
      return conv2.is_changed(net) ? 0.0 : metric;
    };
    const nuq::AutoNuqResult result = run(evaluator);
    REQUIRE(result.satisfied);
    CHECK(*result.report.int8_metric == 0.0);
    CHECK(*result.report.metric >= 0.95);
    CHECK(result.quantization.count("conv2") == 0);
    CHECK(result.quantization.count("fc") == 1);
    for (const nuq::LayerReport& layer : result.report.layers) {
      CHECK(layer.levels.has_value() == (layer.name != "conv2"));
      if (layer.name == "conv2") CHECK(layer.reason.find("stays in float") != std::string::npos);
    }
    CHECK(result.report.ratio_float32 > 1.5);
    CHECK(run.wrote("_deploy_model.prototxt") != weights_only);
  }
}

/// 400 samples that lose their answer at random, in proportion to how far the outputs are from the original's.
struct SampledEvaluator : nuq::AutoNuqEvaluatorBase<SampledEvaluator> {
  double limit = 0.02;
  double seen = 0.0;
  int confirmed = 0;
  Fidelity fidelity;

  double eval_net(nuq::Net& net, int, nuq::BatchMetrics& batches) {
    const double loss = 1.0 - fidelity(net, count++);
    std::mt19937 random(static_cast<unsigned>(count));
    double right = 0.0;
    int told = 0;
    for (; told < 400; ++told) {
      const bool is_right = std::uniform_real_distribution<double>(0.0, 1.0)(random) >= 0.2 * loss;
      right += is_right ? 1.0 : 0.0;
      if (!batches.add(is_right ? 1.0 : 0.0)) break;
    }
    return right / 400.0;
  }
  double confirm_model(const std::string&, const std::string&, nuq::BatchMetrics& batches) {
    const double metric = confirmed++ == 0 ? 1.0 : on_second_set;
    for (int batch = 0; batch < 10; ++batch) batches.add(metric);
    return metric;
  }
  bool is_satisfied(double original, double result) const { return original - result <= limit + 1e-9; }

  int count = 0;
  double on_second_set = 0.99;
};

TEST_CASE("where samples are few the answer keeps away from the limit, as far as the confidence asks") {
  double bytes_of_plain = 0.0;
  for (const double confidence : {0.0, 0.9}) {
    Run run;
    run.options.weights_only = true;
    run.options.confidence = confidence;
    SampledEvaluator evaluator;
    const nuq::AutoNuqResult result = nuq::auto_nuq(run.network.model, run.network.weights, evaluator, run.config,
                                                    run.prefix + "_record.txt", run.prefix, run.options);
    REQUIRE(result.satisfied);
    CHECK(result.report.metric_error.has_value());
    CHECK(result.report.confidence.value_or(0.0) == confidence);
    CHECK(*result.report.original_metric - *result.report.metric <= evaluator.limit + 1e-9);
    REQUIRE(result.report.confirmation);
    CHECK(result.report.confirmation->satisfied);
    CHECK(evaluator.confirmed == 2);
    if (confidence > 0.0) {
      CHECK(static_cast<double>(result.report.bytes) >= bytes_of_plain);
    } else {
      bytes_of_plain = static_cast<double>(result.report.bytes);
    }
    for (const nuq::TrialReport& trial : result.report.trials) CHECK_FALSE((trial.ended_early && trial.non_dominated));
  }
}

TEST_CASE("an answer that does not hold on the second set is said") {
  Run run;
  run.options.weights_only = true;
  SampledEvaluator evaluator;
  evaluator.on_second_set = 0.9;
  const nuq::AutoNuqResult result = nuq::auto_nuq(run.network.model, run.network.weights, evaluator, run.config,
                                                  run.prefix + "_record.txt", run.prefix, run.options);
  REQUIRE(result.report.confirmation);
  CHECK_FALSE(result.report.confirmation->satisfied);
  CHECK(result.report.warnings.back().find("second set") != std::string::npos);
}

}  // namespace workflow_auto_nuq_test
