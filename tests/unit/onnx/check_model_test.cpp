#include "nuq/onnx/check_model.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "nuq/onnx/model_file.hpp"
#include "small_model.hpp"

namespace onnx_check_model_test {

std::vector<std::size_t> order_of(const SmallModel& small) {
  const auto model = small.model();
  const nuq::OnnxScope scope(model->proto.graph());
  nuq::OnnxTensors tensors(model->file, {});
  return nuq::checked_order(*model, scope, tensors);
}

CaughtError refused(const SmallModel& small) {
  return error_of<nuq::ModelError>([&] { static_cast<void>(order_of(small)); });
}

SmallModel chain() {
  SmallModel small;
  small.input("x", {1, 2});
  small.node("Relu", {"x"}, "a");
  small.node("Tanh", {"a"}, "y");
  small.output("y");
  return small;
}

}  // namespace onnx_check_model_test
using namespace onnx_check_model_test;

TEST_CASE("nodes come in the file's order, or the next one that can be computed") {
  CHECK(order_of(chain()) == std::vector<std::size_t>{0, 1});
  SmallModel turned;
  turned.input("x", {1, 2});
  turned.node("Tanh", {"a"}, "y");
  turned.node("Relu", {"x"}, "a");
  CHECK(order_of(turned) == std::vector<std::size_t>{1, 0});
}

TEST_CASE("a model that is not valid is refused by name") {
  SmallModel small = chain();
  small.node("Relu", {"gone"}, "z");
  CHECK(refused(small).says("small.onnx: layer 'Relu_z': nothing gives its input 'gone'"));

  small = chain();
  small.node("Relu", {"z"}, "z");
  CHECK(refused(small).says("layer 'Relu_z': stands in or behind a cycle"));

  small = chain();
  small.node("Sigmoid", {"x"}, "a");
  CHECK(refused(small).says("layer 'Sigmoid_a': its output 'a' is that of node 'Relu_a' too"));

  small = chain();
  small.node("Relu", {"x"}, "z").set_name("Relu_a");
  CHECK(refused(small).says("layer 'Relu_a': another node has this name"));
  small.graph().mutable_node(0)->set_op_type("Constant");  // constants are told apart by what they give
  CHECK(!refused(small).says("another node has this name"));
  CHECK(nuq::onnx_node_names(small.proto.graph()) == std::vector<std::string>{"Relu_a_2", "Tanh_y", "Relu_a"});

  small = chain();
  small.floats("w", {1}, {1}).floats("w", {1}, {2});
  CHECK(refused(small).says("two initializers have the name 'w'"));

  small = chain();
  small.output("z");
  CHECK(refused(small).says("nothing gives the output 'z'"));

  small = chain();
  small.node("Fancy", {"x"}, "z").set_domain("com.example");
  CHECK(refused(small).says("layer 'Fancy_z': operation 'Fancy' is of the domain 'com.example'"));
  small.proto.add_opset_import()->set_domain("com.example");
  CHECK(order_of(small).size() == 3);

  small = chain();
  small.proto.clear_opset_import();
  CHECK(refused(small).says("imports no version"));

  small = chain();
  small.floats("w", {2}, {1});
  CHECK(refused(small).says("initializer 'w': holds 1 values"));
}

TEST_CASE("subgraphs are checked with what they take from outside") {
  SmallModel small = chain();
  nuq::onnx_schema::NodeProto& owner = small.node("If", {"x"}, "z");
  nuq::onnx_schema::AttributeProto& branch = *owner.add_attribute();
  branch.set_name("then_branch");
  nuq::onnx_schema::NodeProto& inner = *branch.mutable_g()->add_node();
  inner.set_op_type("Relu");
  inner.add_input("y");
  inner.add_output("b");
  CHECK(nuq::captured_values(owner) == std::vector<std::string>{"y"});
  CHECK(order_of(small).size() == 3);
  inner.set_input(0, "gone");
  CHECK(refused(small).says("layer 'b': nothing gives its input 'gone'"));
}

TEST_CASE("files that hold no model") {
  const auto said = [](const std::string& bytes) {
    return error_of<nuq::ModelError>([&] { static_cast<void>(nuq::parse_onnx_model(bytes, "m.onnx")); });
  };
  CHECK(said("").says("m.onnx: is empty"));
  CHECK(said("version https://git-lfs.github.com/spec/v1\n").says("git-lfs pointer"));
  CHECK(said("<html>\n").says("is text"));
  CHECK(said("\x08\x08").says("has no graph"));
  const std::string bytes = nuq::onnx_file_bytes(chain().proto, "m.onnx");
  CHECK(said(bytes.substr(0, bytes.size() - 3)).says("is truncated"));
  CHECK(nuq::onnx_file_bytes(nuq::parse_onnx_model(bytes, "m.onnx").proto, "m.onnx") == bytes);
}
