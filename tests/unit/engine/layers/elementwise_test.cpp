#include "nuq/engine/layers/elementwise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

TEST_CASE("Axpy weighs the channels of one tensor and adds another") {
  const Tensor x = random_tensor({2, 3, 4, 5}, 1);
  const Tensor y = random_tensor({2, 3, 4, 5}, 2);
  for (const Shape& shape : {Shape{2, 3}, Shape{2, 3, 1, 1}}) {
    const Tensor factors = random_tensor(shape, 3);
    std::vector<double> expected;
    for (std::size_t index = 0; index < x.values.size(); ++index) {
      expected.push_back(static_cast<double>(factors.values[index / 20]) * static_cast<double>(x.values[index]) +
                         static_cast<double>(y.values[index]));
    }
    CHECK(relative_error(computed<nuq::detail::AxpyLayer>(layer_alone("Axpy", "", {}, 3), {factors, x, y}).values,
                         expected) < 1e-6);
  }
}

TEST_CASE("inputs that do not fit each other are refused by name") {
  const auto problem = [](const std::vector<Shape>& shapes) {
    std::vector<Tensor> inputs(shapes.begin(), shapes.end());
    return error_of<nuq::ModelError>(
        [&] { computed<nuq::detail::AxpyLayer>(layer_alone("Axpy", "", {}, shapes.size()), inputs); });
  };
  const Shape image = {2, 3, 4, 5};
  CHECK(problem({{2, 3}, image, {2, 3, 5, 4}})
            .says("layer 'layer1': Axpy has the inputs [2,3], [2,3,4,5] and [2,3,5,4]"));
  CHECK(problem({{3, 2}, image, image}).says("layer 'layer1': Axpy has the inputs [3,2]"));
  CHECK(problem({{2}, image, image}).says("layer 'layer1': Axpy has the inputs [2]"));
  CHECK(problem({{2, 3, 4, 1}, image, image}).says("layer 'layer1': Axpy has the inputs [2,3,4,1]"));
  CHECK(problem({{2, 3}, image}).says("layer 'layer1': Axpy has 2 inputs, wanted 3"));
}

namespace engine_layers_eltwise_test {

Node eltwise(const std::string& parameters, std::size_t inputs) {
  return layer_alone("Eltwise", "eltwise_param { " + parameters + " }", {}, inputs);
}

/// fold(a, b, c) of the values of three tensors.
template <class Fold>
std::vector<double> folded(const std::vector<Tensor>& inputs, Fold fold) {
  std::vector<double> output;
  for (std::size_t index = 0; index < inputs[0].values.size(); ++index) {
    output.push_back(fold(static_cast<double>(inputs[0].values[index]), static_cast<double>(inputs[1].values[index]),
                          static_cast<double>(inputs[2].values[index])));
  }
  return output;
}

TEST_CASE("eltwise adds, weighs, multiplies and compares any number of inputs") {
  const nuq::Shape shape = {2, 3, 4, 5};
  const std::vector<Tensor> inputs = {random_tensor(shape, 1), random_tensor(shape, 2), random_tensor(shape, 3)};
  const auto sum = [](double a, double b, double c) { return a + b + c; };
  const auto weighted = [](double a, double b, double c) { return 0.5 * a - 2.0 * b + c; };
  const auto product = [](double a, double b, double c) { return a * b * c; };
  const auto largest = [](double a, double b, double c) { return (std::max)({a, b, c}); };
  CHECK(relative_error(computed<nuq::detail::EltwiseLayer>(eltwise("", 3), inputs).values, folded(inputs, sum)) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::EltwiseLayer>(eltwise("coeff: 0.5 coeff: -2 coeff: 1", 3), inputs).values,
                       folded(inputs, weighted)) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::EltwiseLayer>(eltwise("operation: PROD", 3), inputs).values,
                       folded(inputs, product)) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX", 3), inputs).values,
                       folded(inputs, largest)) < 1e-6);
}

