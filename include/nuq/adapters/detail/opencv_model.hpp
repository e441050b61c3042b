#ifndef NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP
#define NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/adapters/detail/opencv_layer.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/net_state.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What OpenCV's importer is given of a network.
struct OpenCvModel {
  std::string text;
  std::string weights;                           ///< a caffemodel; empty where the model has none
  std::vector<std::string> inputs;               ///< names of the network inputs that are read
  std::vector<std::string> layers;               ///< names of the layers handed over, in the network's order
  std::map<std::string, std::string> obstacles;  ///< why the other layers are left out, by name
};

/// The layer in OpenCV whose only or first output is output `index` of a layer. OpenCV keeps no more than a layer's
/// first output from being overwritten, so each of the others has a layer that hands it on.
[[nodiscard]] inline std::string opencv_layer_name(const std::string& layer, int index = 0) {
  return "layer:" + layer + (index == 0 ? "" : ":" + std::to_string(index));
}

/// OpenCV's own schema where it shares the protobuf library with this program. It then refuses fields that are not in
/// it; an OpenCV with a protobuf of its own is not in sight and takes any. May be null.
[[nodiscard]] inline const google::protobuf::Descriptor* opencv_layer_schema() {
  return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName("opencv_caffe.LayerParameter");
}

/// True for fields that do not change what inference computes.
[[nodiscard]] inline bool is_without_effect(std::string_view field) noexcept {
  return field == "engine" || field == "visualize" || field == "visualize_threshold" || field == "weight_filler" ||
         field == "bias_filler" || field == "scale_filler" || field == "filler";
}

/// Removes the fields without effect; returns the first other one that is not in OpenCV's schema, as
/// "convolution_param.hole", or nothing.
[[nodiscard]] inline std::string prune(google::protobuf::Message& message, const google::protobuf::Descriptor& schema) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* const field : fields) {
    const std::string name(field->name());
    const google::protobuf::FieldDescriptor* const target = schema.FindFieldByName(name);
    if (is_without_effect(name)) {
      reflection.ClearField(&message, field);
    } else if (target == nullptr) {
      return name;
    } else if (field->message_type() != nullptr && target->message_type() != nullptr && !field->is_repeated()) {
      const std::string inner = prune(*reflection.MutableMessage(&message, field), *target->message_type());
      if (!inner.empty()) return name + "." + inner;
    }
  }
  return {};
}

/// Follows a network's layers and writes down those that OpenCV can compute.
class OpenCvModelWriter {
 public:
  explicit OpenCvModelWriter(const Graph& graph) : graph_(graph), model_(*caffe_model(graph)) {
    schema::NetParameter net = upgraded(model_.net);
    const schema::NetState state = network_state(model_);
    for (schema::LayerParameter& layer : *net.mutable_layer()) {
      if (is_included(layer, state)) sources_[layer.name()] = std::move(layer);
    }
  }

  [[nodiscard]] OpenCvModel write() && {
    for (const std::size_t input : graph_.inputs) names_[input] = graph_.values[input].blob;
    unread_.insert(graph_.inputs.begin(), graph_.inputs.end());
    for (const Node& node : graph_.nodes) add(node);
    google::protobuf::TextFormat::PrintToString(net_, &result_.text);
    result_.inputs.assign(net_.input().begin(), net_.input().end());
    return std::move(result_);
  }

 private:
  void add(const Node& node) {
    if (is_data_layer(node)) return;
    const std::string obstacle = obstacle_of(node);
    if (!obstacle.empty()) {
      result_.obstacles[node.name] = obstacle;
      for (const std::size_t output : node.outputs) lost_[output] = obstacle;
    } else if (!node.outputs.empty()) {  // the others compute nothing
      hand_over(node);
    }
  }

