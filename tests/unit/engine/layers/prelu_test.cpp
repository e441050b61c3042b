#include "nuq/engine/layers/activations.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

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
