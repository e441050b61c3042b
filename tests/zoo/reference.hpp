#ifndef NUQ_TESTS_ZOO_REFERENCE_HPP
#define NUQ_TESTS_ZOO_REFERENCE_HPP

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/npy.hpp"

/// Reference arrays `<case>__in_<blob>.npy` and `<case>__out_<layer>.npy` of one case.
struct ReferenceCase {
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::string> outputs;
};

/// By the case's name; none where there is no such folder.
inline std::map<std::string, ReferenceCase> reference_cases(const std::string& folder) {
  std::map<std::string, ReferenceCase> cases;
  if (!std::filesystem::exists(folder)) return cases;
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

/// A name as the reference's file names spell it.
inline std::string escaped_name(std::string name) {
  for (char& c : name) {
    const bool kept =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    if (!kept) c = '_';
  }
  return name;
}

/// Largest difference over the reference's largest magnitude; infinite for another number of values.
inline double relative_difference(nuq::ArrayView<const float> got, nuq::ArrayView<const float> reference) {
  if (got.size() != reference.size()) return HUGE_VAL;
  double difference = 0.0;
  double magnitude = 0.0;
  for (std::size_t index = 0; index < reference.size(); ++index) {
    const double distance = static_cast<double>(std::fabs(got[index] - reference[index]));
    difference = distance <= difference ? difference : distance;  // a NaN stays
    magnitude = (std::max)(magnitude, static_cast<double>(std::fabs(reference[index])));
  }
  return magnitude == 0.0 ? difference : difference / magnitude;
}

/// Largest relative difference of a network's layer outputs from a case's; infinite where one is not computed.
inline double worst_difference(nuq::Net& net, const ReferenceCase& reference) {
  for (const auto& [blob, file] : reference.inputs) net.set_input(blob, nuq::to_tensor(nuq::read_npy(file)).view());
  double worst = 0.0;
  std::size_t compared = 0;
  net.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        const auto expected = reference.outputs.find(escaped_name(node.name));
        if (expected == reference.outputs.end()) return;
        const nuq::Tensor tensor = nuq::to_tensor(nuq::read_npy(expected->second));
        worst = (std::max)(worst, relative_difference(outputs[0].values, tensor.values));
        ++compared;
      });
  return compared == reference.outputs.size() ? worst : HUGE_VAL;
}

#endif  // NUQ_TESTS_ZOO_REFERENCE_HPP
