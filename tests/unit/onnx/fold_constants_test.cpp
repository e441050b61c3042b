#include "nuq/onnx/fold_constants.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "small_model.hpp"

using nuq::OnnxConstant;
using T = nuq::onnx_schema::TensorProto;

namespace onnx_fold_constants_test {

/// The constant `y` of a model.
std::optional<OnnxConstant> found(const SmallModel& small, const std::string& name = "y") {
  const nuq::OnnxScope scope(small.proto.graph());
  nuq::OnnxTensors tensors("small.onnx", {});
  return nuq::OnnxConstants(scope, tensors, "small.onnx").find(name);
}

SmallModel with_matrix() {
  SmallModel small;
  small.floats("m", {2, 3}, {1, 2, 3, 4, 5, 6});
  return small;
}

}  // namespace onnx_fold_constants_test
using namespace onnx_fold_constants_test;

TEST_CASE("constants through operations that move their numbers") {
  SmallModel small = with_matrix();
  small.node("Identity", {"m"}, "i");
  small.node("Transpose", {"i"}, "t");
  small.integers("axes", {1}, {1}).node("Unsqueeze", {"t", "axes"}, "u");
  small.node("Squeeze", {"u", "axes"}, "s");
  small.integers("shape", {2}, {-1, 2}).node("Reshape", {"s", "shape"}, "y");
  const std::optional<OnnxConstant> constant = found(small);
  REQUIRE(constant);
  CHECK(constant->shape == nuq::Shape{3, 2});
  CHECK(constant->floats == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(found(small, "u")->shape == nuq::Shape{3, 1, 2});
  const nuq::OnnxScope scope(small.proto.graph());
  nuq::OnnxTensors tensors("small.onnx", {});
  nuq::OnnxConstants constants(scope, tensors, "small.onnx");
  CHECK(constants.origin("y") == "m");
  CHECK(constants.type_of("y") == T::FLOAT);
}

TEST_CASE("arithmetic, places, slices of constants and the shapes of others") {
  SmallModel small = with_matrix();
  small.floats("row", {3}, {10, 20, 30});
  small.node("Mul", {"m", "row"}, "product");
  CHECK(found(small, "product")->floats == std::vector<float>{10, 40, 90, 40, 100, 180});
  small.integers("places", {2}, {-1, 0});
  set_integer(small.node("Gather", {"m", "places"}, "gathered"), "axis", 1);
  CHECK(found(small, "gathered")->floats == std::vector<float>{3, 1, 6, 4});
  set_integer(small.node("Concat", {"m", "gathered"}, "joined"), "axis", 1);
  CHECK(found(small, "joined")->floats == std::vector<float>{1, 2, 3, 3, 1, 4, 5, 6, 6, 4});
  small.node("Shape", {"joined"}, "shape");
  CHECK(found(small, "shape")->integers == std::vector<std::int64_t>{2, 5});
  set_integer(small.node("Cast", {"shape"}, "cast"), "to", T::FLOAT);
  CHECK(found(small, "cast")->floats == std::vector<float>{2, 5});
  small.integers("two", {}, {2}).integers("zero", {}, {0}).node("Div", {"shape", "zero"}, "broken");
  CHECK(!found(small, "broken"));
  small.integers("begin", {}, {1}).integers("end", {}, {8}).integers("step", {}, {3});
  small.node("Range", {"begin", "end", "step"}, "range");
  CHECK(found(small, "range")->integers == std::vector<std::int64_t>{1, 4, 7});
}

TEST_CASE("one value everywhere in a shape") {
  SmallModel small;
  small.integers("shape", {2}, {2, 3});
  small.node("ConstantOfShape", {"shape"}, "zeros");
  CHECK(found(small, "zeros")->shape == nuq::Shape{2, 3});
  CHECK(found(small, "zeros")->floats == std::vector<float>(6, 0.0F));
  nuq::onnx_schema::AttributeProto& value = *small.node("ConstantOfShape", {"shape"}, "y").add_attribute();
  value.set_name("value");
  value.mutable_t()->set_data_type(T::INT64);
  value.mutable_t()->add_dims(1);
  value.mutable_t()->add_int64_data(7);
  CHECK(found(small)->integers == std::vector<std::int64_t>(6, 7));
  small.integers("absurd", {1}, {std::int64_t{1} << 40});
  small.node("ConstantOfShape", {"absurd"}, "large");
  CHECK_THROWS_WITH_AS(static_cast<void>(found(small, "large")), doctest::Contains("ConstantOfShape_large"),
                       nuq::Error);
}

TEST_CASE("what depends on an input, or on an operation that is not worked out, is no constant here") {
  SmallModel small = with_matrix();
  small.input("x", {2, 3}).node("Add", {"x", "m"}, "sum");
  CHECK(!found(small, "sum"));
  small.node("Tanh", {"m"}, "tanh");
  CHECK(!found(small, "tanh"));
  const nuq::OnnxScope scope(small.proto.graph());
  CHECK(scope.is_constant("tanh"));
  CHECK(!scope.is_constant("sum"));
}
