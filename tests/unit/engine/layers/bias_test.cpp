#include "nuq/engine/layers/affine.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Tensor;

using nuq::Node;
using nuq::Shape;

namespace engine_layers_bias_test {

/// `inner` neighbours share one of the biases, which repeat.
std::vector<double> shifted(const Tensor& input, const Tensor& bias, std::size_t inner) {
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    output.push_back(static_cast<double>(input.values[index]) +
                     static_cast<double>(bias.values[index / inner % bias.values.size()]));
  }
  return output;
}

TEST_CASE("bias adds trained values along the axes that they cover") {
  struct Case {
    std::string parameters;
    Shape bias;
    std::size_t inner;
  };
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  for (const Case& test : {Case{"", {3}, 20}, Case{"axis: -1", {5}, 1}, Case{"axis: 1 num_axes: 2", {12}, 5},
                           Case{"num_axes: 0", {1}, 120}}) {
    CAPTURE(test.parameters);
    const Tensor bias = random_tensor(test.bias, 2);
    const Node node = layer_alone("Bias", "bias_param { " + test.parameters + " }", {bias});
    CHECK(relative_error(computed<nuq::detail::BiasLayer>(node, {input}).values, shifted(input, bias, test.inner)) <
          1e-6);
  }
}

TEST_CASE("a second input is added from the axis on that the layer names") {
  struct Case {
    std::string parameters;
    Shape bias;
    std::size_t inner;
  };
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  for (const Case& test : {Case{"", {3}, 20}, Case{"", {3, 4}, 5}, Case{"axis: 0", {2, 3}, 20},
                           Case{"axis: 0", {2, 3, 4, 5}, 1}, Case{"", {1}, 120}}) {
    CAPTURE(test.parameters);
    const Tensor bias = random_tensor(test.bias, 2);
    const Node node = layer_alone("Bias", "bias_param { " + test.parameters + " }", {}, 2);
    CHECK(relative_error(computed<nuq::detail::BiasLayer>(node, {input, bias}).values,
                         shifted(input, bias, test.inner)) < 1e-6);
  }
}

TEST_CASE("a bias that does not fit, and a missing one, are refused by name") {
  const Tensor input(Shape{2, 3, 4, 5});
  const auto problem = [](const Node& node, const std::vector<Tensor>& inputs) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::BiasLayer>(node, inputs); });
  };
  CHECK(problem(layer_alone("Bias", "", {Tensor(Shape{4})}), {input}).says("layer 'layer1': blob 0 has shape [4]"));
  CHECK(problem(layer_alone("Bias", ""), {input}).says("layer 'layer1': Bias has 0 trained blobs"));
  CHECK(problem(layer_alone("Bias", "", {}, 2), {input, Tensor(Shape{4})})
            .says("layer 'layer1': the second input [4] does not fit the first, [2,3,4,5], from axis 1 on"));
}

}  // namespace engine_layers_bias_test
