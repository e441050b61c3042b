#include "nuq/calibration/random_inputs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "../error_of.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "two_inputs.hpp"

namespace calibration_random_inputs_test {

using nuq::Tensor;

/// Two inputs, each read by one layer, and one that nobody reads.
nuq::Graph network() {
  const nuq::Shape shape = {2, 3, 20, 20};
  return two_inputs("image", shape, "context", shape, "unread", shape);
}

nuq::NetworkQuantization quantization() {
  nuq::NetworkQuantization quantization;
  quantization["layer0"].activation = nuq::ActivationScale{0.5F, -28, true};  // −50 … 77.5
  return quantization;
}

TEST_CASE("random inputs fill the grid that their layer reads them with, or -1 to 1, and nobody's input has none") {
  const std::map<std::string, Tensor> inputs = nuq::random_inputs(network(), quantization(), 1);
  REQUIRE(inputs.size() == 2);
  const auto check_range = [&inputs](const char* blob, float low, float high) {
    const Tensor& tensor = inputs.at(blob);
    CAPTURE(blob);
    CHECK(tensor.shape == nuq::Shape{2, 3, 20, 20});
    const auto [least, most] = std::minmax_element(tensor.values.begin(), tensor.values.end());
    const float margin = 0.02F * (high - low);
    CHECK(*least >= low);
    CHECK(*least < low + margin);
    CHECK(*most <= high);
    CHECK(*most > high - margin);
  };
  check_range("image", -50.0F, 77.5F);
  check_range("context", -128.0F / 127.0F, 1.0F);
}

TEST_CASE("random inputs depend on the seed alone, and need a declared shape") {
  nuq::Graph graph = network();
  CHECK(nuq::random_inputs(graph, {}, 3).at("image").values == nuq::random_inputs(graph, {}, 3).at("image").values);
  CHECK(nuq::random_inputs(graph, {}, 3).at("image").values != nuq::random_inputs(graph, {}, 4).at("image").values);
  graph.values[1].shape.clear();
  CHECK(error_of<nuq::ModelError>([&] { static_cast<void>(nuq::random_inputs(graph, {}, 3)); }).says("'context'"));
}

}  // namespace calibration_random_inputs_test
