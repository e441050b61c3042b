#ifndef NUQ_CAFFE_UPGRADE_V0_HPP
#define NUQ_CAFFE_UPGRADE_V0_HPP

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "nuq/caffe/first_parse_error.hpp"
#include "nuq/compiled.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

// The format of 2013: `layers { layer { name: "conv1" type: "conv" num_output: 96 kernelsize: 11 } bottom: … top: … }`.
// All parameters stand side by side, and an input is padded by a layer of its own. Source: the upgrade rules of BVLC
// Caffe (upgrade_proto.cpp).

namespace detail {

struct V0Type {
  std::string_view name;
  std::string_view upgraded;
};

inline constexpr V0Type v0_types[] = {
    {"accuracy", "Accuracy"},
    {"bnll", "BNLL"},
    {"concat", "Concat"},
    {"conv", "Convolution"},
    {"data", "Data"},
    {"dropout", "Dropout"},
    {"euclidean_loss", "EuclideanLoss"},
    {"flatten", "Flatten"},
    {"hdf5_data", "HDF5Data"},
    {"hdf5_output", "HDF5Output"},
    {"im2col", "Im2col"},
    {"images", "ImageData"},
    {"infogain_loss", "InfogainLoss"},
    {"innerproduct", "InnerProduct"},
    {"lrn", "LRN"},
    {"multinomial_logistic_loss", "MultinomialLogisticLoss"},
    {"pool", "Pooling"},
    {"relu", "ReLU"},
    {"sigmoid", "Sigmoid"},
    {"softmax", "Softmax"},
    {"softmax_loss", "SoftmaxWithLoss"},
    {"split", "Split"},
    {"tanh", "TanH"},
    {"window_data", "WindowData"},
};

/// Where a field of V0LayerParameter stands today. Other fields, or those of layers of other types, have no meaning.
struct V0Field {
  const char* name;
  std::string_view type;  ///< of the layer; empty for all
  const char* message;    ///< in LayerParameter
  const char* field;      ///< in that message
};

inline constexpr V0Field v0_fields[] = {
    {"num_output", "conv", "convolution_param", "num_output"},
    {"num_output", "innerproduct", "inner_product_param", "num_output"},
    {"biasterm", "conv", "convolution_param", "bias_term"},
    {"biasterm", "innerproduct", "inner_product_param", "bias_term"},
    {"weight_filler", "conv", "convolution_param", "weight_filler"},
    {"weight_filler", "innerproduct", "inner_product_param", "weight_filler"},
    {"bias_filler", "conv", "convolution_param", "bias_filler"},
    {"bias_filler", "innerproduct", "inner_product_param", "bias_filler"},
    {"pad", "conv", "convolution_param", "pad"},
    {"pad", "pool", "pooling_param", "pad"},
    {"kernelsize", "conv", "convolution_param", "kernel_size"},
    {"kernelsize", "pool", "pooling_param", "kernel_size"},
    {"group", "conv", "convolution_param", "group"},
    {"stride", "conv", "convolution_param", "stride"},
    {"stride", "pool", "pooling_param", "stride"},
    {"pool", "pool", "pooling_param", "pool"},
    {"dropout_ratio", "dropout", "dropout_param", "dropout_ratio"},
    {"local_size", "lrn", "lrn_param", "local_size"},
    {"alpha", "lrn", "lrn_param", "alpha"},
    {"beta", "lrn", "lrn_param", "beta"},
    {"k", "lrn", "lrn_param", "k"},
    {"concat_dim", "concat", "concat_param", "concat_dim"},
    {"source", "data", "data_param", "source"},
    {"source", "hdf5_data", "hdf5_data_param", "source"},
    {"source", "images", "image_data_param", "source"},
    {"source", "window_data", "window_data_param", "source"},
    {"source", "infogain_loss", "infogain_loss_param", "source"},
    {"batchsize", "data", "data_param", "batch_size"},
    {"batchsize", "hdf5_data", "hdf5_data_param", "batch_size"},
    {"batchsize", "images", "image_data_param", "batch_size"},
    {"batchsize", "window_data", "window_data_param", "batch_size"},
    {"rand_skip", "data", "data_param", "rand_skip"},
    {"rand_skip", "images", "image_data_param", "rand_skip"},
    {"shuffle_images", "images", "image_data_param", "shuffle"},
    {"new_height", "images", "image_data_param", "new_height"},
    {"new_width", "images", "image_data_param", "new_width"},
    {"det_fg_threshold", "window_data", "window_data_param", "fg_threshold"},
    {"det_bg_threshold", "window_data", "window_data_param", "bg_threshold"},
    {"det_fg_fraction", "window_data", "window_data_param", "fg_fraction"},
    {"det_context_pad", "window_data", "window_data_param", "context_pad"},
    {"det_crop_mode", "window_data", "window_data_param", "crop_mode"},
    {"hdf5_output_param", "hdf5_output", "hdf5_output_param", ""},
    {"scale", "", "transform_param", "scale"},
    {"meanfile", "", "transform_param", "mean_file"},
    {"cropsize", "", "transform_param", "crop_size"},
    {"mirror", "", "transform_param", "mirror"},
};

/// The value of a set field in the text format.
NUQ_FUNCTION [[nodiscard]] inline std::string text_of_field(const schema::V0LayerParameter& layer,
                                                            const google::protobuf::FieldDescriptor* field) {
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(layer, field, -1, &text);
  return field->message_type() == nullptr ? text : "{ " + text + " }";
}

/// Sets the fields that V0 has beside each other in the messages they belong to today. Through text, which converts
/// numbers and enumerations; a value that today's field cannot hold is left out.
NUQ_FUNCTION inline void copy_v0_fields(const schema::V0LayerParameter& from, schema::LayerParameter& to) {
  FirstParseError ignored;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&ignored);
  for (const V0Field& row : v0_fields) {
    if (!row.type.empty() && row.type != from.type()) continue;
    const google::protobuf::FieldDescriptor* const field = from.GetDescriptor()->FindFieldByName(row.name);
    if (!from.GetReflection()->HasField(from, field)) continue;
    const std::string value = text_of_field(from, field);
    const std::string target(row.field);
    const std::string content = target.empty() ? value : "{ " + target + ": " + value + " }";
    static_cast<void>(parser.MergeFromString(row.message + (" " + content), &to));
  }
}

}  // namespace detail