TEST_CASE("one input alone is weighed") {
  const Tensor input({3}, {1.0F, -2.0F, 3.0F});
  CHECK(computed<nuq::detail::EltwiseLayer>(eltwise("coeff: -2", 1), {input}).values ==
        std::vector<float>{-2.0F, 4.0F, -6.0F});
  CHECK(computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX", 1), {input}).values == input.values);
}

TEST_CASE("a maximum ignores coefficients, but not that their number is another") {
  const std::vector<Tensor> inputs = {Tensor({2}, {1.0F, -2.0F}), Tensor({2}, {-3.0F, 4.0F})};
  CHECK(computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX coeff: 5 coeff: -1", 2), inputs).values ==
        std::vector<float>{1.0F, 4.0F});
  const CaughtError error = error_of<nuq::ModelError>(
      [&] { computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX coeff: 5", 2), inputs); });
  CHECK(error.says("layer 'layer1': coeff has 1 values"));
}

TEST_CASE("a maximum sees a NaN of the second input, and of the first one with the values from the third on") {
  constexpr float nan = (std::numeric_limits<float>::quiet_NaN)();
  const Tensor first({4}, {nan, 1.0F, 1.0F, 1.0F});
  const Tensor second({4}, {2.0F, nan, 2.0F, 2.0F});
  const Tensor third({4}, {1.0F, 9.0F, nan, 3.0F});
  std::vector<float> output = computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX", 2), {first, second}).values;
  CHECK(output[0] == 2.0F);
  CHECK(std::isnan(output[1]));
  output = computed<nuq::detail::EltwiseLayer>(eltwise("operation: MAX", 3), {first, second, third}).values;
  CHECK(output[0] == 2.0F);
  CHECK(std::isnan(output[1]));
  CHECK(output[2] == 2.0F);
  CHECK(output[3] == 3.0F);
}

TEST_CASE("the output may be written over the first input") {
  std::vector<float> values = {1.0F, 2.0F, 3.0F};
  const Tensor other({3}, {10.0F, 20.0F, 30.0F});
  const Node node = eltwise("coeff: 2 coeff: 1", 2);
  const std::vector<nuq::TensorView> inputs = {{{3}, values}, other.view()};
  std::vector<nuq::TensorSpan> outputs = {{{3}, values}};
  nuq::Workspace workspace(1);
  nuq::detail::EltwiseLayer(node).forward({node, inputs, outputs, workspace});
  CHECK(values == std::vector<float>{12.0F, 24.0F, 36.0F});
}

TEST_CASE("shapes that differ and coefficients that do not fit are refused by name") {
  const Tensor input({2, 3}, std::vector<float>(6, 1.0F));
  const Tensor other({3, 2}, std::vector<float>(6, 1.0F));
  const auto message = [](const Node& node, const std::vector<Tensor>& inputs) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::EltwiseLayer>(node, inputs); });
  };
  CHECK(message(eltwise("", 2), {input, other}).says("layer 'layer1': Eltwise has the inputs [2,3] and [3,2]"));
  CHECK(message(eltwise("coeff: 1", 2), {input, input}).says("layer 'layer1': coeff has 1 values"));
  CHECK(message(eltwise("operation: PROD coeff: 1 coeff: 1", 2), {input, input}).says("layer 'layer1': coeff"));
}

