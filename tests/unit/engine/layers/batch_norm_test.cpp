#include "nuq/engine/layers/affine.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_batch_norm_test {

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

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
  CHECK(error.says("use_global_stats"));
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