/// The present name of a layer type of the V0 format; a type that the format does not know keeps its name.
NUQ_FUNCTION [[nodiscard]] inline std::string upgraded_v0_type(const std::string& type) {
  for (const detail::V0Type& known : detail::v0_types) {
    if (known.name == type) return std::string(known.upgraded);
  }
  return type;
}

/// A layer of the V0 format, `layers { layer { … } … }`, in the present one, blobs included.
NUQ_FUNCTION [[nodiscard]] inline schema::LayerParameter upgraded_v0(const schema::V1LayerParameter& connected) {
  const schema::V0LayerParameter& layer = connected.layer();
  schema::LayerParameter result;
  result.set_name(layer.name());
  result.set_type(upgraded_v0_type(layer.type()));
  *result.mutable_bottom() = connected.bottom();
  *result.mutable_top() = connected.top();
  *result.mutable_blobs() = layer.blobs();
  for (int index = 0; index < (std::max)(layer.blobs_lr_size(), layer.weight_decay_size()); ++index) {
    schema::ParamSpec& spec = *result.add_param();
    if (index < layer.blobs_lr_size()) spec.set_lr_mult(layer.blobs_lr(index));
    if (index < layer.weight_decay_size()) spec.set_decay_mult(layer.weight_decay(index));
  }
  detail::copy_v0_fields(layer, result);
  return result;
}

/// Whether a layer is one of V0's that pad a blob.
NUQ_FUNCTION [[nodiscard]] inline bool is_v0_padding(const schema::V1LayerParameter& layer) {
  return layer.has_layer() && layer.layer().type() == "padding";
}

/// Folds V0's padding layers into the convolutions and poolings that read them. Given the layers of a network in order.
class V0PaddingFolder {
 public:
  /// The layer as it is without padding layers before it. Padding layers themselves come back unchanged.
  NUQ_FUNCTION [[nodiscard]] schema::V1LayerParameter folded(schema::V1LayerParameter layer) {
    const std::string& type = layer.layer().type();
    if ((type == "conv" || type == "pool") && layer.bottom_size() == 1) {
      const auto padding = paddings_.find(layer.bottom(0));
      if (padding != paddings_.end()) {
        layer.mutable_layer()->set_pad(padding->second.pad);
        layer.set_bottom(0, padding->second.bottom);
      }
    }
    for (const std::string& top : layer.top()) paddings_.erase(top);
    if (is_v0_padding(layer) && layer.bottom_size() == 1 && layer.top_size() == 1) {
      paddings_[layer.top(0)] = {layer.bottom(0), layer.layer().pad()};
    }
    return layer;
  }

 private:
  struct Padding {
    std::string bottom;
    google::protobuf::uint32 pad;
  };
  std::map<std::string, Padding> paddings_;  // by the blob they write
};

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_UPGRADE_V0_HPP
