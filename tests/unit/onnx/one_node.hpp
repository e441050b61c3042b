#ifndef NUQ_TESTS_UNIT_ONNX_ONE_NODE_HPP
#define NUQ_TESTS_UNIT_ONNX_ONE_NODE_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "small_model.hpp"

/// 1, 2, 3, … in a shape.
inline nuq::Tensor counted(const nuq::Shape& shape) {
  nuq::Tensor tensor(shape);
  float next = 0.0F;
  for (float& value : tensor.values) value = next += 1.0F;
  return tensor;
}

/// A model of one node that reads `x`, of the shape given, and writes `y`.
struct OneNode : SmallModel {
  OneNode(const std::string& type, const nuq::Shape& shape, const std::vector<std::string>& others = {},
          std::int64_t opset = 13)
      : SmallModel(opset), shape_(shape) {
    input("x", shape);
    std::vector<std::string> inputs = {"x"};
    inputs.insert(inputs.end(), others.begin(), others.end());
    it = &node(type, inputs, "y");
    it->set_name("it");
  }
  [[nodiscard]] nuq::Tensor result() const { return computed("y", "x", counted(shape_)); }
  [[nodiscard]] std::vector<float> values() const { return result().values; }
  [[nodiscard]] std::string obstacle() const { return built().find("it")->obstacle; }

  nuq::onnx_schema::NodeProto* it;

 private:
  nuq::Shape shape_;
};

#endif  // NUQ_TESTS_UNIT_ONNX_ONE_NODE_HPP
