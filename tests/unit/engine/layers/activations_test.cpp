#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

TEST_CASE("AbsVal drops the sign") {
  const Tensor input({4}, {-2.5F, 0.0F, 0.5F, -1e30F});
  CHECK(computed<nuq::detail::AbsValLayer>(layer_alone("AbsVal", ""), {input}).values ==
        std::vector<float>{2.5F, 0.0F, 0.5F, 1e30F});
}

TEST_CASE("BNLL is log(1 + exp(x)), from one end to the other") {
  const Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 200.0F});
  const std::vector<float> output = computed<nuq::detail::BnllLayer>(layer_alone("BNLL", ""), {input}).values;
  const std::vector<double> expected = {0.0, std::log(1.0 + std::exp(-3.0)), std::log(2.0),
                                        std::log(1.0 + std::exp(0.25)), 200.0};
  for (std::size_t index = 0; index < expected.size(); ++index) {
    CAPTURE(index);
    CHECK(relative_error({output[index]}, {expected[index]}) < 1e-6);
  }
}

TEST_CASE("Clip keeps values within its range") {
  const Tensor input({5}, {-9.0F, -2.0F, 0.5F, 3.0F, 4.0F});
  CHECK(computed<nuq::detail::ClipLayer>(layer_alone("Clip", "clip_param { min: -2 max: 3 }"), {input}).values ==
        std::vector<float>{-2.0F, -2.0F, 0.5F, 3.0F, 3.0F});
}

TEST_CASE("Clip gives its minimum for a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(computed<nuq::detail::ClipLayer>(layer_alone("Clip", "clip_param { min: -2 max: 3 }"), {input}).values ==
        std::vector<float>{-2.0F});
}

TEST_CASE("ELU bends what is negative towards -alpha") {
  const Tensor input({5}, {-200.0F, -1.5F, 0.0F, 0.25F, 30.0F});
  CHECK(relative_error(computed<nuq::detail::EluLayer>(layer_alone("ELU", ""), {input}).values,
                       {-1.0, std::exp(-1.5) - 1.0, 0.0, 0.25, 30.0}) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::EluLayer>(layer_alone("ELU", "elu_param { alpha: 40 }"), {input}).values,
                       {-40.0, 40.0 * (std::exp(-1.5) - 1.0), 0.0, 0.25, 30.0}) < 1e-6);
}

TEST_CASE("Exp raises its base, e unless another is given, to a scaled and shifted power") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  const auto check = [&](const std::string& parameters, double base, double scale, double shift) {
    CAPTURE(parameters);
    std::vector<double> expected;
    for (const float x : input.values) expected.push_back(std::pow(base, shift + scale * static_cast<double>(x)));
    const auto node = layer_alone("Exp", "exp_param { " + parameters + " }");
    CHECK(relative_error(computed<nuq::detail::ExpLayer>(node, {input}).values, expected) < 1e-6);
  };
  check("", std::exp(1.0), 1.0, 0.0);
  check("scale: 0.5 shift: -3", std::exp(1.0), 0.5, -3.0);
  check("base: 2 scale: 3 shift: 1", 2.0, 3.0, 1.0);
  check("base: 0.25 scale: -1", 0.25, -1.0, 0.0);
}

TEST_CASE("Log is the logarithm, to the base e unless another is given, of the scaled and shifted input") {
  const Tensor input({4}, {0.125F, 0.5F, 3.0F, 100.0F});
  const auto check = [&](const std::string& parameters, double base, double scale, double shift) {
    CAPTURE(parameters);
    std::vector<double> expected;
    for (const float x : input.values) {
      expected.push_back(std::log(shift + scale * static_cast<double>(x)) / std::log(base));
    }
    const auto node = layer_alone("Log", "log_param { " + parameters + " }");
    CHECK(relative_error(computed<nuq::detail::LogLayer>(node, {input}).values, expected) < 1e-6);
  };
  check("", std::exp(1.0), 1.0, 0.0);
  check("scale: 0.5 shift: 1", std::exp(1.0), 0.5, 1.0);
  check("base: 10", 10.0, 1.0, 0.0);
  check("base: 0.5 scale: 3", 0.5, 3.0, 0.0);
}

