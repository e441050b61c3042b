#include "nuq/engine/layers/quantization.hpp"

#include <doctest/doctest.h>

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

namespace engine_layers_quant_test {

std::vector<float> quantized(const std::string& parameters, const std::vector<float>& values) {
  const nuq::Node node = layer_alone("Quant", "quant_param { " + parameters + " }");
  return computed<nuq::detail::QuantLayer>(node, {nuq::Tensor({static_cast<std::int64_t>(values.size())}, values)})
      .values;
}

TEST_CASE("Quant rounds to the int8 grid whose scale is the reciprocal of the stored one") {
  // scale 0.5, no offset: the grid reaches from −64 to 63.5
  CHECK(quantized("scale: 2", {0.2F, 0.25F, -0.25F, -0.3F, 10.6F, 63.4F, 100.0F, -100.0F}) ==
        std::vector<float>{0.0F, 0.5F, -0.5F, -0.5F, 10.5F, 63.5F, 63.5F, -64.0F});
}

TEST_CASE("the offset is one signed byte; −128 makes the grid begin at 0") {
  // q = clamp(round(2x) − 128, −128, 127)
  CHECK(quantized("scale: 2 offset: '\\200'", {-3.0F, 0.2F, 0.3F, 100.0F, 127.4F, 300.0F}) ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 100.0F, 127.5F, 127.5F});
  CHECK(quantized("scale: 1 offset: '\\n'", {-138.0F, -139.0F, 117.0F, 118.0F}) ==
        std::vector<float>{-138.0F, -138.0F, 117.0F, 117.0F});
}

TEST_CASE("Quant does not hide a NaN") {
  CHECK(std::isnan(quantized("scale: 2", {(std::numeric_limits<float>::quiet_NaN)()})[0]));
}

TEST_CASE("a scale that is no positive number and an offset of several bytes are refused by name") {
  for (const std::string parameters :
       {"", "scale: 0", "scale: -1", "scale: nan", "scale: inf", "scale: 1 offset: 'ab'"}) {
    CAPTURE(parameters);
    CHECK(error_of<nuq::ModelError>([&] { quantized(parameters, {1.0F}); }).says("layer 'layer1': quant_param"));
  }
}

}  // namespace engine_layers_quant_test

namespace engine_layers_dequant_test {

Node dequant(const std::vector<float>& scale, const std::vector<float>& shift_bit) {
  const Shape shape = {static_cast<std::int64_t>(scale.size())};
  return layer_alone("DeQuant", "",
                     {Tensor(shape, scale), Tensor({static_cast<std::int64_t>(shift_bit.size())}, shift_bit),
                      Tensor(shape, std::vector<float>(scale.size(), 0.0F))});
}

TEST_CASE("DeQuant hands its input on where nothing is shifted") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  CHECK(computed<nuq::detail::DequantLayer>(dequant({0.1F, 0.2F, 0.3F}, {0.0F, 0.0F, 0.0F}), {input}).values ==
        input.values);
  CHECK(computed<nuq::detail::DequantLayer>(dequant({0.1F}, {0.0F}), {input}).values == input.values);
  Node zero = dequant({0.0F}, {0.0F});  // no scale to count sums in
  zero.sum_scales = {0.0F};
  CHECK(computed<nuq::detail::DequantLayer>(zero, {input}).values == input.values);
}

TEST_CASE("DeQuant rounds the sums of a fake-quant model to whole numbers, as a deploy model has them") {
  Node node = dequant({0.25F, 0.1F}, {0.0F, 0.0F});
  node.sum_scales = {0.25F, 0.1F};
  const float large = 3e7F;  // 1.2e8 sums: has no fraction
  const Tensor input({1, 2, 1, 4}, {0.2500003F, -0.6F, 0.37F, large, 0.4999999F, -0.1F, 0.16F, 0.0F});
  CHECK(computed<nuq::detail::DequantLayer>(node, {input}).values ==
        std::vector<float>{0.25F, -0.5F, 0.25F, large, 5.0F * 0.1F, -0.1F, 2.0F * 0.1F, 0.0F});
}

TEST_CASE("DeQuant imitates accumulators of 16 bits where they are shifted") {
  const Tensor input({1, 2, 1, 3}, {5.0F, 6.0F, 1e6F, -7.0F, 9.0F, -1e9F});
  // channel 0: units of 0.5 in steps of 4; channel 1: units of 2 in steps of 2
  const Tensor output = computed<nuq::detail::DequantLayer>(dequant({0.5F, 2.0F}, {2.0F, 1.0F}), {input});
  CHECK(output.values == std::vector<float>{6.0F, 6.0F, 32767.0F * 2.0F, -8.0F, 12.0F, -32768.0F * 4.0F});
}

TEST_CASE("factors that contradict each other or the input are refused by name") {
  const auto message = [](const Node& node) {
    return error_of<nuq::ModelError>([&] { computed<nuq::detail::DequantLayer>(node, {Tensor(Shape{1, 2, 1, 1})}); });
  };
  CHECK(message(dequant({1.0F, 1.0F}, {0.0F, 1.0F})).says("layer 'layer1': shift_bit 1 is 1"));
  CHECK(message(dequant({1.0F, 1.0F}, {1.0F, 17.0F})).says("layer 'layer1': shift_bit 1 is 17"));
  CHECK(message(dequant({1.0F, 1.0F}, {1.5F, 1.0F})).says("layer 'layer1': shift_bit 0 is 1.5"));
  CHECK(message(dequant({1.0F, 0.0F}, {1.0F, 1.0F})).says("layer 'layer1': deqscale 1 is 0"));
  CHECK(message(dequant({1.0F, 1.0F}, {0.0F})).says("layer 'layer1'"));
  CHECK(message(dequant({1.0F, 1.0F, 1.0F}, {0.0F, 0.0F, 0.0F})).says("layer 'layer1'"));
  CHECK(message(layer_alone("DeQuant", "")).says("layer 'layer1'"));
}

}  // namespace engine_layers_dequant_test
