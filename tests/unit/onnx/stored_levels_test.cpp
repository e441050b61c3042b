#include "nuq/onnx/stored_levels.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/graph/passes/fuse.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "small_model.hpp"

using nuq::OnnxWeightForm;
using nuq::Tensor;
using T = nuq::onnx_schema::TensorProto;

namespace onnx_stored_levels_test {

/// A convolution with a scale for each channel, a transposed one with a scale for each of its second axis, and a
/// product.
SmallModel three_layers() {
  SmallModel small;
  small.input("x", {1, 1, 1, 2}).floats("w", {2, 1, 1, 1}, {1, -2}).floats("t", {2, 2, 1, 1}, {1, 2, 3, 4});
  small.node("Conv", {"x", "w"}, "c");
  small.node("ConvTranspose", {"c", "t"}, "d");
  small.floats("m", {4, 1}, {1, 2, 3, 4});
  small.node("Flatten", {"d"}, "f");
  small.node("MatMul", {"f", "m"}, "y");
  small.output("y");
  return small;
}

nuq::NetworkQuantization levels_of_three() {
  nuq::NetworkQuantization quantized;
  quantized["Conv_c"].weights = {2, 1, {2.0F, 0.5F}, {3, -128}};
  quantized["ConvTranspose_d"].weights = {2, 2, {0.25F, 3.0F}, {1, 2, 3, 4}};
  quantized["MatMul_y"].weights = {1, 4, {0.5F}, {1, 2, 3, 127}};
  return quantized;
}

SmallModel three_in_form(const SmallModel& small, OnnxWeightForm form) {
  nuq::Graph graph = small.built();
  nuq::fuse(graph);
  SmallModel result;
  result.proto = nuq::quantized_onnx_model(*small.model(), graph, levels_of_three(), form);
  return result;
}

std::vector<nuq::OnnxStoredLevels> levels_of(const SmallModel& small) {
  return nuq::onnx_stored_levels(*small.model(), nuq::ResourceLimits());
}

std::vector<float> output_of(const SmallModel& small) {
  return small.computed("y", "x", Tensor({1, 1, 1, 2}, {1, -3})).values;
}

}  // namespace onnx_stored_levels_test
using namespace onnx_stored_levels_test;

TEST_CASE("levels are found in every form that keeps them") {
  const SmallModel small = three_layers();
  CHECK(levels_of(small).empty());
  CHECK(levels_of(three_in_form(small, OnnxWeightForm::floats)).empty());
  for (const OnnxWeightForm form : {OnnxWeightForm::cast, OnnxWeightForm::qdq, OnnxWeightForm::palette}) {
    CAPTURE(static_cast<int>(form));
    const std::vector<nuq::OnnxStoredLevels> layers = levels_of(three_in_form(small, form));
    REQUIRE(layers.size() == 3);
    CHECK(layers[0].layer == "Conv_c");
    CHECK(layers[0].levels == std::vector<std::int8_t>{3, -128});
    CHECK(layers[0].scales == std::vector<float>{2.0F, 0.5F});
    CHECK(layers[2].levels == std::vector<std::int8_t>{1, 2, 3, 127});
    CHECK(layers[2].shape == nuq::Shape{4, 1});
  }
}

TEST_CASE("a model that keeps levels is packed as its floats") {
  const SmallModel small = three_layers();
  for (const OnnxWeightForm form : {OnnxWeightForm::cast, OnnxWeightForm::qdq, OnnxWeightForm::palette}) {
    CAPTURE(static_cast<int>(form));
    const SmallModel quantized = three_in_form(small, form);
    nuq::Parallel serial;
    const std::vector<std::uint8_t> bytes = nuq::packed_onnx_file(*quantized.model(), quantized.built(), {}, serial);
    SmallModel unpacked;
    unpacked.proto = nuq::onnx_model_of_packed_file({bytes.data(), bytes.size()}, "m.nuq").proto;
    CHECK(unpacked.proto.graph().node_size() == small.proto.graph().node_size());
    CHECK(unpacked.proto.graph().initializer_size() == 3);
    CHECK(output_of(unpacked) == output_of(three_in_form(small, OnnxWeightForm::floats)));
  }
}

TEST_CASE("weights behind a zero point, and what are no whole numbers, are left as they are") {
  SmallModel small;
  small.input("x", {1, 1, 1, 1})
      .integers("q", {1, 1, 1, 1}, {5})
      .floats("s", {1}, {0.5F})
      .floats("h", {1, 1, 1, 1}, {0.5F});
  small.integers("z", {1}, {1});
  small.node("DequantizeLinear", {"q", "s", "z"}, "v");
  small.node("Mul", {"h", "s"}, "u");
  small.node("Conv", {"x", "v"}, "a");
  small.node("Conv", {"a", "u"}, "y");
  small.output("y");
  CHECK(levels_of(small).empty());
}

TEST_CASE("a scale for each block of an axis is none for each place, even where there are as many") {
  SmallModel small;
  small.input("x", {1, 4}).integers("q", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}).floats("s", {2, 2}, {1, 2, 3, 4});
  set_integer(small.node("DequantizeLinear", {"q", "s"}, "v"), "axis", 0);
  small.node("MatMul", {"x", "v"}, "y");
  small.output("y");
  CHECK(levels_of(small).empty());
}
