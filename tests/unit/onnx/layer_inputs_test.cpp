#include "nuq/onnx/layer_inputs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "small_model.hpp"

TEST_CASE("what layers read becomes an output, once, of the type of their weights") {
  SmallModel small;
  small.input("x", {-1, 2}).floats("w", {2, 2}, {1, 2, 3, 4}).output("y");
  small.node("MatMul", {"x", "w"}, "a");
  small.node("Relu", {"a"}, "b");
  small.node("MatMul", {"b", "w"}, "c");
  small.node("MatMul", {"b", "w"}, "d");
  small.node("Add", {"c", "d"}, "y");
  const nuq::Graph graph = small.built();
  const nuq::onnx_schema::ModelProto model =
      nuq::onnx_model_with_layer_inputs(*small.model(), graph, {"MatMul_a", "MatMul_c", "MatMul_d"});
  std::vector<std::string> outputs;
  for (const auto& output : model.graph().output()) outputs.push_back(output.name());
  CHECK(outputs == std::vector<std::string>{"y", "x", "b"});
  CHECK(model.graph().output(1).SerializeAsString() == small.graph().input(0).SerializeAsString());
  CHECK(model.graph().output(2).type().tensor_type().elem_type() == nuq::onnx_schema::TensorProto::FLOAT);
  CHECK(model.graph().node_size() == 5);
}
