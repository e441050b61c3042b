#include "nuq/engine/layers/affine.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_batch_norm_test {

Node batch_norm(const std::string& parameters, float scale_factor) {
  return layer_alone(
      "BatchNorm", "batch_norm_param { " + parameters + " }",
      {Tensor({3}, {1.0F, -2.0F, 30.0F}), Tensor({3}, {4.0F, 0.0F, 0.25F}), Tensor({1}, {scale_factor})});
}

std::vector<double> normalised(const Tensor& input, std::size_t plane, double correction, double eps) {
  const double means[] = {1.0, -2.0, 30.0};
  const double variances[] = {4.0, 0.0, 0.25};
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const std::size_t channel = index / plane % 3;
    const double centred = static_cast<double>(input.values[index]) - means[channel] * correction;
    output.push_back(centred / std::sqrt(variances[channel] * correction + eps));
  }
  return output;
}

TEST_CASE("batch normalisation uses the trained statistics, divided by the scale factor") {
  const Tensor images = random_tensor({2, 3, 4, 5}, 1);
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(batch_norm("", 1.0F), {images}).values,
                       normalised(images, 20, 1.0, 1e-5)) < 1e-6);
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(batch_norm("eps: 0.125", 8.0F), {images}).values,
                       normalised(images, 20, 0.125, 0.125)) < 1e-6);
  const Tensor vectors = random_tensor({5, 3}, 2);
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(batch_norm("", 2.0F), {vectors}).values,
                       normalised(vectors, 1, 0.5, 1e-5)) < 1e-6);
}

TEST_CASE("a scale factor of 0 makes the statistics 0") {
  const Tensor images = random_tensor({1, 3, 2, 2}, 1);
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(batch_norm("eps: 0.25", 0.0F), {images}).values,
                       normalised(images, 4, 0.0, 0.25)) < 1e-6);
}

TEST_CASE("an absent or true use_global_stats is computed, an explicit false is refused") {
  const Tensor images = random_tensor({1, 3, 2, 2}, 1);
  CHECK(computed<nuq::detail::BatchNormLayer>(batch_norm("use_global_stats: true", 1.0F), {images}).values ==
        computed<nuq::detail::BatchNormLayer>(batch_norm("", 1.0F), {images}).values);
  const CaughtError error = error_of<nuq::ModelError>(
      [&] { computed<nuq::detail::BatchNormLayer>(batch_norm("use_global_stats: false", 1.0F), {images}); });
  CHECK(error.code == nuq::ErrorCode::unsupported_layer);
  CHECK(error.says("layer 'layer1'"));
  CHECK(error.says("the statistics of the batch"));
}

TEST_CASE("a batch normalisation with a scale and a shift of its own, in the order of either family of forks") {
  const Tensor mean({2}, {1.0F, -2.0F});
  const Tensor variance({2}, {8.0F, 0.5F});
  const Tensor weight({1}, {2.0F});
  const Tensor scale({2}, {3.0F, -0.5F});
  const Tensor shift({2}, {0.25F, 10.0F});
  const Tensor images({1, 2, 1, 2}, {1.5F, -1.0F, 4.0F, 0.0F});
  // mean / 2 = 0.5, -1; variance / 2 = 4, 0.25; y = scale·(x − mean)/√variance + shift
  const std::vector<double> wanted = {3 * 1.0 / 2 + 0.25, 3 * -1.5 / 2 + 0.25, -0.5 * 5 / 0.5 + 10,
                                      -0.5 * 1 / 0.5 + 10};
  const Node nvcaffe =
      layer_alone("BatchNorm", "batch_norm_param { scale_bias: true eps: 0 }", {mean, variance, weight, scale, shift});
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(nvcaffe, {images}).values, wanted) < 1e-6);
  const Tensor half_mean({2}, {0.5F, -1.0F});
  const Tensor half_variance({2}, {4.0F, 0.25F});
  const Node segments = layer_alone("BN", "bn_param { frozen: true eps: 0 }", {scale, shift, half_mean, half_variance});
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(segments, {images}).values, wanted) < 1e-6);
  const Node pspnet =
      layer_alone("BN", "bn_param { moving_average: true var_eps: 0 }", {scale, shift, half_mean, half_variance});
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(pspnet, {images}).values, wanted) < 1e-6);
}

TEST_CASE("a batch normalisation that ends in a ReLU") {
  const Tensor images = random_tensor({2, 3, 2, 2}, 1);
  std::vector<double> wanted = normalised(images, 4, 1.0, 1e-5);
  for (double& value : wanted) value = value < 0.0 ? 0.0 : value;
  CHECK(relative_error(computed<nuq::detail::BatchNormLayer>(batch_norm("relu: true", 1.0F), {images}).values, wanted) <
        1e-6);
}

TEST_CASE("statistics that cannot be used are refused by name") {
  const Tensor images = random_tensor({1, 3, 2, 2}, 1);
  Node negative = batch_norm("", 1.0F);
  negative.blobs[1].values[1] = -1.0F;
  CHECK(error_of<nuq::ModelError>([&] {
          computed<nuq::detail::BatchNormLayer>(negative, {images});
        }).says("channel 1 has the variance -1"));
  Node missing = batch_norm("", 1.0F);
  missing.blobs.pop_back();
  CHECK(error_of<nuq::ModelError>([&] {
          computed<nuq::detail::BatchNormLayer>(missing, {images});
        }).says("layer 'layer1'"));
  CHECK(error_of<nuq::ModelError>([&] {
          computed<nuq::detail::BatchNormLayer>(batch_norm("", 1.0F), {Tensor(Shape{1, 4, 2, 2})});
        }).says("layer 'layer1'"));
}

}  // namespace engine_layers_batch_norm_test

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