TEST_CASE("the logarithm of a negative value is not a number") {
  CHECK(std::isnan(computed<nuq::detail::LogLayer>(layer_alone("Log", ""), {Tensor({1}, {-1.0F})}).values[0]));
}

TEST_CASE("Mish is x tanh(log(1 + exp(x))), from one end to the other") {
  const Tensor input({8}, {-80.0F, -20.0F, -3.0F, 0.0F, 1e-4F, 2.0F, 19.9F, 200.0F});
  const std::vector<float> output = computed<nuq::detail::MishLayer>(layer_alone("Mish", ""), {input}).values;
  for (std::size_t index = 0; index < output.size(); ++index) {
    CAPTURE(index);
    const auto x = static_cast<double>(input.values[index]);
    CHECK(relative_error({output[index]}, {x * std::tanh(std::log1p(std::exp(x)))}) < 1e-6);
  }
}

TEST_CASE("Mish does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(computed<nuq::detail::MishLayer>(layer_alone("Mish", ""), {input}).values[0]));
}

TEST_CASE("Power scales, shifts and raises") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  const auto power = [&](const std::string& parameters) {
    return computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { " + parameters + " }"), {input})
        .values;
  };
  CHECK(power("") == input.values);
  CHECK(relative_error(power("scale: 0.5 shift: -3"), {-4.0, -3.0, -2.75, -1.5}) < 1e-6);
  CHECK(relative_error(power("power: 2"), {4.0, 0.0, 0.25, 9.0}) < 1e-6);
  CHECK(relative_error(power("power: 0.5 scale: 2 shift: 4"), {0.0, 2.0, std::sqrt(5.0), std::sqrt(10.0)}) < 1e-6);
  CHECK(relative_error(power("power: -1 shift: 3"), {1.0, 1.0 / 3.0, 1.0 / 3.5, 1.0 / 6.0}) < 1e-6);
}

TEST_CASE("the power 0 and the scale 0 give constants") {
  const Tensor input({3}, {-2.0F, 0.0F, 3.0F});
  CHECK(computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { power: 0 }"), {input}).values ==
        std::vector<float>(3, 1.0F));
  CHECK(computed<nuq::detail::PowerLayer>(layer_alone("Power", "power_param { power: 3 scale: 0 shift: 2 }"), {input})
            .values == std::vector<float>(3, 8.0F));
}

namespace engine_layers_prelu_test {

/// `inner` neighbours share one of the slopes, which repeat.
std::vector<double> rectified(const Tensor& input, const Tensor& slopes, std::size_t inner) {
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const double x = static_cast<double>(input.values[index]);
    const float slope = slopes.values[index / inner % slopes.values.size()];
    output.push_back(x > 0.0 ? x : x * static_cast<double>(slope));
  }
  return output;
}

TEST_CASE("PReLU weighs negative values with the slope of their channel") {
  const Tensor slopes = random_tensor({3}, 2);
  const Tensor image = random_tensor({2, 3, 4, 5}, 1);
  CHECK(relative_error(computed<nuq::detail::PreluLayer>(layer_alone("PReLU", "", {slopes}), {image}).values,
                       rectified(image, slopes, 20)) < 1e-6);
  const Tensor rows = random_tensor({4, 3}, 1);
  CHECK(relative_error(computed<nuq::detail::PreluLayer>(layer_alone("PReLU", "", {slopes}), {rows}).values,
                       rectified(rows, slopes, 1)) < 1e-6);
}

