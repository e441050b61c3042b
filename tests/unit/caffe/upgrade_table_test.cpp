#include <doctest/doctest.h>
#include <google/protobuf/descriptor.h>

#include <set>
#include <string>

#include "message_text.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/proto_schema.hpp"

namespace caffe_upgrade_table_test {

using V1 = nuq::schema::V1LayerParameter;

std::string upgraded_text(const std::string& old) {
  return printed(nuq::upgraded(parsed<V1>(old)));
}

std::string present_text(const std::string& present) {
  return printed(parsed<nuq::schema::LayerParameter>(present));
}

struct TypeRow {
  const char* v0;  ///< null where the format has no such type
  const char* v1;
  const char* present;
};

/// BVLC Caffe's types, then those of forks.
const TypeRow types[] = {
    {nullptr, "ABSVAL", "AbsVal"},
    {"accuracy", "ACCURACY", "Accuracy"},
    {nullptr, "ARGMAX", "ArgMax"},
    {"bnll", "BNLL", "BNLL"},
    {"concat", "CONCAT", "Concat"},
    {nullptr, "CONTRASTIVE_LOSS", "ContrastiveLoss"},
    {"conv", "CONVOLUTION", "Convolution"},
    {"data", "DATA", "Data"},
    {nullptr, "DECONVOLUTION", "Deconvolution"},
    {"dropout", "DROPOUT", "Dropout"},
    {nullptr, "DUMMY_DATA", "DummyData"},
    {nullptr, "ELTWISE", "Eltwise"},
    {"euclidean_loss", "EUCLIDEAN_LOSS", "EuclideanLoss"},
    {nullptr, "EXP", "Exp"},
    {"flatten", "FLATTEN", "Flatten"},
    {"hdf5_data", "HDF5_DATA", "HDF5Data"},
    {"hdf5_output", "HDF5_OUTPUT", "HDF5Output"},
    {nullptr, "HINGE_LOSS", "HingeLoss"},
    {"im2col", "IM2COL", "Im2col"},
    {"images", "IMAGE_DATA", "ImageData"},
    {"infogain_loss", "INFOGAIN_LOSS", "InfogainLoss"},
    {"innerproduct", "INNER_PRODUCT", "InnerProduct"},
    {"lrn", "LRN", "LRN"},
    {nullptr, "MEMORY_DATA", "MemoryData"},
    {"multinomial_logistic_loss", "MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
    {nullptr, "MVN", "MVN"},
    {"pool", "POOLING", "Pooling"},
    {nullptr, "POWER", "Power"},
    {"relu", "RELU", "ReLU"},
    {"sigmoid", "SIGMOID", "Sigmoid"},
    {nullptr, "SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
    {nullptr, "SILENCE", "Silence"},
    {nullptr, "SLICE", "Slice"},
    {"softmax", "SOFTMAX", "Softmax"},
    {"softmax_loss", "SOFTMAX_LOSS", "SoftmaxWithLoss"},
    {"split", "SPLIT", "Split"},
    {"tanh", "TANH", "TanH"},
    {nullptr, "THRESHOLD", "Threshold"},
    {"window_data", "WINDOW_DATA", "WindowData"},
    {nullptr, "CROP", "Crop"},
    {nullptr, "UNPOOLING", "Unpooling"},
    {nullptr, "BN", "BN"},
    {nullptr, "IMAGE_SEG_DATA", "ImageSegData"},
    {nullptr, "QUANT", "Quant"},
    {nullptr, "DEQUANT", "DeQuant"},
};

TEST_CASE("each V0 and V1 type has its present name") {
  std::set<std::string> seen = {"NONE"};
  for (const TypeRow& row : types) {
    CAPTURE(row.v1);
    seen.insert(row.v1);
    const std::string wanted = present_text("name: 'l' type: '" + std::string(row.present) + "' bottom: 'a' top: 'b'");
    CHECK(upgraded_text("name: 'l' type: " + std::string(row.v1) + " bottom: 'a' top: 'b'") == wanted);
    if (row.v0 == nullptr) continue;
    CHECK(upgraded_text("layer { name: 'l' type: '" + std::string(row.v0) + "' } bottom: 'a' top: 'b'") == wanted);
  }
  const google::protobuf::EnumDescriptor& known = *V1::LayerType_descriptor();
  for (int index = 0; index < known.value_count(); ++index) CHECK(seen.count(known.value(index)->name()) == 1);
}

struct V0FieldRow {
  const char* old;
  const char* type;  ///< the V0 type that has the field; empty: all
  const char* present;
};

const V0FieldRow v0_fields[] = {
    {"num_output: 7", "conv", "convolution_param { num_output: 7 }"},
    {"num_output: 7", "innerproduct", "inner_product_param { num_output: 7 }"},
    {"biasterm: false", "conv", "convolution_param { bias_term: false }"},
    {"biasterm: false", "innerproduct", "inner_product_param { bias_term: false }"},
    {"weight_filler { type: 'xavier' }", "conv", "convolution_param { weight_filler { type: 'xavier' } }"},
    {"weight_filler { type: 'xavier' }", "innerproduct", "inner_product_param { weight_filler { type: 'xavier' } }"},
    {"bias_filler { value: 0.5 }", "conv", "convolution_param { bias_filler { value: 0.5 } }"},
    {"bias_filler { value: 0.5 }", "innerproduct", "inner_product_param { bias_filler { value: 0.5 } }"},
    {"pad: 2", "conv", "convolution_param { pad: 2 }"},
    {"pad: 2", "pool", "pooling_param { pad: 2 }"},
    {"kernelsize: 3", "conv", "convolution_param { kernel_size: 3 }"},
    {"kernelsize: 3", "pool", "pooling_param { kernel_size: 3 }"},
    {"group: 2", "conv", "convolution_param { group: 2 }"},
    {"stride: 4", "conv", "convolution_param { stride: 4 }"},
    {"stride: 4", "pool", "pooling_param { stride: 4 }"},
    {"pool: MAX", "pool", "pooling_param { pool: MAX }"},
    {"pool: AVE", "pool", "pooling_param { pool: AVE }"},
    {"pool: STOCHASTIC", "pool", "pooling_param { pool: STOCHASTIC }"},
    {"dropout_ratio: 0.25", "dropout", "dropout_param { dropout_ratio: 0.25 }"},
    {"local_size: 3", "lrn", "lrn_param { local_size: 3 }"},
    {"alpha: 0.0001", "lrn", "lrn_param { alpha: 0.0001 }"},
    {"beta: 0.5", "lrn", "lrn_param { beta: 0.5 }"},
    {"k: 2", "lrn", "lrn_param { k: 2 }"},
    {"concat_dim: 0", "concat", "concat_param { concat_dim: 0 }"},
    {"source: 's'", "data", "data_param { source: 's' }"},
    {"source: 's'", "hdf5_data", "hdf5_data_param { source: 's' }"},
    {"source: 's'", "images", "image_data_param { source: 's' }"},
    {"source: 's'", "window_data", "window_data_param { source: 's' }"},
    {"source: 's'", "infogain_loss", "infogain_loss_param { source: 's' }"},
    {"batchsize: 8", "data", "data_param { batch_size: 8 }"},
    {"batchsize: 8", "hdf5_data", "hdf5_data_param { batch_size: 8 }"},
    {"batchsize: 8", "images", "image_data_param { batch_size: 8 }"},
    {"batchsize: 8", "window_data", "window_data_param { batch_size: 8 }"},
    {"rand_skip: 5", "data", "data_param { rand_skip: 5 }"},
    {"rand_skip: 5", "images", "image_data_param { rand_skip: 5 }"},
    {"shuffle_images: true", "images", "image_data_param { shuffle: true }"},
    {"new_height: 64", "images", "image_data_param { new_height: 64 }"},
    {"new_width: 32", "images", "image_data_param { new_width: 32 }"},
    {"new_num: 1", "none", ""},
    {"new_channels: 1", "none", ""},
    {"det_fg_threshold: 0.75", "window_data", "window_data_param { fg_threshold: 0.75 }"},
    {"det_bg_threshold: 0.25", "window_data", "window_data_param { bg_threshold: 0.25 }"},
    {"det_fg_fraction: 0.5", "window_data", "window_data_param { fg_fraction: 0.5 }"},
    {"det_context_pad: 16", "window_data", "window_data_param { context_pad: 16 }"},
    {"det_crop_mode: 'square'", "window_data", "window_data_param { crop_mode: 'square' }"},
    {"hdf5_output_param { file_name: 'f' }", "hdf5_output", "hdf5_output_param { file_name: 'f' }"},
    {"scale: 0.5", "", "transform_param { scale: 0.5 }"},
    {"meanfile: 'm'", "", "transform_param { mean_file: 'm' }"},
    {"cropsize: 227", "", "transform_param { crop_size: 227 }"},
    {"mirror: true", "", "transform_param { mirror: true }"},
    {"blobs_lr: 1 blobs_lr: 2", "", "param { lr_mult: 1 } param { lr_mult: 2 }"},
    {"weight_decay: 1 weight_decay: 0", "", "param { decay_mult: 1 } param { decay_mult: 0 }"},
    {"blobs_lr: 1 blobs_lr: 2 weight_decay: 3", "", "param { lr_mult: 1 decay_mult: 3 } param { lr_mult: 2 }"},
    {"blobs { num: 1 data: 3 }", "", "blobs { num: 1 data: 3 }"},
};

/// What the field of a V0 layer of the type becomes; empty where it has no meaning.
std::string present_field(const std::string& old, const std::string& type) {
  for (const V0FieldRow& row : v0_fields) {
    if (old == row.old && (type == row.type || *row.type == '\0')) return row.present;
  }
  return "";
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find_first_of(": "));
}

TEST_CASE("each field of V0 goes where the layer's type has it today, and nowhere for other types") {
  std::set<std::string> fields;
  for (const V0FieldRow& row : v0_fields) fields.insert(row.old);
  for (const TypeRow& type : types) {
    if (type.v0 == nullptr) continue;
    for (const std::string& field : fields) {
      CAPTURE(type.v0);
      CAPTURE(field);
      const std::string old = "layer { name: 'l' type: '" + std::string(type.v0) + "' " + field + " }";
      const std::string present = "name: 'l' type: '" + std::string(type.present) + "' ";
      CHECK(upgraded_text(old) == present_text(present + present_field(field, type.v0)));
    }
  }
}

TEST_CASE("no field of V0 is without a row") {
  std::set<std::string> seen = {"name", "type"};
  for (const V0FieldRow& row : v0_fields) seen.insert(first_word(row.old));
  const google::protobuf::Descriptor& v0 = *nuq::schema::V0LayerParameter::descriptor();
  for (int index = 0; index < v0.field_count(); ++index) {
    CAPTURE(v0.field(index)->name());
    CHECK(seen.count(v0.field(index)->name()) == 1);
  }
}

/// Messages that V1 and the present format share, something set in each.
const char* const parameters[] = {
    "accuracy_param { top_k: 5 axis: 2 ignore_label: 255 }",
    "argmax_param { out_max_val: true top_k: 3 }",
    "bn_param { bn_mode: INFERENCE }",
    "concat_param { axis: 2 }",
    "concat_param { concat_dim: 0 }",
    "contrastive_loss_param { margin: 0.5 }",
    "convolution_param { num_output: 4 bias_term: false pad: 1 kernel_size: 3 group: 2 stride: 2 }",
    "convolution_param { num_output: 4 pad_h: 1 pad_w: 2 kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 1 }",
    "data_param { source: 's' batch_size: 4 backend: LMDB rand_skip: 3 }",
    "dropout_param { dropout_ratio: 0.25 }",
    "dummy_data_param { num: 1 channels: 2 height: 3 width: 4 data_filler { value: 5 } }",
    "eltwise_param { operation: SUM coeff: 1 coeff: -1 }",
    "exp_param { base: 2 scale: 3 shift: 4 }",
    "hdf5_data_param { source: 's' batch_size: 4 }",
    "hdf5_output_param { file_name: 'f' }",
    "hinge_loss_param { norm: L2 }",
    "image_data_param { source: 's' batch_size: 4 shuffle: true new_height: 8 new_width: 9 }",
    "infogain_loss_param { source: 's' }",
    "inner_product_param { num_output: 4 bias_term: false weight_filler { type: 'xavier' } axis: 2 }",
    "loss_param { ignore_label: 7 normalize: false }",
    "lrn_param { local_size: 3 alpha: 0.5 beta: 0.25 norm_region: WITHIN_CHANNEL k: 2 }",
    "memory_data_param { batch_size: 1 channels: 2 height: 3 width: 4 }",
    "mvn_param { normalize_variance: false across_channels: true }",
    "pooling_param { pool: AVE pad: 1 kernel_size: 3 stride: 2 }",
    "pooling_param { pool: MAX global_pooling: true }",
    "power_param { power: 2 scale: 3 shift: 4 }",
    "relu_param { negative_slope: 0.125 }",
    "sigmoid_param { engine: CAFFE }",
    "slice_param { slice_dim: 2 slice_point: 1 slice_point: 3 }",
    "softmax_param { axis: 2 }",
    "tanh_param { engine: CAFFE }",
    "threshold_param { threshold: 0.5 }",
    "transform_param { scale: 0.5 mirror: true crop_size: 227 mean_file: 'm' }",
    "window_data_param { source: 's' batch_size: 4 fg_threshold: 0.75 context_pad: 16 crop_mode: 'square' }",
};

TEST_CASE("each parameter message of V1 is the present one") {
  std::set<std::string> seen = {"layer"};  // V0's
  for (const std::string parameter : parameters) {
    CAPTURE(parameter);
    seen.insert(first_word(parameter));
    CHECK(upgraded_text("name: 'l' type: RELU " + parameter) == present_text("name: 'l' type: 'ReLU' " + parameter));
  }
  for (int index = 0; index < V1::descriptor()->field_count(); ++index) {
    const google::protobuf::FieldDescriptor& field = *V1::descriptor()->field(index);
    if (field.message_type() == nullptr || field.is_repeated()) continue;
    CAPTURE(field.name());
    CHECK(seen.count(field.name()) == 1);
  }
}

struct Pair {
  const char* old;
  const char* present;
};

TEST_CASE("what V1 says of a layer's blobs, losses and rules has its present form") {
  const Pair pairs[] = {
      {"blobs_lr: 1", "param { lr_mult: 1 }"},
      {"weight_decay: 1 weight_decay: 0", "param { decay_mult: 1 } param { decay_mult: 0 }"},
      {"blobs_lr: 0 weight_decay: 1 weight_decay: 2", "param { lr_mult: 0 decay_mult: 1 } param { decay_mult: 2 }"},
      {"param: 'w'", "param { name: 'w' }"},
      {"param: '' param: 'b' blobs_lr: 3", "param { name: '' lr_mult: 3 } param { name: 'b' }"},
      {"param: 'w' blob_share_mode: STRICT", "param { name: 'w' share_mode: STRICT }"},
      {"blob_share_mode: STRICT blob_share_mode: PERMISSIVE",
       "param { share_mode: STRICT } param { share_mode: PERMISSIVE }"},
      {"loss_weight: 0 loss_weight: 2", "loss_weight: 0 loss_weight: 2"},
      {"include { phase: TEST min_level: 1 stage: 's' } include { not_stage: 't' }",
       "include { phase: TEST min_level: 1 stage: 's' } include { not_stage: 't' }"},
      {"exclude { phase: TRAIN max_level: 2 }", "exclude { phase: TRAIN max_level: 2 }"},
      {"blobs { num: 1 channels: 2 data: 3 data: 4 } blobs { shape { dim: 1 } double_data: 5 }",
       "blobs { num: 1 channels: 2 data: 3 data: 4 } blobs { shape { dim: 1 } double_data: 5 }"},
  };
  for (const Pair& pair : pairs) {
    CAPTURE(pair.old);
    const std::string connected = " bottom: 'a' bottom: 'b' top: 'c' top: 'd'";
    CHECK(upgraded_text("name: 'l' type: ELTWISE " + (pair.old + connected)) ==
          present_text("name: 'l' type: 'Eltwise' " + (pair.present + connected)));
  }
}

std::string upgraded_network(const std::string& old) {
  return printed(nuq::upgraded(parsed<nuq::schema::NetParameter>(old)));
}

TEST_CASE("one network says the same in all formats") {
  const std::string input = "name: 'n' input: 'x' input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8 ";
  const std::string v0 =
      "layers { layer { name: 'pad' type: 'padding' pad: 2 } bottom: 'x' top: 'pad' } "
      "layers { layer { name: 'conv' type: 'conv' num_output: 4 kernelsize: 5 stride: 2 } bottom: 'pad' top: 'conv' } "
      "layers { layer { name: 'relu' type: 'relu' } bottom: 'conv' top: 'conv' } "
      "layers { layer { name: 'pool' type: 'pool' pool: MAX kernelsize: 2 } bottom: 'conv' top: 'pool' } "
      "layers { layer { name: 'drop' type: 'dropout' dropout_ratio: 0.25 } bottom: 'pool' top: 'pool' } "
      "layers { layer { name: 'fc' type: 'innerproduct' num_output: 3 biasterm: false } bottom: 'pool' top: 'fc' } "
      "layers { layer { name: 'prob' type: 'softmax' } bottom: 'fc' top: 'prob' }";
  const std::string v1 =
      "layers { name: 'conv' type: CONVOLUTION bottom: 'x' top: 'conv' convolution_param { num_output: 4 kernel_size: "
      "5 "
      "stride: 2 pad: 2 } } "
      "layers { name: 'relu' type: RELU bottom: 'conv' top: 'conv' } "
      "layers { name: 'pool' type: POOLING bottom: 'conv' top: 'pool' pooling_param { pool: MAX kernel_size: 2 } } "
      "layers { name: 'drop' type: DROPOUT bottom: 'pool' top: 'pool' dropout_param { dropout_ratio: 0.25 } } "
      "layers { name: 'fc' type: INNER_PRODUCT bottom: 'pool' top: 'fc' inner_product_param { num_output: 3 bias_term: "
      "false } } "
      "layers { name: 'prob' type: SOFTMAX bottom: 'fc' top: 'prob' }";
  const std::string present =
      "layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'conv' convolution_param { num_output: 4 kernel_size: "
      "5 stride: 2 pad: 2 } } "
      "layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' } "
      "layer { name: 'pool' type: 'Pooling' bottom: 'conv' top: 'pool' pooling_param { pool: MAX kernel_size: 2 } } "
      "layer { name: 'drop' type: 'Dropout' bottom: 'pool' top: 'pool' dropout_param { dropout_ratio: 0.25 } } "
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'pool' top: 'fc' inner_product_param { num_output: 3 bias_term: "
      "false } } "
      "layer { name: 'prob' type: 'Softmax' bottom: 'fc' top: 'prob' }";
  CHECK(upgraded_network(input + v0) == upgraded_network(input + present));
  CHECK(upgraded_network(input + v1) == upgraded_network(input + present));
}

TEST_CASE("padding layers of V0 go into what reads them") {
  const std::string padding = "layers { layer { name: 'p' type: 'padding' pad: 3 } bottom: 'x' top: 'p' } ";
  const Pair pairs[] = {
      {"layers { layer { name: 'l' type: 'conv' } bottom: 'p' top: 'y' }",
       "layer { name: 'l' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { pad: 3 } }"},
      {"layers { layer { name: 'l' type: 'pool' } bottom: 'p' top: 'y' }",
       "layer { name: 'l' type: 'Pooling' bottom: 'x' top: 'y' pooling_param { pad: 3 } }"},
      {"layers { layer { name: 'l' type: 'conv' pad: 1 } bottom: 'p' top: 'y' }",
       "layer { name: 'l' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { pad: 3 } }"},
      {"layers { layer { name: 'l' type: 'conv' } bottom: 'p' top: 'y' } "
       "layers { layer { name: 'm' type: 'conv' pad: 1 } bottom: 'x' top: 'z' }",
       "layer { name: 'l' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { pad: 3 } } "
       "layer { name: 'm' type: 'Convolution' bottom: 'x' top: 'z' convolution_param { pad: 1 } }"},
      {"", ""},
  };
  for (const Pair& pair : pairs) {
    CAPTURE(pair.old);
    CHECK(upgraded_network(padding + pair.old) == upgraded_network(pair.present));
  }
}

}  // namespace caffe_upgrade_table_test
