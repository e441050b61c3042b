#ifndef NUQ_TESTS_BENCHMARK_INFERENCE_NETWORK_HPP
#define NUQ_TESTS_BENCHMARK_INFERENCE_NETWORK_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"

/// The prototxt of a network without its data, loss and accuracy layers, fed by one input `data` of the given shape,
/// and with the standard type in the place of a fork's name for depthwise convolutions: what any framework computes.
inline std::string inference_text(const std::string& model_file, const nuq::Shape& input) {
  const nuq::Graph graph = nuq::load_graph(model_file, "");
  std::string text = "input: \"data\" input_shape {";
  for (const std::int64_t extent : input) text += " dim: " + std::to_string(extent);
  text += " }\n";
  const std::string& source = nuq::caffe_model(graph)->text;
  std::vector<nuq::TextField> layers;
  for (const nuq::TextField& field : nuq::text_fields(source)) {
    if (field.name == "layer") layers.push_back(field);
  }
  for (const nuq::Node& node : graph.nodes) {
    const bool measures = node.type == "SoftmaxWithLoss" || node.type == "Accuracy";
    if (node.inputs.empty() || measures) continue;
    const nuq::TextField& layer = layers[node.source_index];
    std::string layer_text = source.substr(layer.begin, layer.end - layer.begin);
    const std::string fork = "\"ConvolutionDepthwise\"";
    if (const std::size_t at = layer_text.find(fork); at != std::string::npos)
      layer_text.replace(at, fork.size(), "\"Convolution\"");
    text += layer_text + "\n";
  }
  return text;
}

#endif  // NUQ_TESTS_BENCHMARK_INFERENCE_NETWORK_HPP