TEST_CASE("a shared slope serves all channels, whether its blob has an axis or none") {
  const Tensor image = random_tensor({2, 3, 4, 5}, 1);
  for (const Shape& shape : {Shape{1}, Shape{}}) {
    const Tensor slope(shape, {0.25F});
    const auto output = computed<nuq::detail::PreluLayer>(
        layer_alone("PReLU", "prelu_param { channel_shared: true }", {slope}), {image});
    CHECK(relative_error(output.values, rectified(image, slope, 1)) < 1e-6);
  }
}

TEST_CASE("slopes that do not fit, and missing ones, are refused by name") {
  const Tensor image(Shape{1, 3, 2, 2});
  const auto problem = [&](const std::vector<Tensor>& blobs, const Tensor& input) {
    return error_of<nuq::ModelError>(
        [&] { computed<nuq::detail::PreluLayer>(layer_alone("PReLU", "", blobs), {input}); });
  };
  CHECK(problem({Tensor(Shape{4})}, image).says("layer 'layer1': blob 0 has shape [4], wanted [3]"));
  CHECK(problem({}, image).says("layer 'layer1': PReLU has 0 trained blobs"));
  CHECK(problem({Tensor(Shape{4})}, Tensor(Shape{4})).says("layer 'layer1': PReLU has the input [4]"));
}

}  // namespace engine_layers_prelu_test

TEST_CASE("ReLU keeps what is positive and weighs the rest with its slope") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", "relu_param { negative_slope: 0.25 }"), {input}).values ==
        std::vector<float>{-0.5F, 0.0F, 0.5F, 3.0F});
}

TEST_CASE("ReLU does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(computed<nuq::detail::ReluLayer>(layer_alone("ReLU", ""), {input}).values[0]));
}

TEST_CASE("ReLU6 cuts at 0 and at 6") {
  const Tensor input({5}, {-2.0F, 0.0F, 0.5F, 6.0F, 7.0F});
  CHECK(computed<nuq::detail::Relu6Layer>(layer_alone("ReLU6", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 6.0F, 6.0F});
}

TEST_CASE("ReLU6 takes the slope of negative values from its own parameters or from those of ReLU") {
  const Tensor input({3}, {-2.0F, 0.5F, 7.0F});
  for (const std::string name : {"relu6_param", "relu_param"}) {
    const auto node = layer_alone("ReLU6", name + " { negative_slope: 0.25 }");
    CHECK(computed<nuq::detail::Relu6Layer>(node, {input}).values == std::vector<float>{-0.5F, 0.5F, 6.0F});
  }
}

TEST_CASE("ReLU6 does not hide a NaN") {
  const Tensor input({1}, {(std::numeric_limits<float>::quiet_NaN)()});
  CHECK(std::isnan(computed<nuq::detail::Relu6Layer>(layer_alone("ReLU6", ""), {input}).values[0]));
}

TEST_CASE("sigmoid is 1 / (1 + exp(-x)), from one end to the other") {
  const nuq::Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 200.0F});
  const std::vector<float> output = computed<nuq::detail::SigmoidLayer>(layer_alone("Sigmoid", ""), {input}).values;
  CHECK(relative_error(output, {0.0, 1.0 / (1.0 + std::exp(3.0)), 0.5, 1.0 / (1.0 + std::exp(-0.25)), 1.0}) < 1e-6);
}

TEST_CASE("Swish weighs its input with the sigmoid of beta times it") {
  const Tensor input({5}, {-200.0F, -3.0F, 0.0F, 0.25F, 2.0F});
  CHECK(relative_error(computed<nuq::detail::SwishLayer>(layer_alone("Swish", ""), {input}).values,
                       {0.0, -3.0 / (1.0 + std::exp(3.0)), 0.0, 0.25 / (1.0 + std::exp(-0.25)),
                        2.0 / (1.0 + std::exp(-2.0))}) < 1e-6);
  CHECK(relative_error(
            computed<nuq::detail::SwishLayer>(layer_alone("Swish", "swish_param { beta: 0.5 }"), {input}).values,
            {0.0, -3.0 / (1.0 + std::exp(1.5)), 0.0, 0.25 / (1.0 + std::exp(-0.125)), 2.0 / (1.0 + std::exp(-1.0))}) <
        1e-6);
}

