#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "nuq/dataset/evaluate.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/npy.hpp"
#include "zoo.hpp"

namespace {

/// Reference arrays `<case>__in_<blob>.npy` and `<case>__out_<layer>.npy` of one case.
struct ReferenceCase {
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::string> outputs;
};

std::map<std::string, ReferenceCase> reference_cases(const std::string& folder) {
  std::map<std::string, ReferenceCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const std::size_t separator = name.find("__");
    if (separator == std::string::npos) continue;
    ReferenceCase& reference = cases[name.substr(0, separator)];
    const std::string kind = name.substr(separator + 2);
    if (kind.rfind("in_", 0) == 0) reference.inputs[kind.substr(3)] = entry.path().string();
    if (kind.rfind("out_", 0) == 0) reference.outputs[kind.substr(4)] = entry.path().string();
  }
  return cases;
}

/// Largest difference over the reference's largest magnitude.
double relative_difference(const nuq::ArrayView<const float> got, const nuq::Tensor& reference) {
  double difference = 0.0;
  double magnitude = 0.0;
  for (std::size_t index = 0; index < reference.values.size(); ++index) {
    difference = (std::max)(difference, static_cast<double>(std::fabs(got[index] - reference.values[index])));
    magnitude = (std::max)(magnitude, static_cast<double>(std::fabs(reference.values[index])));
  }
  return difference / magnitude;
}

}  // namespace

TEST_CASE("layers compute what the reference tensors hold") {
  for (const ZooNetwork& network : zoo_networks) {
    CAPTURE(network.folder);
    const auto cases = reference_cases(network.reference_folder());
    REQUIRE(!cases.empty());
    for (const auto& [name, reference] : cases) {
      CAPTURE(name);
      nuq::Net net(network.model_file(), network.weights_file());
      for (const auto& [blob, file] : reference.inputs) net.set_input(blob, nuq::to_tensor(nuq::read_npy(file)).view());
      std::set<std::string> compared;
      net.forward([&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        const auto expected = reference.outputs.find(node.name);
        if (expected == reference.outputs.end()) return;
        const nuq::Tensor tensor = nuq::to_tensor(nuq::read_npy(expected->second));
        CAPTURE(node.name);
        REQUIRE(outputs[0].values.size() == tensor.values.size());
        CHECK(relative_difference(outputs[0].values, tensor) <= 1e-5);
        compared.insert(node.name);
      });
      CHECK(compared.size() == reference.outputs.size());
    }
  }
}

TEST_CASE("the engine measures the published figures on the labelled datasets") {
  for (const ZooNetwork& network : zoo_networks) {
    CAPTURE(network.folder);
    nuq::Net net(network.model_file(), network.weights_file(), 0);
    CHECK(std::fabs(nuq::evaluate(net, network.load()) - network.metric) <= 0.0005);
  }
}
