#ifndef NUQ_TESTS_UNIT_CAFFE_SMALL_NETWORK_HPP
#define NUQ_TESTS_UNIT_CAFFE_SMALL_NETWORK_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"

/// A caffemodel under construction.
class SmallWeights {
 public:
  SmallWeights& layer(const std::string& name, const std::string& type, const std::vector<nuq::Tensor>& blobs) {
    nuq::schema::LayerWeights& added = *weights_.add_layer();
    added.set_name(name);
    added.set_type(type);
    for (const nuq::Tensor& blob : blobs) add(blob, *added.add_blobs());
    return *this;
  }
  SmallWeights& v1_layer(const std::string& name, nuq::schema::V1LayerParameter::LayerType type,
                         const std::vector<nuq::Tensor>& blobs) {
    nuq::schema::V1LayerWeights& added = *weights_.add_layers();
    added.set_name(name);
    added.set_type(type);
    for (const nuq::Tensor& blob : blobs) add(blob, *added.add_blobs());
    return *this;
  }
  [[nodiscard]] nuq::schema::NetWeights& proto() { return weights_; }
  [[nodiscard]] std::string bytes() const { return weights_.SerializeAsString(); }

 private:
  static void add(const nuq::Tensor& values, nuq::schema::BlobProto& blob) {
    for (const std::int64_t extent : values.shape) blob.mutable_shape()->add_dim(extent);
    blob.mutable_data()->Add(values.values.begin(), values.values.end());
  }

  nuq::schema::NetWeights weights_;
};

/// first, first + 1, first + 2, …
inline nuq::Tensor counting(nuq::Shape shape, float first) {
  nuq::Tensor tensor(std::move(shape));
  for (float& value : tensor.values) value = first++;
  return tensor;
}

inline nuq::Tensor filled(nuq::Shape shape, float value) {
  nuq::Tensor tensor(std::move(shape));
  for (float& entry : tensor.values) entry = value;
  return tensor;
}

inline nuq::Graph graph_of(const std::string& text, const SmallWeights& weights) {
  return nuq::build_graph(
      std::make_shared<const nuq::Model>(nuq::parse_model(text, weights.bytes(), "net.prototxt", "net.caffemodel")));
}

/// The network that a reader of the files of `model` gets.
inline nuq::Graph reread(const nuq::Model& model) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(model.text, model.weights.SerializeAsString(), "rewritten.prototxt", "rewritten.caffemodel")));
}

#endif  // NUQ_TESTS_UNIT_CAFFE_SMALL_NETWORK_HPP
