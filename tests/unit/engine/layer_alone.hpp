#ifndef NUQ_TESTS_UNIT_ENGINE_LAYER_ALONE_HPP
#define NUQ_TESTS_UNIT_ENGINE_LAYER_ALONE_HPP

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../random_values.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"

/// A layer outside of any network; `parameters` is what stands in the prototxt besides name, type, bottoms and tops.
inline nuq::Node layer_alone(const std::string& type, const std::string& parameters,
                             std::vector<nuq::Tensor> blobs = {}, std::size_t inputs = 1) {
  nuq::schema::LayerParameter layer;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(parameters, &layer));
  layer.set_type(type);
  for (std::size_t input = 0; input < inputs; ++input) layer.add_bottom("blob");
  nuq::Node node;
  node.name = "layer1";
  node.type = type;
  node.operation = nuq::read_operation(layer);
  node.blobs = std::move(blobs);
  for (std::size_t input = 0; input < inputs; ++input) node.inputs.push_back(input);
  node.outputs = {inputs};
  return node;
}

/// A layer of an operation that no layer type of Caffe has, outside of any network.
inline nuq::Node operation_alone(nuq::Operation operation, std::vector<nuq::Tensor> blobs = {},
                                 std::size_t inputs = 1) {
  nuq::Node node;
  node.name = "layer1";
  node.type = "Layer";
  node.operation = std::move(operation);
  node.blobs = std::move(blobs);
  for (std::size_t input = 0; input < inputs; ++input) node.inputs.push_back(input);
  node.outputs = {inputs};
  return node;
}

inline nuq::Tensor random_tensor(const nuq::Shape& shape, std::uint32_t seed) {
  return {shape, random_values(nuq::element_count(shape), seed)};
}

/// What a layer of the family computes, a tensor for each output.
template <class Layer>
std::vector<nuq::Tensor> all_computed(const nuq::Node& node, const std::vector<nuq::Tensor>& inputs,
                                      nuq::Workspace& workspace) {
  std::vector<nuq::TensorView> views;
  std::vector<nuq::Shape> shapes;
  for (const nuq::Tensor& input : inputs) {
    views.push_back(input.view());
    shapes.push_back(input.shape);
  }
  std::vector<nuq::Tensor> outputs;
  for (const nuq::Shape& shape : nuq::output_shapes(node, shapes)) {
    outputs.emplace_back(shape, std::vector<float>(nuq::element_count(shape), 1e30F));
  }
  std::vector<nuq::TensorSpan> spans;
  for (nuq::Tensor& output : outputs) spans.push_back({output.shape, output.values});
  const nuq::LayerCall call{node, views, spans, workspace};
  Layer(node).forward(call);
  for (std::size_t index = 0; index < outputs.size(); ++index) {  // which the layer may have shortened
    outputs[index].shape = spans[index].shape;
    outputs[index].values.resize(nuq::element_count(spans[index].shape));
  }
  return outputs;
}

/// What a layer with one output computes.
template <class Layer>
nuq::Tensor computed(const nuq::Node& node, const std::vector<nuq::Tensor>& inputs, nuq::Workspace& workspace) {
  return all_computed<Layer>(node, inputs, workspace).front();
}

template <class Layer>
nuq::Tensor computed(const nuq::Node& node, const std::vector<nuq::Tensor>& inputs, std::size_t threads = 1) {
  nuq::Workspace workspace(threads);
  return computed<Layer>(node, inputs, workspace);
}

/// Largest difference from what is expected, over the largest magnitude expected.
inline double relative_error(const std::vector<float>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  double difference = 0.0;
  double magnitude = 0.0;
  for (std::size_t index = 0; index < got.size(); ++index) {
    const double distance = std::fabs(static_cast<double>(got[index]) - expected[index]);
    if (distance > difference || std::isnan(distance)) difference = distance;  // a NaN stays: nothing is above it
    magnitude = (std::max)(magnitude, std::fabs(expected[index]));
  }
  return magnitude == 0.0 ? difference : difference / magnitude;
}

/// Draws integers for random geometries.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  /// Uniform enough in [low, high].
  [[nodiscard]] std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::mt19937 engine_;
};

#endif  // NUQ_TESTS_UNIT_ENGINE_LAYER_ALONE_HPP
