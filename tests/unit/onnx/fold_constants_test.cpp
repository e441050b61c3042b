#include "nuq/onnx/fold_constants.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
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

TEST_CASE("ranges of whole numbers that are floats") {
  SmallModel small;
  small.floats("begin", {}, {3}).floats("end", {}, {-1.0F}).floats("step", {}, {-2}).floats("half", {}, {0.5F});
  small.node("Range", {"begin", "end", "step"}, "range");
  CHECK(found(small, "range")->floats == std::vector<float>{3, 1});
  small.node("Range", {"half", "begin", "half"}, "halves");
  CHECK(!found(small, "halves"));
}

TEST_CASE("slices along one axis, in both directions") {
  SmallModel small = with_matrix();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  small.integers("last", {1}, {-1})
      .integers("least", {1}, {least})
      .integers("one", {1}, {1})
      .integers("ten", {1}, {10});
  small.node("Slice", {"m", "one", "ten", "one"}, "right");
  CHECK(found(small, "right")->shape == nuq::Shape{2, 2});
  CHECK(found(small, "right")->floats == std::vector<float>{2, 3, 5, 6});
  small.node("Slice", {"m", "last", "least", "one", "last"}, "mirrored");
  CHECK(found(small, "mirrored")->floats == std::vector<float>{3, 2, 1, 6, 5, 4});
}

TEST_CASE("constants that are repeated, compared and chosen from") {
  SmallModel small;
  small.integers("shape", {3}, {2, -1, 3}).integers("minus", {1}, {-1}).integers("other", {3}, {7, 8, 9});
  small.node("Equal", {"shape", "minus"}, "is_open");
  CHECK(found(small, "is_open")->type == T::BOOL);
  CHECK(found(small, "is_open")->integers == std::vector<std::int64_t>{0, 1, 0});
  small.node("Where", {"is_open", "other", "shape"}, "filled");
  CHECK(found(small, "filled")->integers == std::vector<std::int64_t>{2, 8, 3});
  small.integers("rows", {2}, {2, 1}).node("Expand", {"filled", "rows"}, "expanded");
  CHECK(found(small, "expanded")->shape == nuq::Shape{2, 3});
  CHECK(found(small, "expanded")->integers == std::vector<std::int64_t>{2, 8, 3, 2, 8, 3});
  small.integers("two", {2}, {1, 1}).node("Equal", {"shape", "two"}, "unfit");
  CHECK(!found(small, "unfit"));
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
