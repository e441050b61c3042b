#include "nuq/engine/layers/upsample.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

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

TEST_CASE("upsampling several images gives the same for any number of threads") {
  const Tensor input = random_tensor({3, 5, 40, 41}, 1);
  const nuq::Node node = layer_alone("Upsample", "upsample_param { scale: 3 }");
  const Tensor one = computed<nuq::detail::UpsampleLayer>(node, {input}, 1);
  CHECK(one.values[0] == input.values[0]);
  CHECK(one.values.back() == input.values.back());
  CHECK(computed<nuq::detail::UpsampleLayer>(node, {input}, 3).values == one.values);
}

}  // namespace engine_layers_upsample_test
