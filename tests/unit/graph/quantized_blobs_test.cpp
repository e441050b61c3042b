#include "nuq/graph/quantized_blobs.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../operation_named.hpp"
#include "nuq/caffe/quantized_model.hpp"

namespace graph_quantized_blobs_test {

nuq::Node node_of(const std::string& type, nuq::Shape shape, std::vector<float> bias = {}) {
  nuq::Node node;
  node.name = "layer";
  node.type = type;
  node.operation = operation_named(type);
  node.blobs.emplace_back(std::move(shape));
  if (!bias.empty()) node.blobs.emplace_back(nuq::Shape{static_cast<std::int64_t>(bias.size())}, bias);
  return node;
}

nuq::LayerQuantization quantization_of(nuq::QuantizedWeights weights, float activation_scale) {
  nuq::LayerQuantization quantization;
  quantization.weights = std::move(weights);
  quantization.activation = nuq::ActivationScale{activation_scale, 0, false};
  return quantization;
}

TEST_CASE("weights are level times the scale of their output channel") {
  const nuq::QuantizedWeights weights{2, 3, {0.1F, 2.0F}, {1, -2, 3, 127, -128, 0}};
  const nuq::Node node = node_of("Convolution", {2, 3, 1, 1});
  CHECK(nuq::dequantized_weights(node, weights) ==
        std::vector<float>{1.0F * 0.1F, -2.0F * 0.1F, 3.0F * 0.1F, 254.0F, -256.0F, 0.0F});
  CHECK(nuq::int8_weights(node, weights) == weights.levels);
  CHECK(nuq::dequantized_weights(node_of("InnerProduct", {2, 3}), {2, 3, {0.5F}, {2, 4, 6, -2, -4, -6}}) ==
        std::vector<float>{1.0F, 2.0F, 3.0F, -1.0F, -2.0F, -3.0F});
}

TEST_CASE("a Deconvolution's blob has the input channels first") {
  // [in = 2, out = 3, 1, 2]; the matrix has one row per output channel: input channels × kernel
  const nuq::Node node = node_of("Deconvolution", {2, 3, 1, 2});
  const nuq::QuantizedWeights weights{3, 4, {1.0F, 10.0F, 100.0F}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  CHECK(nuq::int8_weights(node, weights) == std::vector<std::int8_t>{1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12});
  CHECK(nuq::dequantized_weights(node, weights) ==
        std::vector<float>{1, 2, 50, 60, 900, 1000, 3, 4, 70, 80, 1100, 1200});
}

TEST_CASE("dequantized weights are told from others by every bit") {
  const nuq::QuantizedWeights weights{3, 4, {1.0F, 10.0F, 100.0F}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0}};
  for (const nuq::Node& node : {node_of("Deconvolution", {2, 3, 1, 2}), node_of("Convolution", {3, 2, 1, 2})}) {
    const std::vector<float> values = nuq::dequantized_weights(node, weights);
    CHECK(nuq::are_dequantized(values, node, weights));
    CHECK_FALSE(nuq::are_dequantized({values.data(), 8}, node, weights));
    for (std::size_t place = 0; place < values.size(); ++place) {
      std::vector<float> others = values;
      others[place] = values[place] == 0.0F ? -0.0F : std::nextafter(values[place], 0.0F);
      CHECK_FALSE(nuq::are_dequantized(others, node, weights));
    }
  }
}

TEST_CASE("a bias is counted in units of both scales, halves away from zero") {
  const nuq::Node node = node_of("Convolution", {4, 1, 1, 1}, {1.25F, -1.25F, 3.0F, -0.1F});
  const nuq::LayerQuantization quantization = quantization_of({4, 1, {0.5F, 0.5F, 0.25F, 1.0F}, {0, 0, 0, 0}}, 1.0F);
  CHECK(nuq::int32_bias(node, quantization) == std::vector<std::int32_t>{3, -3, 12, 0});
  CHECK(nuq::int32_bias(node_of("InnerProduct", {2, 1}, {1.0F, -2.0F}),
                        quantization_of({2, 1, {0.5F}, {0, 0}}, 0.25F)) == std::vector<std::int32_t>{8, -16});
}

TEST_CASE("the int32 range of a bias is used to its ends and not beyond") {
  const nuq::LayerQuantization unit = quantization_of({1, 1, {1.0F}, {0}}, 1.0F);
  const auto bias = [&unit](float value) {
    return nuq::int32_bias(node_of("Convolution", {1, 1, 1, 1}, {value}), unit);
  };
  CHECK(bias(-2147483648.0F) == std::vector<std::int32_t>{-2147483647 - 1});
  CHECK(bias(2147483520.0F) == std::vector<std::int32_t>{2147483520});  // the largest float below 2^31
  CHECK_THROWS_WITH_AS(bias(2147483648.0F),
                       "nuq: layer 'layer': bias 2.147484e+09 of channel 0 is 2.147484e+09 in units of its scales, "
                       "wanted the int32 range: add the layer to "
                       "skip_layers",
                       nuq::ModelError);
  CHECK_THROWS_AS(bias(-2147483904.0F), nuq::ModelError);
}

TEST_CASE("dequantization scales are one float product each") {
  CHECK(nuq::dequantization_scales(quantization_of({2, 1, {0.1F, 0.3F}, {0, 0}}, 0.7F)) ==
        std::vector<float>{0.7F * 0.1F, 0.7F * 0.3F});
}

TEST_CASE("packed dequantization parameters are what a reader of repeated uint64 decodes to the bit patterns") {
  const std::vector<float> scales{1.0F, 1e-13F, 7e13F, 0.0173F, 1.17549435e-38F};
  std::vector<std::uint64_t> decoded;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char byte : nuq::packed_dequantization(scales, std::vector<int>(scales.size()))) {
    const auto bits = static_cast<unsigned char>(byte);
    value |= static_cast<std::uint64_t>(bits & 0x7FU) << shift;
    shift += 7;
    if (bits < 0x80U) {
      decoded.push_back(value);
      value = 0;
      shift = 0;
    }
  }
  CHECK(shift == 0);
  REQUIRE(decoded.size() == scales.size());
  for (std::size_t index = 0; index < scales.size(); ++index) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &scales[index], sizeof bits);
    CHECK(decoded[index] == bits);
  }
  CHECK(nuq::packed_dequantization({1.0F}, {0}) == "\x80\x80\x80\xFC\x03");  // 0x3F800000
}

}  // namespace graph_quantized_blobs_test
