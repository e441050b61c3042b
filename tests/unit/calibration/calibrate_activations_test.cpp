#include "nuq/calibration/calibrate_activations.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nuq/activation/min_max.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"

namespace calibration_calibrate_activations_test {

/// Shows every layer the tensor that the test has set for its first bottom, in this order: "<blob>" before its in-place
/// layer,
/// "<blob>'" behind it.
class ScriptedEngine {
 public:
  explicit ScriptedEngine(const nuq::Graph& graph) : graph_(graph) {}

  void load(const nuq::Graph&) {}
  void set_input(const std::string& value, const nuq::TensorView& tensor) {
    tensors_[value] = nuq::Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
  }
  template <class Observer>
  void forward(Observer&& observer) {
    ++forwards;
    for (const nuq::Node& node : graph_.nodes) {
      const nuq::Value& value = graph_.values[node.inputs[0]];
      const bool in_place = value.producer != nuq::Value::network_input && graph_.nodes[value.producer].type == "ReLU";
      const std::vector<nuq::TensorView> inputs{tensors_.at(value.blob + (in_place ? "'" : "")).view()};
      observer(node, nuq::ArrayView<const nuq::TensorView>(inputs), nuq::ArrayView<const nuq::TensorView>());
    }
  }

  int forwards = 0;

 private:
  const nuq::Graph& graph_;
  std::map<std::string, nuq::Tensor> tensors_;
};

std::string conv(const std::string& name, const std::string& bottom) {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: '" + bottom + "' top: '" + name +
         "' convolution_param { num_output: 1 kernel_size: 1 } } ";
}

/// 'early' reads data, 'a' and 'b' read it behind the in-place ReLU.
nuq::Graph network() {
  const std::string text = "input: 'data' " + conv("early", "data") +
                           "layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'data' } " + conv("a", "data") +
                           conv("b", "data") + conv("float", "data");
  return nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, "", "net.prototxt", "")));
}

const nuq::QuantizationPlan default_plan{{"early", {}}, {"a", {}}, {"b", {}}};

const nuq::Tensor before({1, 2, 1, 2}, {-1.0F, -0.5F, 0.5F, 2.0F});
const nuq::Tensor behind({1, 2, 1, 2}, {0.0F, 0.0F, 0.5F, 2.0F});

void feed_both(ScriptedEngine& engine, int) {
  engine.set_input("data", before.view());
  engine.set_input("data'", behind.view());
}

template <class Calibrator>
nuq::ActivationScale calibrated_by(Calibrator calibrator, const nuq::Tensor& tensor) {
  typename Calibrator::Observed observed;
  calibrator.observe(observed, tensor.values);
  return calibrator.finish(observed);
}

bool same(const nuq::ActivationScale& a, const nuq::ActivationScale& b) {
  return a.scale == b.scale && a.offset == b.offset && a.with_offset == b.with_offset;
}

TEST_CASE("every planned layer gets the grid and shape of its own input's version") {
  const nuq::Graph graph = network();
  ScriptedEngine engine(graph);
  const auto calibrated = nuq::calibrate_activations(graph, default_plan, engine, 1, feed_both);
  REQUIRE(calibrated.size() == 3);
  CHECK(same(calibrated.at("early").scale, calibrated_by(nuq::Ifmr(), before)));
  CHECK(same(calibrated.at("a").scale, calibrated_by(nuq::Ifmr(), behind)));
  CHECK(same(calibrated.at("b").scale, calibrated.at("a").scale));
  CHECK(calibrated.at("a").scale.offset == -128);
  CHECK(calibrated.at("early").scale.offset > -128);
  CHECK(calibrated.at("a").input_shape == nuq::Shape{1, 2, 1, 2});
}

TEST_CASE("min_max takes the whole range") {
  const nuq::Graph graph = network();
  nuq::QuantizationPlan plan = default_plan;
  plan["early"].activation.algorithm = nuq::ActivationAlgorithm::min_max;
  plan["early"].activation.asymmetric = false;
  ScriptedEngine engine(graph);
  const auto calibrated = nuq::calibrate_activations(graph, plan, engine, 1, feed_both);
  nuq::MinMax symmetric;
  symmetric.asymmetric = false;
  CHECK(same(calibrated.at("early").scale, calibrated_by(symmetric, before)));
}

/// A calibrator of the user's own.
struct UnitRange {
  struct Observed {};
  void observe(Observed&, nuq::ArrayView<const float>) const {}
  [[nodiscard]] nuq::ActivationScale finish(const Observed&) const { return nuq::asymmetric_scale(0.0F, 1.0F); }
};

TEST_CASE("the user's own calibrator takes the place of those that the plan names") {
  const nuq::Graph graph = network();
  ScriptedEngine engine(graph);
  const auto calibrated = nuq::calibrate_activations(graph, default_plan, engine, 1, feed_both, UnitRange{});
  for (const char* const layer : {"early", "a", "b"})
    CHECK(same(calibrated.at(layer).scale, nuq::asymmetric_scale(0.0F, 1.0F)));
}

