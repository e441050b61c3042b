#include "nuq/engine/layers/resample.hpp"

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

namespace engine_layers_interp_test {

Node interp(const std::string& parameters, std::size_t inputs = 1) {
  return layer_alone("Interp", "interp_param { " + parameters + " }", {}, inputs);
}

/// The weighted mean of four neighbours, in double, of the input without `crop` values at every border.
std::vector<double> interpolated(const Tensor& input, const Shape& output, std::int64_t crop) {
  const std::int64_t height = input.shape[2];
  const std::int64_t width = input.shape[3];
  const auto place = [](std::int64_t at, std::int64_t from, std::int64_t to) {
    return to == 1 ? 0.0 : static_cast<double>(at) * static_cast<double>(from - 1) / static_cast<double>(to - 1);
  };
  std::vector<double> result;
  for (std::int64_t plane = 0; plane < output[0] * output[1]; ++plane) {
    for (std::int64_t y = 0; y < output[2]; ++y) {
      for (std::int64_t x = 0; x < output[3]; ++x) {
        const double row = place(y, height - 2 * crop, output[2]) + static_cast<double>(crop);
        const double col = place(x, width - 2 * crop, output[3]) + static_cast<double>(crop);
        double sum = 0.0;
        for (std::int64_t r = 0; r < height; ++r) {
          for (std::int64_t c = 0; c < width; ++c) {
            const double weight = std::fmax(0.0, 1.0 - std::fabs(row - static_cast<double>(r))) *
                                  std::fmax(0.0, 1.0 - std::fabs(col - static_cast<double>(c)));
            if (weight > 0.0)
              sum += weight *
                     static_cast<double>(input.values[static_cast<std::size_t>((plane * height + r) * width + c)]);
          }
        }
        result.push_back(sum);
      }
    }
  }
  return result;
}

TEST_CASE("interpolation agrees with its definition, enlarging and shrinking") {
  const Tensor input = random_tensor({2, 3, 7, 9}, 1);
  for (const std::string parameters :
       {"height: 13 width: 20", "height: 3 width: 4", "height: 1 width: 1", "zoom_factor: 3", "shrink_factor: 2",
        "shrink_factor: 2 zoom_factor: 3", "height: 7 width: 30"}) {
    const Tensor output = computed<nuq::detail::InterpLayer>(interp(parameters), {input}, 2);
    CAPTURE(parameters);
    CHECK(relative_error(output.values, interpolated(input, output.shape, 0)) < 2e-6);
  }
}

TEST_CASE("interpolation to the same size copies") {
  const Tensor input = random_tensor({1, 2, 5, 6}, 2);
  CHECK(computed<nuq::detail::InterpLayer>(interp("height: 5 width: 6"), {input}).values == input.values);
}

TEST_CASE("negative pads crop the input") {
  const Tensor input = random_tensor({1, 2, 8, 10}, 3);
  const Tensor output = computed<nuq::detail::InterpLayer>(interp("pad_beg: -1 pad_end: -1 zoom_factor: 2"), {input});
  REQUIRE(output.shape == Shape{1, 2, 11, 15});
  CHECK(relative_error(output.values, interpolated(input, output.shape, 1)) < 2e-6);
}

TEST_CASE("a second input gives the size") {
  const Tensor input = random_tensor({1, 2, 4, 5}, 4);
  const Tensor output = computed<nuq::detail::InterpLayer>(interp("", 2), {input, Tensor(Shape{1, 1, 8, 9})});
  REQUIRE(output.shape == Shape{1, 2, 8, 9});
  CHECK(relative_error(output.values, interpolated(input, output.shape, 0)) < 2e-6);
}

}  // namespace engine_layers_interp_test

namespace engine_layers_upsample_test {

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
  const Tensor output = computed<nuq::detail::MaxUnpoolLayer>(unpooling("scale: 2"), {values, places});
  CHECK(output.shape == nuq::Shape{1, 2, 2, 4});
  CHECK(output.values == std::vector<float>{0, 0, 2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 4});
}

TEST_CASE("of values with one place the last stays; a place outside is an error that names it") {
  const Tensor values({1, 1, 1, 2}, {1, 2});
  CHECK(computed<nuq::detail::MaxUnpoolLayer>(unpooling(""), {values, Tensor({1, 1, 1, 2}, {3, 3})}).values ==
        std::vector<float>{0, 0, 0, 2, 0, 0, 0, 0});
  for (const float place : {8.0F, -1.0F, std::nanf("")}) {
    const CaughtError error = error_of<nuq::ModelError>([&] {
      computed<nuq::detail::MaxUnpoolLayer>(unpooling(""), {values, Tensor({1, 1, 1, 2}, {0, place})});
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

TEST_CASE("resize stretches images by every rule") {
  using Method = nuq::ops::ResizeMethod;
  using Places = nuq::ops::ResizePlaces;
  const nuq::Tensor line({1, 1, 1, 2}, {0, 4});
  const auto of = [&](Method method, Places places, std::int64_t width) {
    nuq::ops::Resize resize;
    resize.method = method;
    resize.places = places;
    resize.sizes = {1, width};
    return computed<nuq::detail::ResizeLayer>(operation_alone(resize), {line}).values;
  };
  CHECK(of(Method::linear, Places::half_pixel, 4) == std::vector<float>{0, 1, 3, 4});
  CHECK(of(Method::linear, Places::asymmetric, 4) == std::vector<float>{0, 2, 4, 4});
  CHECK(of(Method::linear, Places::align_corners, 5) == std::vector<float>{0, 1, 2, 3, 4});
  CHECK(of(Method::linear, Places::half_pixel, 1) == std::vector<float>{2});
  CHECK(of(Method::linear, Places::pytorch_half_pixel, 1) == std::vector<float>{0});
  CHECK(of(Method::nearest_floor, Places::asymmetric, 4) == std::vector<float>{0, 0, 4, 4});
  CHECK(of(Method::nearest_ceil, Places::asymmetric, 4) == std::vector<float>{0, 4, 4, 4});
  CHECK(of(Method::nearest_prefer_floor, Places::asymmetric, 4) == std::vector<float>{0, 0, 4, 4});
  CHECK(of(Method::nearest_prefer_ceil, Places::asymmetric, 4) == std::vector<float>{0, 4, 4, 4});
  nuq::ops::Resize by_scale;
  by_scale.scales = {2.0F, 1.5F};
  CHECK(computed<nuq::detail::ResizeLayer>(operation_alone(by_scale), {line}).shape == nuq::Shape{1, 1, 2, 3});
  by_scale.scales = {2.0F};
  CHECK_THROWS_AS(computed<nuq::detail::ResizeLayer>(operation_alone(by_scale), {line}), nuq::ModelError);
}
