#ifndef NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP
#define NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/adapters/detail/opencv_layer.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/net_state.hpp"
#include "nuq/caffe/network_inputs.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/caffe/trained_blobs.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/core/error.hpp"
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
  std::vector<std::string> layers;               ///< names of the layers handed over, in the file's order
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

/// Follows a model's layers in the TEST phase and writes down those that OpenCV can compute.
class OpenCvModelWriter {
 public:
  explicit OpenCvModelWriter(const Model& model)
      : model_(model), blobs_(blobs_by_layer(model.weights, model.weights_file)) {}

  [[nodiscard]] OpenCvModel write() && {
    const schema::NetParameter net = upgraded(model_.net);
    const schema::NetState state = inference_state(net);
    declare(net.input());
    for (const schema::LayerParameter& layer : net.layer()) {
      if (is_included(layer, state)) add(layer);
    }
    google::protobuf::TextFormat::PrintToString(net_, &result_.text);
    result_.inputs.assign(net_.input().begin(), net_.input().end());
    return std::move(result_);
  }

 private:
  using Names = google::protobuf::RepeatedPtrField<std::string>;

  void declare(const Names& inputs) {
    for (const std::string& input : inputs) written_[input] = input;
    unread_.insert(inputs.begin(), inputs.end());
  }

  void add(const schema::LayerParameter& layer) {
    if (is_data_layer(layer)) {
      declare(layer.top());
      return;
    }
    const std::string obstacle = obstacle_of(layer);
    if (!obstacle.empty()) {
      result_.obstacles[layer.name()] = obstacle;
      for (const std::string& top : layer.top()) lost_[top] = obstacle;
    } else if (layer.top_size() > 0) {  // the others compute nothing
      hand_over(layer);
    }
  }

  /// Why OpenCV cannot compute the layer; empty where it can.
  [[nodiscard]] std::string obstacle_of(const schema::LayerParameter& layer) const {
    for (const std::string& bottom : layer.bottom()) {
      const auto lost = lost_.find(bottom);
      if (lost != lost_.end()) return lost->second;
    }
    const std::string& type = layer.type();
    const bool is_known = is_computed_by_opencv_layer(type) || type == "Axpy" ||  // the importer makes two layers of it
                          cv::dnn::LayerFactory::isLayerRegistered(type);
    return is_known ? "" : "layer '" + layer.name() + "' is of type '" + type + "', which OpenCV does not know";
  }

  void hand_over(const schema::LayerParameter& layer) {
    const bool is_own = is_computed_by_opencv_layer(layer.type());
    schema::LayerParameter result = is_own ? schema::LayerParameter() : pruned(layer);
    result.set_name(opencv_layer_name(layer.name()));
    result.set_type(is_own ? opencv_layer_type : layer.type());
    connect(layer, result);
    *net_.add_layer() = result;
    for (int index = 1; index < result.top_size(); ++index) {
      const std::string name = opencv_layer_name(layer.name(), index);
      *net_.add_layer() = identity(result.top(index), name);
      written_[layer.top(index)] = name;
    }
    hand_over_blobs(layer);
    result_.layers.push_back(layer.name());
  }

  /// Reads the present versions of a layer's bottoms and writes tops of new names, the first of the layer's own:
  /// nothing is in place, and OpenCV's importer does not name the layer otherwise.
  void connect(const schema::LayerParameter& layer, schema::LayerParameter& result) {
    result.clear_bottom();
    result.clear_top();
    for (const std::string& bottom : layer.bottom()) {
      if (unread_.erase(bottom) > 0) net_.add_input(bottom);
      result.add_bottom(written_.at(bottom));
    }
    for (int index = 0; index < layer.top_size(); ++index) {
      result.add_top(opencv_layer_name(layer.name(), index) + (index == 0 ? "" : ":source"));
    }
    written_[layer.top(0)] = result.top(0);
  }

  [[nodiscard]] static schema::LayerParameter identity(const std::string& source, const std::string& name) {
    schema::LayerParameter layer;
    layer.set_name(name);
    layer.set_type("Identity");
    layer.add_bottom(source);
    layer.add_top(name);
    return layer;
  }

  /// The layer without what only training looks at and what OpenCV's importer refuses.
  [[nodiscard]] schema::LayerParameter pruned(schema::LayerParameter layer) const {
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
  void hand_over_blobs(const schema::LayerParameter& layer) {
    schema::NetWeights weights;
    schema::LayerWeights& own = *weights.add_layer();
    own.set_name(opencv_layer_name(layer.name()));
    const auto found = blobs_.find(layer.name());
    const int count = found == blobs_.end() ? 0 : blob_count(layer, found->second->size());
    for (int index = 0; index < count; ++index) *own.add_blobs() = found->second->Get(index);
    if (is_computed_by_opencv_layer(layer.type())) *own.add_blobs() = parameter_blob(layer);
    if (own.blobs_size() == 0) return;
    check_size(weights.ByteSizeLong());
    static_cast<void>(weights.AppendToString(&result_.weights));
  }

  /// How many of a layer's blobs it computes with: forks keep pruning masks behind them.
  [[nodiscard]] static int blob_count(const schema::LayerParameter& layer, int available) {
    Node node;
    node.type = layer.type();
    node.operation = read_operation(layer);
    node.inputs.resize(static_cast<std::size_t>(layer.bottom_size()));
    return (std::min)(available, trained_blob_count(node).value_or(available));
  }

  void check_size(std::size_t more) const {
    if (result_.weights.size() + more <= max_message_bytes) return;
    fail(ModelError(ErrorCode::unsupported_format, model_.weights_file + ": is larger than 2 GB, protobuf's limit"));
  }

  const Model& model_;
  std::map<std::string, const BlobProtos*> blobs_;
  schema::NetParameter net_;
  std::set<std::string> unread_;                // inputs that no layer has read yet
  std::map<std::string, std::string> written_;  // the present versions of all blobs, by their names
  std::map<std::string, std::string> lost_;     // blobs that are not computed, with the obstacle
  OpenCvModel result_;
};

/// What OpenCV can compute of a model: layers of types that it does not know are left out with all that depends on
/// them. Unknown fields of the prototxt are not handed over. Throws ModelError for a field with an effect that OpenCV
/// does not know.
[[nodiscard]] inline OpenCvModel opencv_model(const Model& model) {
  return OpenCvModelWriter(model).write();
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_OPENCV_MODEL_HPP
