#include "nuq/workflow/auto_nuq.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/workflow/create_quant_config.hpp"
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
                         nuq::NonUniformQuantizer<>{});
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
  CHECK_FALSE(run.wrote("_trial_model.prototxt"));
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

TEST_CASE("a quantizer with a price per bit takes no list of levels and needs fewer bytes at the same tolerance") {
  Run run(32);  // large enough for the tables of an entropy code
  ScriptedEvaluator evaluator;
  evaluator.metric = Fidelity();
  const nuq::AutoNuqResult by_price = run(evaluator);
  ScriptedEvaluator other;
  other.metric = Fidelity();
  const nuq::AutoNuqResult by_levels = run.by_levels(other);
  REQUIRE(by_price.satisfied);
  REQUIRE(by_levels.satisfied);
  CHECK(by_price.report.bytes < by_levels.report.bytes);
  run.options.levels = {16};
  CHECK_THROWS_AS(run(evaluator), nuq::ConfigError);
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

}  // namespace workflow_auto_nuq_test
