#ifndef NUQ_TESTS_UNIT_CALIBRATION_TWO_INPUTS_HPP
#define NUQ_TESTS_UNIT_CALIBRATION_TWO_INPUTS_HPP

#include <cstddef>
#include <string>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"

/// A network with three inputs of these shapes, each of the first two read by a layer, "layer0" and "layer1".
inline nuq::Graph two_inputs(const std::string& first, const nuq::Shape& first_shape, const std::string& second,
                             const nuq::Shape& second_shape, const std::string& unread,
                             const nuq::Shape& unread_shape) {
  nuq::Graph graph;
  const auto add_input = [&graph](const std::string& blob, const nuq::Shape& shape) {
    graph.inputs.push_back(graph.values.size());
    graph.values.push_back({blob, nuq::Value::network_input, shape});
  };
  add_input(first, first_shape);
  add_input(second, second_shape);
  add_input(unread, unread_shape);
  for (const std::size_t input : {0U, 1U}) {
    nuq::Node node;
    node.name = "layer" + std::to_string(input);
    node.inputs = {input};
    node.outputs = {graph.values.size()};
    graph.values.push_back({node.name, graph.nodes.size(), {}});
    graph.nodes.push_back(node);
  }
  return graph;
}

#endif  // NUQ_TESTS_UNIT_CALIBRATION_TWO_INPUTS_HPP
