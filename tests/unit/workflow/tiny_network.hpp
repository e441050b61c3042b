#ifndef NUQ_TESTS_UNIT_WORKFLOW_TINY_NETWORK_HPP
#define NUQ_TESTS_UNIT_WORKFLOW_TINY_NETWORK_HPP

#include <cmath>
#include <cstdint>
#include <string>

#include "../temporary_folder.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/io/atomic_file.hpp"

/// A convolution with BatchNorm and Scale, a second one, and an inner product; about 1,300 weights, 12,000 with 32
/// channels.
struct TinyNetwork {
  std::string model;
  std::string weights;

  explicit TinyNetwork(const TemporaryFolder& folder, std::int64_t channels = 8)
      : model(folder / "net.prototxt"), weights(folder / "net.caffemodel") {
    nuq::Model content;
    const std::string outputs = "num_output: " + std::to_string(channels);
    content.text = R"(name: "tiny"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 6 dim: 6 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { )" +
                   outputs + R"( kernel_size: 3 pad: 1 bias_term: false } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { )" +
                   outputs + R"( kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc" inner_product_param { num_output: 10 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
)";
    add_layer(content, "conv1", {{channels, 2, 3, 3}});
    add_layer(content, "bn1", {{channels}, {channels}, {1}}, 1.0F);
    add_layer(content, "scale1", {{channels}, {channels}}, 0.7F);
    add_layer(content, "conv2", {{channels, channels, 3, 3}, {channels}});
    add_layer(content, "fc", {{10, 9 * channels}, {10}});
    nuq::FileSet files;
    nuq::write_model(content, files, model, weights);
    files.commit();
  }

  /// Inputs that differ from batch to batch.
  [[nodiscard]] static nuq::Tensor batch(int index) {
    nuq::Tensor tensor(nuq::Shape{4, 2, 6, 6});
    for (std::size_t at = 0; at < tensor.values.size(); ++at) {
      tensor.values[at] = std::sin(static_cast<float>(at * 7 % 113) + static_cast<float>(index));
    }
    return tensor;
  }

 private:
  void add_layer(nuq::Model& content, const std::string& name, const std::vector<nuq::Shape>& shapes,
                 float centre = 0.0F) {
    auto& layer = *content.weights.add_layer();
    layer.set_name(name);
    for (const nuq::Shape& shape : shapes) {
      auto& blob = *layer.add_blobs();
      for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
      for (std::size_t index = 0; index < nuq::element_count(shape); ++index) {
        ++position_;
        blob.add_data(centre + 0.3F * std::sin(static_cast<float>(position_ * position_ % 1009)));
      }
    }
  }

  std::uint32_t position_ = 0;
};

#endif  // NUQ_TESTS_UNIT_WORKFLOW_TINY_NETWORK_HPP
