#include "nuq/engine/layers/upsample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_upsample_test {

using nuq::Tensor;

Tensor upsampled(const std::string& parameters) {
  const Tensor input({1, 1, 2, 2}, {1, 2, 3, 4});
  return computed<nuq::detail::UpsampleLayer>(layer_alone("Upsample", "upsample_param { " + parameters + " }"),
                                              {input});
}

TEST_CASE("upsampling repeats rows and columns") {
  const std::vector<float> twice = {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4};
  CHECK(upsampled("scale: 2").values == twice);
  CHECK(upsampled("").values == twice);
  const Tensor wide = upsampled("scale_h: 1 scale_w: 3");
  CHECK(wide.shape == nuq::Shape{1, 1, 2, 6});
  CHECK(wide.values == std::vector<float>{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4});
}

TEST_CASE("where a stride is given, scale multiplies") {
  CHECK(upsampled("scale: 0.5 stride_h: 2 stride_w: 1").values ==
        std::vector<float>{0.5F, 1.0F, 0.5F, 1.0F, 1.5F, 2.0F, 1.5F, 2.0F});
}

nuq::Node unpooling(const std::string& parameters) {
  return layer_alone("Upsample", "upsample_param { " + parameters + " }", {}, 2);
}

TEST_CASE("with the places of a max pooling, values go back to them among zeros") {
  const Tensor values({1, 2, 1, 2}, {1, 2, 3, 4});
  const Tensor places({1, 2, 1, 2}, {4, 2, 0, 7});
  const Tensor output = computed<nuq::detail::UpsampleLayer>(unpooling("scale: 2"), {values, places});
  CHECK(output.shape == nuq::Shape{1, 2, 2, 4});
  CHECK(output.values == std::vector<float>{0, 0, 2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 4});
}

TEST_CASE("of values with one place the last stays; a place outside is an error that names it") {
  const Tensor values({1, 1, 1, 2}, {1, 2});
  CHECK(computed<nuq::detail::UpsampleLayer>(unpooling(""), {values, Tensor({1, 1, 1, 2}, {3, 3})}).values ==
        std::vector<float>{0, 0, 0, 2, 0, 0, 0, 0});
  for (const float place : {8.0F, -1.0F, std::nanf("")}) {
    const CaughtError error = error_of<nuq::ModelError>([&] {
      computed<nuq::detail::UpsampleLayer>(unpooling(""), {values, Tensor({1, 1, 1, 2}, {0, place})});
    });
    CHECK(error.says("layer 'layer1': place"));
    CHECK(error.says("of 8 values"));
  }
}

TEST_CASE("upsampling several images gives the same for any number of threads") {
  const Tensor input = random_tensor({3, 5, 40, 41}, 1);
  const nuq::Node node = layer_alone("Upsample", "upsample_param { scale: 3 }");
  const Tensor one = computed<nuq::detail::UpsampleLayer>(node, {input}, 1);
  CHECK(one.values[0] == input.values[0]);
  CHECK(one.values.back() == input.values.back());
  CHECK(computed<nuq::detail::UpsampleLayer>(node, {input}, 3).values == one.values);
}

}  // namespace engine_layers_upsample_test
