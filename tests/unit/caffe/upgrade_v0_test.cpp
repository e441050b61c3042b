#include "nuq/caffe/upgrade_v0.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "message_text.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_rewriter.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/engine/net.hpp"
#include "small_network.hpp"

namespace caffe_upgrade_v0_test {

using Names = std::vector<std::string>;

std::string upgraded_text(const std::string& v0) {
  return printed(nuq::upgraded(parsed<nuq::schema::V1LayerParameter>(v0)));
}

std::string present_text(const std::string& present) {
  return printed(parsed<nuq::schema::LayerParameter>(present));
}

const std::string input = "name: 'net' input: 'data' input_dim: 1 input_dim: 2 input_dim: 5 input_dim: 5\n";

/// A network as it was written in 2013, and what Caffe's rules make of it.
const std::string v0_network =
    input +
    "layers { layer { name: 'pad1' type: 'padding' pad: 1 } bottom: 'data' top: 'pad1' }\n"
    "layers { layer { name: 'conv1' type: 'conv' num_output: 4 kernelsize: 3 stride: 2 group: 2 "
    "blobs_lr: 1. blobs_lr: 2. } bottom: 'pad1' top: 'conv1' } # the first one\n"
    "layers { layer { name: 'relu1' type: 'relu' } bottom: 'conv1' top: 'conv1' }\n"
    "layers { layer { name: 'norm1' type: 'lrn' local_size: 3 alpha: 0.5 beta: 0.5 } bottom: "
    "'conv1' top: 'norm1' }\n"
    "layers { layer { name: 'pool1' type: 'pool' pool: AVE kernelsize: 2 stride: 2 } bottom: "
    "'norm1' top: 'pool1' }\n"
    "layers { layer { name: 'fc' type: 'innerproduct' num_output: 3 biasterm: false } bottom: "
    "'pool1' top: 'fc' }\n"
    "layers { layer { name: 'prob' type: 'softmax' } bottom: 'fc' top: 'prob' }\n";
const std::string present_network =
    input +
    "layer { name: 'conv1' type: 'Convolution' bottom: 'data' top: 'conv1' convolution_param { num_output: 4 "
    "kernel_size: 3 stride: 2 group: 2 pad: 1 } }\n"
    "layer { name: 'relu1' type: 'ReLU' bottom: 'conv1' top: 'conv1' }\n"
    "layer { name: 'norm1' type: 'LRN' bottom: 'conv1' top: 'norm1' lrn_param { local_size: 3 alpha: 0.5 beta: 0.5 } "
    "}\n"
    "layer { name: 'pool1' type: 'Pooling' bottom: 'norm1' top: 'pool1' pooling_param { pool: AVE kernel_size: 2 "
    "stride: "
    "2 } }\n"
    "layer { name: 'fc' type: 'InnerProduct' bottom: 'pool1' top: 'fc' inner_product_param { num_output: 3 bias_term: "
    "false } }\n"
    "layer { name: 'prob' type: 'Softmax' bottom: 'fc' top: 'prob' }\n";

const std::vector<std::pair<std::string, std::vector<nuq::Tensor>>>& trained() {
  static const std::vector<std::pair<std::string, std::vector<nuq::Tensor>>> blobs{
      {"conv1", {counting({4, 1, 3, 3}, -17.0F), counting({4}, 1.0F)}}, {"fc", {counting({3, 16}, -24.0F)}}};
  return blobs;
}

/// A caffemodel of 2013: the layers' blobs inside `layer`, all with four extents.
nuq::schema::NetWeights v0_weights() {
  nuq::schema::NetWeights weights = parsed<nuq::schema::NetWeights>(
      "layers { layer { name: 'pad1' type: 'padding' } bottom: 'data' top: 'pad1' } "
      "layers { layer { name: 'conv1' type: 'conv' } bottom: 'pad1' top: 'conv1' } "
      "layers { layer { name: 'fc' type: 'innerproduct' } bottom: 'pool1' top: 'fc' }");
  for (std::size_t index = 0; index < trained().size(); ++index) {
    for (const nuq::Tensor& tensor : trained()[index].second) {
      auto& blob = *weights.mutable_layers(static_cast<int>(index) + 1)->mutable_layer()->add_blobs();
      nuq::Shape shape = tensor.shape;
      while (shape.size() < 4) shape.insert(shape.begin(), 1);
      blob.set_num(static_cast<std::int32_t>(shape[0]));
      blob.set_channels(static_cast<std::int32_t>(shape[1]));
      blob.set_height(static_cast<std::int32_t>(shape[2]));
      blob.set_width(static_cast<std::int32_t>(shape[3]));
      blob.mutable_data()->Add(tensor.values.begin(), tensor.values.end());
    }
  }
  return weights;
}

SmallWeights present_weights() {
  SmallWeights weights;
  for (const auto& [name, blobs] : trained()) weights.layer(name, "", blobs);
  return weights;
}

nuq::Graph v0_graph(const std::string& text = v0_network) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(text, v0_weights().SerializeAsString(), "net.prototxt", "net.caffemodel")));
}

