#ifndef NUQ_TESTS_FUZZ_NETWORKS_HPP
#define NUQ_TESTS_FUZZ_NETWORKS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/passes/multiplications.hpp"
#include "nuq/proto_schema.hpp"
#include "target.hpp"

/// A network of files in memory; without weights where there are none.
inline nuq::Graph graph_of(std::string_view text, std::string_view weights) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(text, weights, "net.prototxt", weights.empty() ? "" : "net.caffemodel")));
}

/// What the targets of configurations and records are about.
inline constexpr std::string_view fixed_network =
    R"(name: "fixed" input: "data" input_shape { dim: 1 dim: 2 dim: 6 dim: 6 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "PReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "pool" top: "up" convolution_param { num_output: 2 group: 2 kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "up" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
)";

inline void add_blob(nuq::schema::LayerWeights& layer, const nuq::Shape& shape, float first, float step) {
  nuq::schema::BlobProto& blob = *layer.add_blobs();
  for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
  for (std::size_t index = 0; index < nuq::element_count(shape); ++index)
    blob.add_data(first + step * static_cast<float>(index * 7 % 11));
}

inline std::string fixed_weights() {
  nuq::schema::NetWeights weights;
  const auto layer = [&weights](const char* name, const char* type) -> nuq::schema::LayerWeights& {
    nuq::schema::LayerWeights& added = *weights.add_layer();
    added.set_name(name);
    added.set_type(type);
    return added;
  };
  nuq::schema::LayerWeights& conv = layer("conv", "Convolution");
  add_blob(conv, {4, 2, 3, 3}, -0.5F, 0.125F);
  add_blob(conv, {4}, 0.25F, -0.0625F);
  nuq::schema::LayerWeights& norm = layer("bn", "BatchNorm");
  add_blob(norm, {4}, -0.25F, 0.125F);
  add_blob(norm, {4}, 0.5F, 0.125F);
  add_blob(norm, {1}, 1.0F, 0.0F);
  nuq::schema::LayerWeights& scale = layer("scale", "Scale");
  add_blob(scale, {4}, 0.75F, 0.125F);
  add_blob(scale, {4}, -0.5F, 0.125F);
  add_blob(layer("relu", "PReLU"), {4}, 0.125F, 0.03125F);
  nuq::schema::LayerWeights& up = layer("up", "Deconvolution");
  add_blob(up, {4, 1, 2, 2}, -0.375F, 0.125F);
  add_blob(up, {2}, 0.5F, -0.25F);
  nuq::schema::LayerWeights& product = layer("fc", "InnerProduct");
  add_blob(product, {3, 32}, -0.625F, 0.125F);
  add_blob(product, {3}, 0.0F, 0.125F);
  return weights.SerializeAsString();
}

inline nuq::Graph fixed_graph() {
  static const std::string weights = fixed_weights();
  return graph_of(fixed_network, weights);
}

/// Whether a network is so small that computing it takes no time worth mentioning; false where its inputs are unknown.
inline bool is_small(const nuq::Graph& graph) {
  constexpr std::size_t most_values = std::size_t{1} << 16U;
  constexpr double most_multiplications = 1e6;
  std::size_t values = 0;
  for (const nuq::Shape& shape : nuq::infer_shapes(graph, {})) values += shape.empty() ? 0 : nuq::element_count(shape);
  for (const nuq::Node& node : graph.nodes) {
    for (const nuq::Tensor& blob : node.blobs) values += blob.values.size();
  }
  for (const std::size_t input : graph.inputs) {
    if (graph.values[input].shape.empty()) return false;
  }
  return values <= most_values && nuq::multiplications(graph, {}) <= most_multiplications;
}

/// Every value that is computed, by its index among those of all nodes' outputs; inputs count up in sixteenths.
inline std::vector<std::vector<float>> computed_values(const nuq::Graph& graph) {
  nuq::EigenEngine engine;
  engine.load(graph);
  for (const std::size_t input : graph.inputs) {
    nuq::Tensor tensor(graph.values[input].shape);
    for (std::size_t index = 0; index < tensor.values.size(); ++index)
      tensor.values[index] = static_cast<float>(index * 5 % 33) / 16.0F - 1.0F;
    engine.set_input(graph.values[input].blob, tensor.view());
  }
  std::vector<std::vector<float>> values(graph.values.size());
  engine.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        for (std::size_t output = 0; output < outputs.size(); ++output)
          values[node.outputs[output]].assign(outputs[output].values.begin(), outputs[output].values.end());
      });
  return values;
}

#endif  // NUQ_TESTS_FUZZ_NETWORKS_HPP
