#ifndef NUQ_TESTS_UNIT_ONNX_SMALL_MODEL_HPP
#define NUQ_TESTS_UNIT_ONNX_SMALL_MODEL_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/onnx/build_graph.hpp"
#include "nuq/onnx/model.hpp"

/// A model that is put together node by node, of opset 13 unless told otherwise.
class SmallModel {
 public:
  explicit SmallModel(std::int64_t opset = 13) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("small");
  }

  /// −1: an extent that is not told.
  SmallModel& input(const std::string& name, const nuq::Shape& shape) {
    describe(*graph().add_input(), name, shape);
    return *this;
  }
  SmallModel& output(const std::string& name) {
    graph().add_output()->set_name(name);
    return *this;
  }
  SmallModel& floats(const std::string& name, const nuq::Shape& shape, const std::vector<float>& values) {
    nuq::onnx_schema::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(nuq::onnx_schema::TensorProto::FLOAT);
    tensor.mutable_dims()->Add(shape.begin(), shape.end());
    tensor.mutable_float_data()->Add(values.begin(), values.end());
    return *this;
  }
  SmallModel& integers(const std::string& name, const nuq::Shape& shape, const std::vector<std::int64_t>& values) {
    nuq::onnx_schema::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(nuq::onnx_schema::TensorProto::INT64);
    tensor.mutable_dims()->Add(shape.begin(), shape.end());
    tensor.mutable_int64_data()->Add(values.begin(), values.end());
    return *this;
  }
  /// A node called `<type>_<output>` unless told otherwise.
  nuq::onnx_schema::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                                    const std::string& output) {
    nuq::onnx_schema::NodeProto& added = *graph().add_node();
    added.set_op_type(type);
    added.set_name(type + "_" + output);
    for (const std::string& name : inputs) added.add_input(name);
    added.add_output(output);
    return added;
  }

  [[nodiscard]] nuq::onnx_schema::GraphProto& graph() { return *proto.mutable_graph(); }
  [[nodiscard]] std::shared_ptr<const nuq::OnnxModel> model(const std::string& file = "small.onnx") const {
    nuq::OnnxModel content;
    content.file = file;
    content.proto = proto;
    content.options = options;
    return std::make_shared<const nuq::OnnxModel>(std::move(content));
  }
  [[nodiscard]] nuq::Graph built() const { return nuq::build_onnx_graph(model()); }
  /// What the network makes of an input, by name.
  [[nodiscard]] nuq::Tensor computed(const std::string& output, const std::string& input,
                                     const nuq::Tensor& value) const {
    nuq::Net net(built());
    net.set_input(input, value.view());
    net.forward();
    const nuq::TensorView result = net.output(output);
    return nuq::Tensor(result.shape, {result.values.begin(), result.values.end()});
  }

  nuq::onnx_schema::ModelProto proto;
  nuq::ReadOptions options;

 private:
  static void describe(nuq::onnx_schema::ValueInfoProto& value, const std::string& name, const nuq::Shape& shape) {
    value.set_name(name);
    nuq::onnx_schema::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(nuq::onnx_schema::TensorProto::FLOAT);
    for (const std::int64_t extent : shape) {
      nuq::onnx_schema::TensorShapeProto::Dimension& dim = *type.mutable_shape()->add_dim();
      if (extent >= 0) dim.set_dim_value(extent);
    }
  }
};

inline void set_integers(nuq::onnx_schema::NodeProto& node, const std::string& name,
                         const std::vector<std::int64_t>& values) {
  nuq::onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(nuq::onnx_schema::AttributeProto::INTS);
  attribute.mutable_ints()->Add(values.begin(), values.end());
}

inline void set_integer(nuq::onnx_schema::NodeProto& node, const std::string& name, std::int64_t value) {
  nuq::onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(nuq::onnx_schema::AttributeProto::INT);
  attribute.set_i(value);
}

inline void set_real(nuq::onnx_schema::NodeProto& node, const std::string& name, float value) {
  nuq::onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(nuq::onnx_schema::AttributeProto::FLOAT);
  attribute.set_f(value);
}

inline void set_text(nuq::onnx_schema::NodeProto& node, const std::string& name, const std::string& value) {
  nuq::onnx_schema::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(nuq::onnx_schema::AttributeProto::STRING);
  attribute.set_s(value);
}

#endif  // NUQ_TESTS_UNIT_ONNX_SMALL_MODEL_HPP