TEST_CASE("the algorithm and its parameters are the plan's, also for two readers of one blob") {
  const nuq::Graph graph = network();
  nuq::QuantizationPlan plan = default_plan;
  plan["early"].activation.asymmetric = false;
  plan["early"].activation.search_range_start = 0.3F;
  plan["early"].activation.search_range_end = 0.5F;
  plan["early"].activation.search_step = 0.1F;
  plan["early"].activation.max_percentile = 0.75F;
  plan["early"].activation.min_percentile = 0.6F;
  plan["b"].activation.algorithm = nuq::ActivationAlgorithm::hfmg;
  plan["b"].activation.num_of_bins = 1024;
  plan["b"].activation.asymmetric = false;
  ScriptedEngine engine(graph);
  const auto calibrated = nuq::calibrate_activations(graph, plan, engine, 1, feed_both);
  nuq::Ifmr ifmr;
  ifmr.asymmetric = false;
  ifmr.search_range_start = 0.3F;
  ifmr.search_range_end = 0.5F;
  ifmr.search_step = 0.1F;
  ifmr.max_percentile = 0.75F;
  ifmr.min_percentile = 0.6F;
  CHECK(same(calibrated.at("early").scale, calibrated_by(ifmr, before)));
  CHECK(same(calibrated.at("a").scale, calibrated_by(nuq::Ifmr(), behind)));
  nuq::Hfmg hfmg;
  hfmg.num_of_bins = 1024;
  hfmg.asymmetric = false;
  CHECK(same(calibrated.at("b").scale, calibrated_by(hfmg, behind)));
  CHECK_FALSE(same(calibrated.at("b").scale, calibrated.at("a").scale));
}

TEST_CASE("a calibrator sees every batch once, in order, and no more than asked for") {
  const nuq::Graph graph = network();
  ScriptedEngine engine(graph);
  std::vector<int> batches;
  const auto feed = [&batches](ScriptedEngine& target, int batch) {
    batches.push_back(batch);
    feed_both(target, batch);
    target.set_input("data'", nuq::Tensor({1, 1, 1, 1}, {batch == 1 ? 255.0F : 1.0F}).view());
  };
  const auto calibrated = nuq::calibrate_activations(graph, default_plan, engine, 3, feed);
  CHECK(batches == std::vector<int>{0, 1, 2});
  CHECK(engine.forwards == 3);
  const nuq::Tensor all({3}, {1.0F, 255.0F, 1.0F});
  CHECK(same(calibrated.at("a").scale, calibrated_by(nuq::Ifmr(), all)));
  CHECK(calibrated.at("a").input_shape == nuq::Shape{1, 1, 1, 1});
}

TEST_CASE("what cannot be calibrated is reported with file and layer") {
  const nuq::Graph graph = network();
  nuq::QuantizationPlan plan = default_plan;
  ScriptedEngine engine(graph);
  const auto feed_value = [](float value) {
    return [value](ScriptedEngine& target, int) {
      target.set_input("data", before.view());
      target.set_input("data'", nuq::Tensor({1, 1, 1, 1}, {value}).view());
    };
  };
  const auto run = [&](int batch_num, float value) {
    static_cast<void>(nuq::calibrate_activations(graph, plan, engine, batch_num, feed_value(value)));
  };
  CHECK_THROWS_WITH_AS(run(1, (std::numeric_limits<float>::quiet_NaN)()),
                       doctest::Contains("nuq: net.prototxt: layer 'a': input: "), nuq::ModelError);
  CHECK_THROWS_WITH_AS(run(1, 3e38F), doctest::Contains("nuq: net.prototxt: layer 'a': input: "), nuq::ModelError);
  CHECK_THROWS_WITH_AS(run(0, 1.0F), doctest::Contains("nuq: net.prototxt: layer 'early': input: "), nuq::ConfigError);
  plan["a"].activation.search_step = 0.0F;
  CHECK_THROWS_WITH_AS(run(1, 1.0F), doctest::Contains("nuq: net.prototxt: layer 'a': input: ifmr: search_step"),
                       nuq::ConfigError);
}

TEST_CASE("an input vanishes when its largest value becomes 0 and is not") {
  nuq::CalibratedActivation activation;
  activation.scale = {1.0F, 0, false};
  CHECK_FALSE(activation.vanishes());
  activation.largest = 0.49F;
  CHECK(activation.vanishes());
  activation.largest = 0.5F;
  CHECK_FALSE(activation.vanishes());
  activation.scale = {1.0F, -128, true};  // what is never negative has levels above the offset only
  activation.largest = 1e-6F;
  CHECK(activation.vanishes());
  activation.largest = 200.0F;
  CHECK_FALSE(activation.vanishes());
}

TEST_CASE("the largest magnitude of all batches is known") {
  const nuq::Graph graph = network();
  ScriptedEngine engine(graph);
  const auto feed = [](ScriptedEngine& fed, int batch) {
    const float value = batch == 0 ? -3.0F : 2.0F;
    fed.set_input("data", nuq::Tensor({1, 1, 1, 2}, {value, 1.0F}).view());
    fed.set_input("data'", nuq::Tensor({1, 1, 1, 2}, {1e-7F, 2e-7F}).view());
  };
  const auto calibrated = nuq::calibrate_activations(graph, default_plan, engine, 2, feed);
  CHECK(calibrated.at("early").largest == 3.0F);
  CHECK_FALSE(calibrated.at("early").vanishes());
  CHECK(calibrated.at("a").largest == 2e-7F);
  CHECK(calibrated.at("a").vanishes());
}

}  // namespace calibration_calibrate_activations_test
