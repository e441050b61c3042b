#include "nuq/engine/layers/calibration.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../error_of.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/graph.hpp"

namespace engine_layers_calibration_test {

using nuq::ActivationAlgorithm;
using nuq::Tensor;

/// Keeps in memory what calibration layers record.
class MemoryRecord final : public nuq::FactorRecord {
 public:
  void record_activation(const std::string& layer, const nuq::CalibratedActivation& activation) const override {
    activations[layer] = activation;
  }
  void record_shift(const std::string& layer, const nuq::CalibratedShift& shift) const override {
    shifts[layer] = shift;
  }
  [[nodiscard]] std::vector<float> dequantization_scales(const std::string& layer) const override {
    return scales.at(layer);
  }

  mutable std::map<std::string, nuq::CalibratedActivation> activations;
  mutable std::map<std::string, nuq::CalibratedShift> shifts;
  std::map<std::string, std::vector<float>> scales;
};

/// A calibration layer, loaded once and run several times.
template <class Layer>
class Observer {
 public:
  template <class Op>
  Observer(Op operation, std::size_t inputs)
      : node_(node_of(std::move(operation), inputs)), layer_({node_, "net.prototxt"}) {}

  void operator()(const std::vector<Tensor>& inputs) const {
    std::vector<nuq::TensorView> views;
    for (const Tensor& input : inputs) views.push_back(input.view());
    nuq::Workspace workspace(1);
    layer_.forward({{node_, "net.prototxt"}, views, {}, workspace});
  }

 private:
  template <class Op>
  [[nodiscard]] static nuq::Node node_of(Op operation, std::size_t inputs) {
    nuq::Node node;
    node.name = "watch";
    node.type = "Observer";
    node.operation = std::move(operation);
    for (std::size_t input = 0; input < inputs; ++input) node.inputs.push_back(input);
    return node;
  }

  nuq::Node node_;
  Layer layer_;
};

using ActivationObserver = Observer<nuq::detail::ActivationObserverLayer>;
using ShiftObserver = Observer<nuq::detail::ShiftObserverLayer>;

/// first, first + step, …
Tensor ramp(float first, float step, int count) {
  Tensor tensor(nuq::Shape{1, count});
  for (int index = 0; index < count; ++index)
    tensor.values[static_cast<std::size_t>(index)] = first + step * static_cast<float>(index);
  return tensor;
}

TEST_CASE("an observer of activations records one grid for all its layers after batch_num passes, once") {
  const auto record = std::make_shared<MemoryRecord>();
  const ActivationObserver observe(nuq::ops::ActivationObserver{{}, 2, {"a", "b"}, record}, 1);
  observe({ramp(0.0F, 0.5F, 128)});
  CHECK(record->activations.empty());
  observe({ramp(64.0F, 0.5F, 128)});
  REQUIRE(record->activations.size() == 2);
  for (const char* const layer : {"a", "b"}) {  // the multiples of 0.5 from 0 to 127.5: a grid that loses nothing
    CHECK(record->activations.at(layer).scale.scale == 0.5F);
    CHECK(record->activations.at(layer).scale.offset == -128);
    CHECK(record->activations.at(layer).input_shape == nuq::Shape{1, 128});
  }
  record->activations.clear();
  observe({ramp(0.0F, 7.0F, 128)});
  CHECK(record->activations.empty());
}

TEST_CASE("an observer of activations takes all its inputs together, with the calibrator that the plan names") {
  const auto record = std::make_shared<MemoryRecord>();
  nuq::ops::ActivationObserver operation{{}, 1, {"a"}, record};
  operation.plan.algorithm = ActivationAlgorithm::min_max;
  ActivationObserver(operation, 2)({ramp(-1.0F, 0.1F, 5), ramp(0.0F, 0.31F, 6)});
  CHECK(record->activations.at("a").scale.scale == doctest::Approx(0.01));  // −1 … 1.55 in 255 steps
  CHECK(record->activations.at("a").scale.offset == -28);
  operation.plan.asymmetric = false;
  ActivationObserver(operation, 1)({ramp(-1.0F, 0.1F, 5)});
  CHECK(record->activations.at("a").scale.scale == 1.0F / 128.0F);
  CHECK(record->activations.at("a").scale.offset == 0);
  operation.plan.algorithm = ActivationAlgorithm::hfmg;
  operation.plan.num_of_bins = 1000;
  CHECK(error_of<nuq::ConfigError>([&] { ActivationObserver(operation, 1)({ramp(0.0F, 1.0F, 5)}); }).says("1000"));
}

TEST_CASE("an observer without a record observes nothing, and one that meets NaN names file and layer") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ActivationObserver(nuq::ops::ActivationObserver{{}, 1, {"a"}, nullptr}, 1)({Tensor({1}, {nan})});
  const auto record = std::make_shared<MemoryRecord>();
  const ActivationObserver observe(nuq::ops::ActivationObserver{{}, 1, {"a"}, record}, 1);
  const CaughtError error = error_of<nuq::ModelError>([&] { observe({Tensor({1}, {nan})}); });
  CHECK(error.code == nuq::ErrorCode::non_finite_value);
  CHECK(error.says("net.prototxt: layer 'watch'"));
}

TEST_CASE("an observer of shifts finds, channel by channel, the least shift that loses least") {
  const auto record = std::make_shared<MemoryRecord>();
  record->scales["conv"] = {1.0F, 0.5F};
  const ShiftObserver observe(nuq::ops::ShiftObserver{2, {"conv"}, record}, 1);
  observe({Tensor({1, 2, 1, 2}, {40000.0F, 2.0F, 1.0F, 8.0F})});
  CHECK(record->shifts.empty());
  observe({Tensor({1, 2, 1, 2}, {0.0F, 0.0F, 50000.5F, 0.0F})});
  // 40000 = 20000·2; in units of 0.5 100001 ≈ 25000·4, and 2 and 16 are multiples of 4
  CHECK(record->shifts.at("conv").shift_bit == std::vector<int>{1, 2});
  CHECK_FALSE(record->shifts.at("conv").shares_scale);
}

TEST_CASE("single values per channel share the largest scale, and layers observed together share their shifts") {
  const auto record = std::make_shared<MemoryRecord>();
  record->scales["a"] = {1.0F, 0.5F};
  record->scales["b"] = {1.0F, 1.0F};
  const ShiftObserver observe(nuq::ops::ShiftObserver{1, {"a", "b"}, record}, 2);
  observe({Tensor({1, 2, 1, 1}, {4.0F, 8.0F}), Tensor({1, 2, 1, 1}, {100000.0F, 4.0F})});
  for (const char* const layer : {"a", "b"}) {
    CHECK(record->shifts.at(layer).shift_bit == std::vector<int>{2, 2});
    CHECK(record->shifts.at(layer).shares_scale);
  }
}

TEST_CASE("an observer of shifts wants a layer for each input, whose scales are as many") {
  const auto record = std::make_shared<MemoryRecord>();
  CHECK(error_of<nuq::ModelError>([&] {
          ShiftObserver(nuq::ops::ShiftObserver{1, {"a"}, record}, 2);
        }).says("2 inputs for 1 layers"));
  record->scales["a"] = {1.0F};
  record->scales["b"] = {1.0F, 1.0F};
  const ShiftObserver observe(nuq::ops::ShiftObserver{1, {"a", "b"}, record}, 2);
  CHECK(error_of<nuq::RecordError>([&] {
          observe({Tensor({1, 2, 1, 2}), Tensor({1, 2, 1, 2})});
        }).says("layer 'b' has 2 scales, layer 'a' 1"));
}

}  // namespace engine_layers_calibration_test
