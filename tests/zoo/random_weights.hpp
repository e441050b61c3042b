#ifndef NUQ_TESTS_ZOO_RANDOM_WEIGHTS_HPP
#define NUQ_TESTS_ZOO_RANDOM_WEIGHTS_HPP

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/io/atomic_file.hpp"

/// Writes a caffemodel with seeded random weights for a prototxt of Convolution, Deconvolution, InnerProduct, BatchNorm
/// and Scale layers.
inline void write_random_weights(const std::string& model_file, const std::string& weights_file) {
  nuq::Graph graph = nuq::load_graph(model_file, "");
  nuq::infer_shapes(graph);
  std::mt19937 random(1);
  nuq::Model model;
  const auto add_blob = [&](nuq::schema::LayerWeights& layer, const nuq::Shape& shape, float centre, float spread) {
    nuq::schema::BlobProto& blob = *layer.add_blobs();
    for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
    for (std::size_t index = 0; index < nuq::element_count(shape); ++index) {
      const float uniform = static_cast<float>(random() >> 8U) / 16777216.0F - 0.5F;
      blob.add_data(centre + spread * uniform);
    }
  };
  for (const nuq::Node& node : graph.nodes) {
    const nuq::Shape input = node.inputs.empty() ? nuq::Shape{} : graph.values[node.inputs.front()].shape;
    nuq::schema::LayerWeights layer;
    layer.set_name(node.name);
    layer.set_type(node.type);
    const auto add_weights = [&](const nuq::Shape& shape, bool bias_term, std::int64_t outputs) {
      const auto fan_in = static_cast<float>(nuq::element_count(shape)) / static_cast<float>(shape[0]);
      add_blob(layer, shape, 0.0F, 4.0F / std::sqrt(fan_in));
      if (bias_term) add_blob(layer, {outputs}, 0.0F, 0.1F);
    };
    const nuq::LayerRef ref(node);
    if (const auto* convolution = node.operation.get_if<nuq::ops::Convolution>()) {
      const nuq::ConvolutionGeometry geometry = nuq::convolution_geometry(*convolution, ref, input);
      add_weights(geometry.weight_shape(), geometry.bias_term, geometry.weight_shape()[0]);
    } else if (const auto* transposed = node.operation.get_if<nuq::ops::TransposedConvolution>()) {
      const nuq::DeconvolutionGeometry geometry = nuq::deconvolution_geometry(*transposed, ref, input);
      add_weights(geometry.weight_shape(), geometry.convolution.bias_term, geometry.out_channels());
    } else if (const auto* product = node.operation.get_if<nuq::ops::InnerProduct>()) {
      const nuq::InnerProductGeometry geometry = nuq::inner_product_geometry(*product, ref, input);
      add_weights(geometry.weight_shape(), geometry.bias_term, geometry.weight_shape()[0]);
    } else if (nuq::is<nuq::ops::BatchNorm>(node)) {
      add_blob(layer, {input[1]}, 0.0F, 0.2F);
      add_blob(layer, {input[1]}, 1.0F, 0.5F);
      add_blob(layer, {1}, 1.0F, 0.0F);
    } else if (const auto* scale = node.operation.get_if<nuq::ops::Scale>();
               scale != nullptr && node.inputs.size() == 1) {
      add_blob(layer, {input[1]}, 1.0F, 0.2F);
      if (scale->bias) add_blob(layer, {input[1]}, 0.0F, 0.2F);
    } else {
      continue;
    }
    *model.weights.add_layer() = layer;
  }
  model.text = "name: \"unused\"";
  nuq::FileSet files;
  nuq::write_model(model, files, weights_file + ".prototxt", weights_file);
  files.commit();
}

#endif  // NUQ_TESTS_ZOO_RANDOM_WEIGHTS_HPP