std::vector<float> output_of(nuq::Graph graph) {
  nuq::Net net(std::move(graph));
  net.set_input("data", counting({1, 2, 5, 5}, -20.0F).view());
  net.forward();
  const nuq::TensorView output = net.output("prob");
  return {output.values.begin(), output.values.end()};
}

Names node_names(const nuq::Graph& graph) {
  Names names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

/// Each weight layer at its own int8 scale, activations as told.
nuq::NetworkQuantization quantization_of(const nuq::Graph& graph, bool activations) {
  nuq::NetworkQuantization quantization;
  for (const char* const name : {"conv1", "fc"}) {
    const nuq::Tensor& weights = graph.find(name)->blobs[0];
    nuq::LayerQuantization& layer = quantization[name];
    layer.weights.rows = static_cast<std::size_t>(weights.shape[0]);
    layer.weights.cols = weights.values.size() / layer.weights.rows;
    layer.weights.scales = {2.0F};
    layer.weights.levels.assign(weights.values.size(), 5);
    if (activations) layer.activation = nuq::ActivationScale{0.25F, 3, true};
  }
  return quantization;
}

TEST_CASE("a V0 layer says the same in the present format") {
  CHECK(upgraded_text(
            "bottom: 'a' top: 'b' layer { name: 'c' type: 'conv' num_output: 96 biasterm: false pad: 2 "
            "kernelsize: 11 group: 2 stride: 4 weight_filler { type: 'gaussian' std: 0.01 } bias_filler { type: "
            "'constant' value: 0.1 } blobs_lr: 1 blobs_lr: 2 weight_decay: 1 blobs { data: 3 } }") ==
        present_text(
            "name: 'c' type: 'Convolution' bottom: 'a' top: 'b' param { lr_mult: 1 decay_mult: 1 } param { "
            "lr_mult: 2 } blobs { data: 3 } convolution_param { num_output: 96 bias_term: false pad: 2 "
            "kernel_size: 11 group: 2 stride: 4 weight_filler { type: 'gaussian' std: 0.01 } bias_filler { type: "
            "'constant' value: 0.1 } }"));
  CHECK(upgraded_text("layer { name: 'p' type: 'pool' pool: STOCHASTIC kernelsize: 3 stride: 2 pad: 1 }") ==
        present_text("name: 'p' type: 'Pooling' pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 pad: 1 }"));
  CHECK(
      upgraded_text("layer { type: 'innerproduct' num_output: 9 biasterm: true weight_filler { type: 'xavier' } }") ==
      present_text("name: '' type: 'InnerProduct' inner_product_param { num_output: 9 bias_term: true weight_filler { "
                   "type: 'xavier' } }"));
  CHECK(upgraded_text("layer { name: 'n' type: 'lrn' local_size: 5 alpha: 0.0001 beta: 0.75 k: 2 }") ==
        present_text("name: 'n' type: 'LRN' lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 k: 2 }"));
  CHECK(upgraded_text("layer { name: 'd' type: 'dropout' dropout_ratio: 0.3 }") ==
        present_text("name: 'd' type: 'Dropout' dropout_param { dropout_ratio: 0.3 }"));
  CHECK(upgraded_text("layer { name: 'c' type: 'concat' concat_dim: 0 } bottom: 'a' bottom: 'b' top: 'c'") ==
        present_text("name: 'c' type: 'Concat' bottom: 'a' bottom: 'b' top: 'c' concat_param { concat_dim: 0 }"));
}

TEST_CASE("data layers keep their source and what they do to it") {
  CHECK(
      upgraded_text("layer { name: 'd' type: 'data' source: 'train' meanfile: 'm' batchsize: 256 cropsize: 227 mirror: "
                    "true scale: 0.5 rand_skip: 7 } top: 'data' top: 'label'") ==
      present_text(
          "name: 'd' type: 'Data' top: 'data' top: 'label' transform_param { scale: 0.5 mirror: true crop_size: "
          "227 mean_file: 'm' } data_param { source: 'train' batch_size: 256 rand_skip: 7 }"));
  CHECK(upgraded_text("layer { name: 'i' type: 'images' source: 'list' batchsize: 8 new_height: 256 new_width: 128 "
                      "shuffle_images: true }") ==
        present_text("name: 'i' type: 'ImageData' image_data_param { source: 'list' batch_size: 8 new_height: 256 "
                     "new_width: 128 shuffle: true }"));
  CHECK(upgraded_text("layer { name: 'w' type: 'window_data' source: 's' batchsize: 2 det_fg_threshold: 0.6 "
                      "det_bg_threshold: 0.4 det_fg_fraction: 0.2 det_context_pad: 16 det_crop_mode: 'square' }") ==
        present_text("name: 'w' type: 'WindowData' window_data_param { source: 's' batch_size: 2 fg_threshold: 0.6 "
                     "bg_threshold: 0.4 fg_fraction: 0.2 context_pad: 16 crop_mode: 'square' }"));
  CHECK(upgraded_text("layer { name: 'h' type: 'hdf5_output' hdf5_output_param { file_name: 'f' } }") ==
        present_text("name: 'h' type: 'HDF5Output' hdf5_output_param { file_name: 'f' }"));
}

TEST_CASE("what has no meaning for a layer is dropped, an unknown type keeps its name") {
  CHECK(upgraded_text("layer { name: 'r' type: 'relu' num_output: 3 kernelsize: 5 }") ==
        present_text("name: 'r' type: 'ReLU'"));
  CHECK(upgraded_text("layer { name: 'x' type: 'mystery' } bottom: 'a'") ==
        present_text("name: 'x' type: 'mystery' bottom: 'a'"));
  CHECK(upgraded_text("layer { name: 'i' type: 'images' new_height: -1 new_width: 4 }") ==
        present_text("name: 'i' type: 'ImageData' image_data_param { new_width: 4 }"));
}

TEST_CASE("every V0 type is one of those that V1 has") {
  std::set<std::string> v1_types;
  const google::protobuf::EnumDescriptor& types = *nuq::schema::V1LayerParameter::LayerType_descriptor();
  for (int index = 0; index < types.value_count(); ++index) {
    v1_types.insert(nuq::upgraded(static_cast<nuq::schema::V1LayerParameter::LayerType>(types.value(index)->number())));
  }
  for (const auto& type : nuq::detail::v0_types) {
    CAPTURE(std::string(type.name));
    CHECK(v1_types.count(std::string(type.upgraded)) == 1);
  }
}

TEST_CASE("a V0 network computes what its present form computes, padding layers and weights included") {
  const nuq::Graph graph = v0_graph();
  CHECK(node_names(graph) == Names{"conv1", "relu1", "norm1", "pool1", "fc", "prob"});
  CHECK(graph.find("conv1")->source_index == 1);
  CHECK(graph.find("fc")->blobs[0].shape == nuq::Shape{3, 16});
  CHECK(output_of(graph) == output_of(graph_of(present_network, present_weights())));
}

TEST_CASE(
    "a padding layer pads every convolution and pooling that reads it, and only until its blob is written again") {
  const nuq::schema::NetParameter net =
      nuq::upgraded(parsed<nuq::schema::NetParameter>(
          input + "layers { layer { name: 'pad' type: 'padding' pad: 2 } bottom: 'data' top: 'p' } "
                  "layers { layer { name: 'a' type: 'conv' num_output: 2 kernelsize: 3 } bottom: 'p' top: 'a' } "
                  "layers { layer { name: 'b' type: 'pool' kernelsize: 3 pad: 1 } bottom: 'p' top: 'p' } "
                  "layers { layer { name: 'c' type: 'conv' num_output: 2 kernelsize: 1 } bottom: 'p' top: 'c' }"));
  REQUIRE(net.layer_size() == 3);
  CHECK(net.layer(0).bottom(0) == "data");
  CHECK(net.layer(0).convolution_param().pad(0) == 2);
  CHECK(net.layer(1).bottom(0) == "data");
  CHECK(net.layer(1).pooling_param().pad() == 2);
  CHECK(net.layer(2).bottom(0) == "p");
  CHECK(net.layer(2).convolution_param().pad_size() == 0);
}

TEST_CASE("a padding layer that another type of layer reads is refused") {
  const auto error = error_of<nuq::ModelError>([] {
    static_cast<void>(graph_of(input +
                                   "layers { layer { name: 'pad' type: 'padding' pad: 2 } bottom: 'data' top: 'p' } "
                                   "layers { layer { name: 'r' type: 'relu' } bottom: 'p' top: 'r' }",
                               SmallWeights().layer("none", "", {filled({1}, 0.0F)})));
  });
  CHECK(error.says("net.prototxt: layer 'r': bottom 'p' is produced only by layer 'pad', which only a conv or pool"));
}

TEST_CASE("replacing weights alone keeps the V0 syntax of both files") {
  const nuq::Graph graph = v0_graph();
  CHECK(nuq::ModelRewriter(graph).finish().weights.SerializeAsString() == v0_weights().SerializeAsString());
  const nuq::Model model = nuq::fake_quant_model(graph, quantization_of(graph, false));
  CHECK(model.text == v0_network);
  REQUIRE(model.weights.layers_size() == 3);
  CHECK(model.weights.layers(1).layer().name() == "conv1");
  CHECK(model.weights.layers(1).layer().type() == "conv");
  CHECK(model.weights.layers(1).layer().blobs(0).data(7) == 10.0F);
  CHECK(model.weights.layers(1).layer().blobs(0).num() == 4);
  CHECK(model.weights.layers(1).layer().blobs(1).data(2) == 3.0F);
  CHECK(reread(model).find("fc")->blobs[0].values == std::vector<float>(48, 10.0F));
}

TEST_CASE("a V0 file is upgraded as a whole where layers are inserted") {
  const nuq::Graph graph = v0_graph();
  const nuq::Model model = nuq::fake_quant_model(graph, quantization_of(graph, true));
  CHECK(model.net.layers_size() == 0);
  CHECK(model.weights.layers_size() == 0);
  CHECK(model.text.find("padding") == std::string::npos);
  CHECK(model.weights.layer(0).type() == "Convolution");
  CHECK(node_names(reread(model)) == Names{"conv1_0_quant_layer", "conv1", "conv1_dequant_layer", "relu1", "norm1",
                                           "pool1", "fc_0_quant_layer", "fc", "fc_dequant_layer", "prob"});
  const nuq::Graph present = graph_of(present_network, present_weights());
  CHECK(output_of(reread(model)) == output_of(reread(nuq::fake_quant_model(present, quantization_of(present, true)))));
}

}  // namespace caffe_upgrade_v0_test