TEST_CASE("inputs are repeated along axes of extent 1 where the operation says so") {
  using Method = nuq::ops::EltwiseMethod;
  const Tensor a = random_tensor({2, 1, 4}, 1);
  const Tensor b = random_tensor({3, 1}, 2);
  const Tensor c = random_tensor({2, 3, 4}, 3);
  for (const Method method : {Method::sum, Method::product, Method::maximum}) {
    Node node = eltwise("", 3);
    node.operation = nuq::ops::Eltwise{method, {}, true};
    std::vector<double> expected;
    for (std::size_t index = 0; index < 24; ++index) {
      const std::size_t row = index / 4 % 3;
      const double x = static_cast<double>(a.values[index / 12 * 4 + index % 4]);
      const double y = static_cast<double>(b.values[row]);
      const double z = static_cast<double>(c.values[index]);
      if (method == Method::sum) expected.push_back(x + y + z);
      if (method == Method::product) expected.push_back(x * y * z);
      if (method == Method::maximum) expected.push_back((std::max)({x, y, z}));
    }
    const Tensor output = computed<nuq::detail::EltwiseLayer>(node, {a, b, c}, 2);
    CHECK(output.shape == Shape{2, 3, 4});
    CHECK(relative_error(output.values, expected) < 1e-6);
  }
  Node node = eltwise("", 2);
  node.operation = nuq::ops::Eltwise{Method::sum, {}, true};
  CHECK(error_of<nuq::ModelError>([&] {
          computed<nuq::detail::EltwiseLayer>(node, {a, Tensor({3, 4, 2})});
        }).says("has the inputs [2,1,4] and [3,4,2], wanted equal extents, or 1, in each axis"));
}

}  // namespace engine_layers_eltwise_test

TEST_CASE("quotients, powers and minima, repeated to one shape") {
  const auto of = [](nuq::ops::EltwiseMethod method, const Tensor& left, const Tensor& right) {
    nuq::ops::Eltwise operation;
    operation.method = method;
    operation.broadcast = true;
    return computed<nuq::detail::EltwiseLayer>(operation_alone(operation, {}, 2), {left, right});
  };
  const Tensor left({2, 2}, {8, 6, 4, 2});
  const Tensor row({2}, {4, 2});
  CHECK(of(nuq::ops::EltwiseMethod::quotient, left, row).values == std::vector<float>{2, 3, 1, 1});
  CHECK(of(nuq::ops::EltwiseMethod::quotient, row, left).shape == nuq::Shape{2, 2});
  CHECK(of(nuq::ops::EltwiseMethod::power, row, Tensor({1}, {3})).values == std::vector<float>{64, 8});
  CHECK(of(nuq::ops::EltwiseMethod::minimum, left, row).values == std::vector<float>{4, 2, 4, 2});
}

TEST_CASE("inputs of any extents are joined as their elements stand in the whole") {
  Dice dice(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t axes = static_cast<std::size_t>(dice(1, 4));
    nuq::Shape whole;
    for (std::size_t axis = 0; axis < axes; ++axis) whole.push_back(dice(1, 5));
    std::vector<Tensor> inputs;
    for (std::uint32_t input = 0; input < 3; ++input) {
      nuq::Shape shape(whole.begin() + dice(0, static_cast<std::int64_t>(axes) - 1), whole.end());
      for (std::int64_t& extent : shape) extent = dice(0, 2) == 0 ? 1 : extent;
      inputs.push_back(random_tensor(input == 0 && dice(0, 1) == 0 ? whole : shape, input));
    }
    nuq::ops::Eltwise operation;
    operation.coefficients = {0.5F, -2.0F, 3.0F};
    operation.broadcast = true;
    const Tensor output = computed<nuq::detail::EltwiseLayer>(operation_alone(operation, {}, 3), inputs, 2);
    std::vector<float> expected;
    for (std::size_t at = 0; at < output.values.size(); ++at) {
      std::vector<float> operands;
      for (const Tensor& input : inputs) {
        std::size_t place = at;
        std::size_t offset = 0;
        std::size_t stride = 1;
        for (std::size_t axis = output.shape.size(); axis-- > 0;) {
          const std::size_t extent = static_cast<std::size_t>(output.shape[axis]);
          const std::size_t index = place % extent;
          place /= extent;
          if (axis + input.shape.size() < output.shape.size()) continue;
          const std::size_t own =
              static_cast<std::size_t>(input.shape[axis + input.shape.size() - output.shape.size()]);
          if (own > 1) offset += index * stride;
          stride *= own;
        }
        operands.push_back(input.values[offset]);
      }
      float sum = 0.5F * operands[0] + -2.0F * operands[1];
      sum = sum + 3.0F * operands[2];
      expected.push_back(sum);
    }
    CHECK(output.values == expected);
  }
}