TEST_CASE("TanH is the hyperbolic tangent, from one end to the other") {
  const nuq::Tensor input({4}, {-100.0F, -0.5F, 1e-4F, 100.0F});
  const std::vector<float> output = computed<nuq::detail::TanhLayer>(layer_alone("TanH", ""), {input}).values;
  CHECK(relative_error(output, {-1.0, std::tanh(-0.5), std::tanh(1e-4), 1.0}) < 1e-6);
}

TEST_CASE("Threshold tells what is above it") {
  const Tensor input({4}, {-2.0F, 0.0F, 0.5F, 3.0F});
  CHECK(computed<nuq::detail::ThresholdLayer>(layer_alone("Threshold", ""), {input}).values ==
        std::vector<float>{0.0F, 0.0F, 1.0F, 1.0F});
  CHECK(computed<nuq::detail::ThresholdLayer>(layer_alone("Threshold", "threshold_param { threshold: 0.5 }"), {input})
            .values == std::vector<float>{0.0F, 0.0F, 0.0F, 1.0F});
}

TEST_CASE("hard sigmoids and other functions of one value") {
  const auto of = [](const nuq::Operation& operation, const std::vector<float>& values) {
    const Tensor input({static_cast<std::int64_t>(values.size())}, values);
    return operation.is<nuq::ops::HardSigmoid>()
               ? computed<nuq::detail::HardSigmoidLayer>(operation_alone(operation), {input}).values
               : computed<nuq::detail::PointwiseLayer>(operation_alone(operation), {input}).values;
  };
  using Function = nuq::ops::PointwiseFunction;
  CHECK(of(nuq::ops::HardSigmoid{0.5F, 0.25F}, {-1.0F, 0.0F, 1.0F, 9.0F}) ==
        std::vector<float>{0.0F, 0.25F, 0.75F, 1.0F});
  CHECK(of(nuq::ops::Pointwise{Function::hard_swish}, {-4.0F, 0.0F, 1.5F, 4.0F}) ==
        std::vector<float>{0.0F, 0.0F, 1.125F, 4.0F});
  CHECK(of(nuq::ops::Pointwise{Function::floor}, {-1.5F, 1.5F}) == std::vector<float>{-2.0F, 1.0F});
  CHECK(of(nuq::ops::Pointwise{Function::ceiling}, {-1.5F, 1.5F}) == std::vector<float>{-1.0F, 2.0F});
  CHECK(of(nuq::ops::Pointwise{Function::round}, {-1.5F, 0.5F, 2.5F, 2.6F}) ==
        std::vector<float>{-2.0F, 0.0F, 2.0F, 3.0F});
  CHECK(of(nuq::ops::Pointwise{Function::sign}, {-3.0F, 0.0F, 0.5F}) == std::vector<float>{-1.0F, 0.0F, 1.0F});
  const std::vector<double> x = {-2.0, -0.5, 0.0, 0.5, 3.0};
  const auto errors = [&](Function function, auto expected) {
    std::vector<double> wanted;
    for (const double value : x) wanted.push_back(expected(value));
    return relative_error(of(nuq::ops::Pointwise{function}, {x.begin(), x.end()}), wanted);
  };
  CHECK(errors(Function::erf, [](double v) { return std::erf(v); }) < 1e-6);
  CHECK(errors(Function::gelu, [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2.0))); }) < 1e-6);
  CHECK(errors(Function::gelu_tanh, [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2.0))); }) < 1e-3);
  CHECK(errors(Function::sine, [](double v) { return std::sin(v); }) < 1e-6);
  CHECK(errors(Function::cosine, [](double v) { return std::cos(v); }) < 1e-6);
}