  /// Whether the user sets what the layer writes.
  [[nodiscard]] bool is_data_layer(const Node& node) const {
    return node.inputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(), [this](std::size_t output) {
             return graph_.values[output].producer == Value::network_input;
           });
  }

  /// Why OpenCV cannot compute the layer; empty where it can.
  [[nodiscard]] std::string obstacle_of(const Node& node) const {
    for (const std::size_t input : node.inputs) {
      const auto lost = lost_.find(input);
      if (lost != lost_.end()) return lost->second;
    }
    if (!node.obstacle.empty()) return "layer '" + node.name + "': " + node.obstacle;
    const bool is_known = is_computed_by_opencv_layer(node) ||
                          is<ops::Axpy>(node) ||  // the importer makes two layers of it
                          cv::dnn::LayerFactory::isLayerRegistered(node.type);
    return is_known ? "" : "layer '" + node.name + "' is of type '" + node.type + "', which OpenCV does not know";
  }

  void hand_over(const Node& node) {
    schema::LayerParameter layer =
        is_computed_by_opencv_layer(node) ? schema::LayerParameter() : pruned(source_of(node));
    layer.set_name(opencv_layer_name(node.name));
    layer.set_type(is_computed_by_opencv_layer(node) ? opencv_layer_type : node.type);
    connect(node, layer);
    *net_.add_layer() = layer;
    for (int index = 1; index < layer.top_size(); ++index) {
      const std::string name = opencv_layer_name(node.name, index);
      *net_.add_layer() = identity(layer.top(index), name);
      names_[node.outputs[static_cast<std::size_t>(index)]] = name;
    }
    hand_over_blobs(node);
    result_.layers.push_back(node.name);
  }

  /// Reads the values' present names and writes tops of new names, the first of the layer's own: nothing is in place,
  /// and OpenCV's importer does not name the layer otherwise.
  void connect(const Node& node, schema::LayerParameter& layer) {
    for (const std::size_t input : node.inputs) {
      if (unread_.erase(input) > 0) net_.add_input(names_.at(input));
      layer.add_bottom(names_.at(input));
    }
    for (std::size_t index = 0; index < node.outputs.size(); ++index) {
      layer.add_top(opencv_layer_name(node.name, static_cast<int>(index)) + (index == 0 ? "" : ":source"));
    }
    names_[node.outputs.front()] = layer.top(0);
  }

  [[nodiscard]] static schema::LayerParameter identity(const std::string& source, const std::string& name) {
    schema::LayerParameter layer;
    layer.set_name(name);
    layer.set_type("Identity");
    layer.add_bottom(source);
    layer.add_top(name);
    return layer;
  }

  /// The layer of the prototxt that has a node's parameters, with a bias where folding has given it one.
  [[nodiscard]] schema::LayerParameter source_of(const Node& node) const {
    const auto found = sources_.find(node.name);
    if (found == sources_.end() || read_operation(found->second).index() != node.operation.index()) {
      fail_layer(ErrorCode::unsupported_layer, model_.model_file, node.name,
                 "is no " + node.type + " in the file, wanted one to hand its parameters over to OpenCV");
    }
    schema::LayerParameter layer = found->second;
    const ops::ConvolutionAttributes* const convolution = convolution_of(node);
    const auto* const product = node.operation.get_if<ops::InnerProduct>();
    if (convolution != nullptr) layer.mutable_convolution_param()->set_bias_term(convolution->bias);
    if (product != nullptr) layer.mutable_inner_product_param()->set_bias_term(product->bias);
    return layer;
  }

  /// The layer's parameters without what only training looks at and what OpenCV's importer refuses.
  [[nodiscard]] schema::LayerParameter pruned(schema::LayerParameter layer) const {
    layer.clear_bottom();
    layer.clear_top();
    layer.clear_include();
    layer.clear_exclude();
    layer.clear_phase();
    layer.clear_param();
    layer.clear_loss_weight();
    layer.clear_propagate_down();
    layer.clear_transform_param();
    layer.clear_loss_param();
    layer.clear_blobs();
    const google::protobuf::Descriptor* const schema = opencv_layer_schema();
    const std::string unknown = schema == nullptr ? std::string() : prune(layer, *schema);
    if (!unknown.empty()) {
      fail_layer(ErrorCode::unsupported_layer, model_.model_file, layer.name(),
                 "has the field '" + unknown + "', which OpenCV does not know and would compute without");
    }
    return layer;
  }

  /// Appends a layer's name and blobs, and nothing else, to the caffemodel.
  void hand_over_blobs(const Node& node) {
    schema::NetWeights weights;
    schema::LayerWeights& own = *weights.add_layer();
    own.set_name(opencv_layer_name(node.name));
    for (const Tensor& blob : node.blobs) *own.add_blobs() = blob_of(blob);
    if (is_computed_by_opencv_layer(node)) *own.add_blobs() = description_blob(node);
    if (own.blobs_size() == 0) return;
    check_size(weights.ByteSizeLong());
    static_cast<void>(weights.AppendToString(&result_.weights));
  }

  [[nodiscard]] static schema::BlobProto blob_of(const Tensor& tensor) {
    schema::BlobProto blob;
    schema::BlobShape& shape = *blob.mutable_shape();
    for (const std::int64_t extent : tensor.shape) shape.add_dim(extent);
    blob.mutable_data()->Add(tensor.values.begin(), tensor.values.end());
    return blob;
  }

  void check_size(std::size_t more) const {
    if (result_.weights.size() + more <= max_message_bytes) return;
    fail(ModelError(ErrorCode::unsupported_format, model_.weights_file + ": is larger than 2 GB, protobuf's limit"));
  }

  const Graph& graph_;
  const Model& model_;
  std::map<std::string, schema::LayerParameter> sources_;  // layers of the prototxt's TEST phase, by name
  schema::NetParameter net_;
  std::set<std::size_t> unread_;              // inputs that no layer has read yet
  std::map<std::size_t, std::string> names_;  // of values, in OpenCV
  std::map<std::size_t, std::string> lost_;   // values that are not computed, with the obstacle
  OpenCvModel result_;
};

/// What OpenCV can compute of a network, with the connections and blobs of its nodes and the parameters of the
/// prototxt's layers of their names: layers of types that it does not know are left out with all that depends on them.
/// Unknown fields of the prototxt are not handed over. Throws ModelError for a field with an effect that OpenCV does
/// not know and for a layer that the prototxt does not have.
[[nodiscard]] inline OpenCvModel opencv_model(const Graph& graph) {
  return OpenCvModelWriter(graph).write();
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP
