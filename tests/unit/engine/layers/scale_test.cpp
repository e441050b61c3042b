#include "nuq/engine/layers/affine.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

TEST_CASE("scale multiplies along the axes it covers, then adds its bias") {
  struct Case {
    std::string parameters;
    std::int64_t factors;
    std::int64_t inner;  // neighbours that share a factor
  };
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  for (const Case& test :
       {Case{"", 3, 20}, Case{"axis: 2", 4, 5}, Case{"axis: -1", 5, 1}, Case{"axis: 1 num_axes: 2", 12, 5},
        Case{"axis: 0 num_axes: -1", 120, 1}, Case{"num_axes: 0", 1, 120}}) {
    for (const bool bias : {false, true}) {
      CAPTURE(test.parameters);
      std::vector<Tensor> blobs = {random_tensor({test.factors}, 2)};
      if (bias) blobs.push_back(random_tensor({test.factors}, 3));
      const Node node = layer_alone(
          "Scale", "scale_param { " + test.parameters + " bias_term: " + (bias ? "true" : "false") + " }", blobs);
      std::vector<double> expected;
      for (std::size_t index = 0; index < input.values.size(); ++index) {
        const std::size_t factor =
            index / static_cast<std::size_t>(test.inner) % static_cast<std::size_t>(test.factors);
        const double shift = bias ? static_cast<double>(blobs[1].values[factor]) : 0.0;
        expected.push_back(static_cast<double>(input.values[index]) * static_cast<double>(blobs[0].values[factor]) +
                           shift);
      }
      CHECK(relative_error(computed<nuq::detail::ScaleLayer>(node, {input}).values, expected) < 1e-6);
    }
  }
}

TEST_CASE("a second input multiplies from the axis on that the layer names; the bias is then the first blob") {
  struct Case {
    std::string parameters;
    Shape factors;
    std::size_t inner;  // neighbours that share a factor
  };
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  for (const Case& test : {Case{"", {3}, 20}, Case{"axis: 0", {2, 3}, 20}, Case{"axis: 0", {2, 3, 4, 5}, 1},
                           Case{"axis: -2", {4, 5}, 1}, Case{"axis: 0", {1}, 120}}) {
    for (const bool bias : {false, true}) {
      CAPTURE(test.parameters);
      const Tensor factors = random_tensor(test.factors, 2);
      std::vector<Tensor> blobs;
      if (bias) blobs.push_back(random_tensor(test.factors, 3));
      const Node node = layer_alone(
          "Scale", "scale_param { " + test.parameters + " bias_term: " + (bias ? "true" : "false") + " }", blobs, 2);
      std::vector<double> expected;
      for (std::size_t index = 0; index < input.values.size(); ++index) {
        const std::size_t factor = index / test.inner % factors.values.size();
        const double shift = bias ? static_cast<double>(blobs[0].values[factor]) : 0.0;
        expected.push_back(static_cast<double>(input.values[index]) * static_cast<double>(factors.values[factor]) +
                           shift);
      }
      CHECK(relative_error(computed<nuq::detail::ScaleLayer>(node, {input, factors}).values, expected) < 1e-6);
    }
  }
}

TEST_CASE("factors of another size and missing factors are refused by name") {
  const Tensor input({2, 3}, std::vector<float>(6, 1.0F));
  const auto problem = [](const Node& node, const std::vector<Tensor>& inputs) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::ScaleLayer>(node, inputs); });
  };
  const Tensor wrong({4}, std::vector<float>(4, 1.0F));
  CHECK(problem(layer_alone("Scale", "", {wrong}), {input}).says("layer 'layer1': blob 0 has shape [4], wanted [3]"));
  CHECK(problem(layer_alone("Scale", ""), {input}).says("layer 'layer1': Scale has 0 trained blobs"));
  CHECK(problem(layer_alone("Scale", "", {}, 2), {input, wrong}).says("layer 'layer1': the second input [4]"));
  CHECK(problem(layer_alone("Scale", "scale_param { bias_term: true }", {}, 2), {input, Tensor(Shape{3})})
            .says("layer 'layer1': Scale has 0 trained blobs"));
  CHECK(problem(layer_alone("Scale", "", {}, 3), {input, input, input}).says("Scale has 3 inputs, wanted 1 to 2"));
}
