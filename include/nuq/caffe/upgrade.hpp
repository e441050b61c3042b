#ifndef NUQ_CAFFE_UPGRADE_HPP
#define NUQ_CAFFE_UPGRADE_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The present name of a layer type of the V1 format (`layers { type: CONVOLUTION }`); empty for NONE.
NUQ_FUNCTION [[nodiscard]] std::string upgraded(schema::V1LayerParameter::LayerType type);

/// A layer of the V1 or V0 format in the present one, blobs included.
NUQ_FUNCTION [[nodiscard]] schema::LayerParameter upgraded(const schema::V1LayerParameter& layer);

/// The `layers` of a network in the present format, one for each, in order. V0's padding layers, which those that read
/// them have taken in, are among them but no part of the network any more (`is_v0_padding`).
NUQ_FUNCTION [[nodiscard]] std::vector<schema::LayerParameter> upgraded_layers(const schema::NetParameter& net);

/// A network with all its `layers` turned into `layer`s; one of the present format is returned as it is.
NUQ_FUNCTION [[nodiscard]] schema::NetParameter upgraded(schema::NetParameter net);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <algorithm>
#include <cstddef>
#include <utility>

#include "nuq/caffe/upgrade_v0.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string upgraded(schema::V1LayerParameter::LayerType type) {
  using V1 = schema::V1LayerParameter;
  switch (type) {
    case V1::NONE:
      return "";
    case V1::ABSVAL:
      return "AbsVal";
    case V1::ACCURACY:
      return "Accuracy";
    case V1::ARGMAX:
      return "ArgMax";
    case V1::BNLL:
      return "BNLL";
    case V1::CONCAT:
      return "Concat";
    case V1::CONTRASTIVE_LOSS:
      return "ContrastiveLoss";
    case V1::CONVOLUTION:
      return "Convolution";
    case V1::DATA:
      return "Data";
    case V1::DECONVOLUTION:
      return "Deconvolution";
    case V1::DROPOUT:
      return "Dropout";
    case V1::DUMMY_DATA:
      return "DummyData";
    case V1::EUCLIDEAN_LOSS:
      return "EuclideanLoss";
    case V1::ELTWISE:
      return "Eltwise";
    case V1::EXP:
      return "Exp";
    case V1::FLATTEN:
      return "Flatten";
    case V1::HDF5_DATA:
      return "HDF5Data";
    case V1::HDF5_OUTPUT:
      return "HDF5Output";
    case V1::HINGE_LOSS:
      return "HingeLoss";
    case V1::IM2COL:
      return "Im2col";
    case V1::IMAGE_DATA:
      return "ImageData";
    case V1::INFOGAIN_LOSS:
      return "InfogainLoss";
    case V1::INNER_PRODUCT:
      return "InnerProduct";
    case V1::LRN:
      return "LRN";
    case V1::MEMORY_DATA:
      return "MemoryData";
    case V1::MULTINOMIAL_LOGISTIC_LOSS:
      return "MultinomialLogisticLoss";
    case V1::MVN:
      return "MVN";
    case V1::POOLING:
      return "Pooling";
    case V1::POWER:
      return "Power";
    case V1::RELU:
      return "ReLU";
    case V1::SIGMOID:
      return "Sigmoid";
    case V1::SIGMOID_CROSS_ENTROPY_LOSS:
      return "SigmoidCrossEntropyLoss";
    case V1::SILENCE:
      return "Silence";
    case V1::SOFTMAX:
      return "Softmax";
    case V1::SOFTMAX_LOSS:
      return "SoftmaxWithLoss";
    case V1::SPLIT:
      return "Split";
    case V1::SLICE:
      return "Slice";
    case V1::TANH:
      return "TanH";
    case V1::WINDOW_DATA:
      return "WindowData";
    case V1::THRESHOLD:
      return "Threshold";
    case V1::CROP:
      return "Crop";
    case V1::UNPOOLING:
      return "Unpooling";
    case V1::BN:
      return "BN";
    case V1::IMAGE_SEG_DATA:
      return "ImageSegData";
    case V1::QUANT:
      return "Quant";
    case V1::DEQUANT:
      return "DeQuant";
  }
  return "";
}

namespace detail {

/// Copies every `…_param` message that both formats have under one name.
NUQ_FUNCTION inline void copy_parameters(const schema::V1LayerParameter& from, schema::LayerParameter& to) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  from.GetReflection()->ListFields(from, &fields);
  for (const google::protobuf::FieldDescriptor* const field : fields) {
    const google::protobuf::FieldDescriptor* const target =
        to.GetDescriptor()->FindFieldByName(std::string(field->name()));
    if (field->is_repeated() || target == nullptr || target->is_repeated()) continue;
    if (field->message_type() == nullptr || field->message_type() != target->message_type()) continue;
    to.GetReflection()->MutableMessage(&to, target)->CopyFrom(from.GetReflection()->GetMessage(from, field));
  }
}

/// The present form of `param`, `blob_share_mode`, `blobs_lr` and `weight_decay`: one ParamSpec per blob.
NUQ_FUNCTION inline void upgrade_param_specs(const schema::V1LayerParameter& from, schema::LayerParameter& to) {
  const int count =
      (std::max)({from.param_size(), from.blob_share_mode_size(), from.blobs_lr_size(), from.weight_decay_size()});
  for (int index = 0; index < count; ++index) {
    schema::ParamSpec& spec = *to.add_param();
    if (index < from.param_size()) spec.set_name(from.param(index));
    if (index < from.blob_share_mode_size()) {
      const bool permissive = from.blob_share_mode(index) == schema::V1LayerParameter::PERMISSIVE;
      spec.set_share_mode(permissive ? schema::ParamSpec::PERMISSIVE : schema::ParamSpec::STRICT);
    }
    if (index < from.blobs_lr_size()) spec.set_lr_mult(from.blobs_lr(index));
    if (index < from.weight_decay_size()) spec.set_decay_mult(from.weight_decay(index));
  }
}

}  // namespace detail

NUQ_DEFINITION schema::LayerParameter upgraded(const schema::V1LayerParameter& layer) {
  if (layer.has_layer()) return upgraded_v0(layer);
  schema::LayerParameter result;
  result.set_name(layer.name());
  result.set_type(upgraded(layer.type()));
  *result.mutable_bottom() = layer.bottom();
  *result.mutable_top() = layer.top();
  *result.mutable_loss_weight() = layer.loss_weight();
  *result.mutable_include() = layer.include();
  *result.mutable_exclude() = layer.exclude();
  *result.mutable_blobs() = layer.blobs();
  detail::upgrade_param_specs(layer, result);
  detail::copy_parameters(layer, result);
  return result;
}

NUQ_DEFINITION std::vector<schema::LayerParameter> upgraded_layers(const schema::NetParameter& net) {
  std::vector<schema::LayerParameter> layers;
  V0PaddingFolder padding;
  for (const schema::V1LayerParameter& layer : net.layers()) layers.push_back(upgraded(padding.folded(layer)));
  return layers;
}

NUQ_DEFINITION schema::NetParameter upgraded(schema::NetParameter net) {
  std::vector<schema::LayerParameter> layers = upgraded_layers(net);
  for (int index = 0; index < net.layers_size(); ++index) {
    if (!is_v0_padding(net.layers(index))) *net.add_layer() = std::move(layers[static_cast<std::size_t>(index)]);
  }
  net.clear_layers();
  return net;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_UPGRADE_HPP
