#include "nuq/caffe/model_rewriter.hpp"
#include "nuq/caffe/caffe_source.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nuq/graph/passes/fuse.hpp"
#include "small_network.hpp"

namespace caffe_model_rewriter_test {

/// Weights for a layer 'conv' without bias, [2,1,1,1], and 'bn', 'scale' behind it: y = (x − 1) / √(4 − ε + ε) · 4 + 3.
SmallWeights conv_bn_scale() {
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("bn", "BatchNorm", {filled({2}, 1.0F), filled({2}, 4.0F), filled({1}, 1.0F)})
      .layer("scale", "Scale", {filled({2}, 4.0F), filled({2}, 3.0F)});
  return weights;
}

nuq::Graph fused(const std::string& text, const SmallWeights& weights) {
  nuq::Graph graph = graph_of(text, weights);
  nuq::fuse(graph);
  return graph;
}

std::string rewritten(const std::string& text, const SmallWeights& weights) {
  const nuq::Graph graph = fused(text, weights);
  return nuq::ModelRewriter(graph).finish().text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string relu = "layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'data' }";

nuq::schema::LayerParameter layer(const std::string& name, const std::string& bottom, const std::string& top) {
  nuq::schema::LayerParameter result;
  result.set_name(name);
  result.set_type("Quant");
  result.add_bottom(bottom);
  result.add_top(top);
  return result;
}

std::vector<std::string> node_names(const nuq::Graph& graph) {
  std::vector<std::string> names;
  for (const nuq::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

using Names = std::vector<std::string>;

const std::string odd_network = R"(# A "network" { with: 'oddities' }
name : "odd # name } \" {"   input:"data",input_shape<dim : [1, 1,
  2,2]>;

unknown_net_field { deep < list: [ { a: 1 }, <b: -2> ] > [some.extension]: 'x' }
layer: {name:'conv'# the name
  type :"Convo" 'lution' bottom: ["data"] top:
  "conv" convolution_param : < num_output:2 kernel_size:1; bias_term
    :  False weight_filler { unknown_parameter: 0x1F } >	} # behind the convolution
layer{name:"bn"type:"BatchNorm"bottom:"conv"top:"conv"}
  layer {
    name: "scale" # scale { }
    type: "Scale"
    bottom: "conv"  top: "scaled"
    scale_param { bias_term: true }
  }
layer { name: "braces } in { 'strings'" type: "ReLU" bottom: 'scaled' top: "\"\\\x41\303\251" } layer < name: "last" type: "Custom" custom_param { f: - 1.5e-3 } bottom: "\"\\A\303\251" top: "out" >
# the end, without a line break)";

/// Layers 'bn' and 'scale' in front of 'conv', [2,2,1,1] without bias.
const std::string data_in_front = "input: 'data' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 3\n";

SmallWeights bn_scale_conv() {
  SmallWeights weights;
  weights.layer("bn", "BatchNorm", {filled({2}, 1.0F), filled({2}, 4.0F), filled({1}, 1.0F)})
      .layer("scale", "Scale", {filled({2}, 4.0F), filled({2}, 3.0F)})
      .layer("conv", "Convolution", {counting({2, 2, 1, 1}, 1.0F)});
  return weights;
}

std::string bn_scale_conv_text(const std::string& bn_top, const std::string& scale_top) {
  return data_in_front + "layer { name: 'bn' type: 'BatchNorm' bottom: 'data' top: '" + bn_top + "' } # goes\n" +
         "layer { name: 'scale' type: 'Scale' bottom: '" + bn_top + "' top: '" + scale_top +
         "' scale_param { bias_term: true } }\n" + "layer { name: 'conv' type: 'Convolution' bottom: '" + scale_top +
         "' top: 'conv' convolution_param { num_output: 2 kernel_size: 1 bias_term: false } } # stays\n";
}

TEST_CASE("a rewritten prototxt differs in the folded layers and in the top and bias of their convolution alone") {
  std::string wanted = odd_network;
  wanted = replaced(wanted, "top:\n  \"conv\" convolution_param", "top:\n  \"scaled\" convolution_param");
  wanted = replaced(wanted, ":  False", ":  true");
  const std::size_t begin = wanted.find("layer{name:\"bn\"");
  wanted.erase(begin, wanted.find("layer { name: \"braces") - begin);

  const nuq::Graph graph = fused(odd_network, conv_bn_scale());
  REQUIRE(graph.find("conv")->fused == Names{"bn", "scale"});
  CHECK(nuq::ModelRewriter(graph).finish().text == wanted);
}

TEST_CASE("line ends of other systems stay as they are") {
  std::string text;
  std::string wanted;
  for (const char c : odd_network) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const char c : rewritten(odd_network, conv_bn_scale()))
    wanted += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(rewritten(text, conv_bn_scale()) == wanted);
}

TEST_CASE("nothing to fold, nothing changed") {
  const std::string text =
      replaced(odd_network, "layer{name:\"bn\"type:\"BatchNorm\"bottom", "layer{name:\"bn\"type:\"Custom\"bottom");
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("scale", "Scale", {filled({2}, 4.0F), filled({2}, 3.0F)});
  const nuq::Graph graph = fused(text, weights);
  const nuq::Model model = nuq::ModelRewriter(graph).finish();
  CHECK(model.text == text);
  CHECK(model.weights.SerializeAsString() == weights.bytes());
  CHECK(model.model_file == "net.prototxt");
  CHECK(model.weights_file == "net.caffemodel");
}

TEST_CASE("a bias that is there already is not written again, however it is spelt") {
  const std::string after_conv = "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' }";
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F), filled({2}, 0.5F)})
      .layer("bn", "BatchNorm", {filled({2}, 1.0F), filled({2}, 4.0F), filled({1}, 1.0F)});
  for (const std::string bias : {"", "bias_term: t", "bias_term: True", "bias_term: 1"}) {
    CAPTURE(bias);
    const std::string text =
        "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2 layer { name: 'conv' type: 'Convolution' "
        "bottom: 'data' top: 'conv' "
        "convolution_param { num_output: 2 kernel_size: 1 " +
        bias + " } } ";
    CHECK(rewritten(text + after_conv, weights) == text);
  }
}

TEST_CASE("bias and top of a folded InnerProduct are brought up to date as well") {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {counting({2, 3}, 1.0F)})
      .layer("bn", "BatchNorm", {filled({2}, 1.0F), filled({2}, 4.0F), filled({1}, 1.0F)});
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 3\n"
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' inner_product_param { num_output: 2 bias_term: "
      "0 } }\n";
  CHECK(rewritten(text + "layer { name: 'bn' type: 'BatchNorm' bottom: 'fc' top: 'b' }\n", weights) ==
        replaced(replaced(text, "top: 'fc'", "top: \"b\""), "bias_term: 0", "bias_term: true"));
}

TEST_CASE("the caffemodel of a folded network has the folded blobs and no other layer changed") {
  SmallWeights weights = conv_bn_scale();
  weights.layer("other", "InnerProduct", {filled({1}, 5.0F)});
  weights.proto().mutable_layer(3)->mutable_unknown_fields()->AddLengthDelimited(141, "a fork's own string");
  REQUIRE_FALSE(nuq::schema::NetParameter().ParseFromString(weights.bytes()));  // a message has that number here
  const nuq::Graph graph = fused(odd_network, weights);
  const nuq::schema::NetWeights result = nuq::ModelRewriter(graph).finish().weights;
  REQUIRE(result.layer_size() == 2);
  const nuq::schema::LayerWeights& conv = result.layer(0);
  REQUIRE(conv.blobs_size() == 2);
  for (int index = 0; index < 2; ++index) {
    const std::vector<float>& wanted = graph.find("conv")->blobs[static_cast<std::size_t>(index)].values;
    CHECK(std::vector<float>(conv.blobs(index).data().begin(), conv.blobs(index).data().end()) == wanted);
  }
  CHECK(conv.blobs(0).data(0) == doctest::Approx(2.0).epsilon(1e-4));  // 1 · 4 / √4
  CHECK(conv.blobs(1).data(0) == doctest::Approx(1.0).epsilon(1e-4));  // (0 − 1) · 4 / √4 + 3
  CHECK(result.layer(1).SerializeAsString() == weights.proto().layer(3).SerializeAsString());
}

TEST_CASE("reading the rewritten files gives the folded network") {
  const nuq::Graph graph = fused(odd_network, conv_bn_scale());
  const nuq::Graph again = reread(nuq::ModelRewriter(graph).finish());
  CHECK(node_names(again) == node_names(graph));
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    CHECK(again.nodes[index].inputs == graph.nodes[index].inputs);
    CHECK(again.nodes[index].outputs == graph.nodes[index].outputs);
  }
  for (std::size_t index = 0; index < graph.values.size(); ++index)
    CHECK(again.values[index].blob == graph.values[index].blob);
  CHECK(again.nodes[0].blobs[0].values == graph.nodes[0].blobs[0].values);
  CHECK(again.nodes[0].blobs[1].values == graph.nodes[0].blobs[1].values);
}

TEST_CASE("a convolution that took in what stood in front of it reads the bottom of that") {
  const std::string conv =
      "layer { name: 'conv' type: 'Convolution' bottom: \"data\" top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 1 bias_term: true } } # stays\n";
  CHECK(rewritten(bn_scale_conv_text("b", "s"), bn_scale_conv()) == data_in_front + " # goes\n" + conv);
  CHECK(rewritten(bn_scale_conv_text("data", "data"), bn_scale_conv()) ==
        data_in_front + " # goes\n" + replaced(conv, "\"data\"", "'data'"));
}

TEST_CASE("the caffemodel of a convolution that took in what stood in front of it has the folded blobs") {
  const nuq::Graph graph = fused(bn_scale_conv_text("b", "s"), bn_scale_conv());
  const nuq::Graph again = reread(nuq::ModelRewriter(graph).finish());
  REQUIRE(node_names(again) == Names{"conv"});
  for (std::size_t index = 0; index < 2; ++index)
    CHECK(again.nodes[0].blobs[index].values == graph.nodes[0].blobs[index].values);
  CHECK(again.nodes[0].blobs[0].values[3] == doctest::Approx(8.0).epsilon(1e-4));  // 4 · 4 / √4
  CHECK(again.nodes[0].blobs[1].values[1] == doctest::Approx(7.0).epsilon(1e-4));  // (3 + 4) · (3 − 1 · 4 / √4)
}

TEST_CASE("a bottom that is set wins over the one of folded layers") {
  const nuq::Graph graph = fused(bn_scale_conv_text("b", "s"), bn_scale_conv());
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  const nuq::Node& node = *graph.find("conv");
  rewriter.insert_before(node, layer("q", "data", "data_q"));
  rewriter.set_bottom(node, "data_q");
  const nuq::Graph again = reread(std::move(rewriter).finish());
  CHECK(node_names(again) == Names{"q", "conv"});
  CHECK(again.nodes[1].inputs == again.nodes[0].outputs);
}

TEST_CASE("a folded layer's twin of another phase goes with it") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2\n"
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 1 bias_term: false } }\n";
  const std::string twins =
      "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' include { phase: TRAIN } }\n"
      "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' include { phase: TEST } }\n";
  CHECK(rewritten(text + twins, conv_bn_scale()) == replaced(text, "false", "true"));
}

TEST_CASE("a V1 file keeps its syntax while no layer is inserted") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2\n"
      "layers { name: 'relu' type: RELU bottom: 'data' top: 'r' odd: 1 } # comment\n";
  SmallWeights weights;
  weights.v1_layer("unused", nuq::schema::V1LayerParameter::INNER_PRODUCT, {filled({1}, 1.0F)});
  const nuq::Graph graph = graph_of(text, weights);
  const nuq::Model model = nuq::ModelRewriter(graph).finish();
  CHECK(model.text == text);
  CHECK(model.weights.SerializeAsString() == weights.bytes());
}

TEST_CASE("a V1 file is upgraded as a whole where layers are inserted") {
  SmallWeights weights;
  weights.v1_layer("ip", nuq::schema::V1LayerParameter::INNER_PRODUCT, {counting({1, 4}, 1.0F)});
  const nuq::Graph graph = graph_of(
      "input: 'data' input_dim: 1 input_dim: 4\n"
      "layers { name: 'relu' type: RELU bottom: 'data' top: 'data' }\n"
      "layers { name: 'ip' type: INNER_PRODUCT bottom: 'data' top: 'ip' blobs_lr: 2 inner_product_param { num_output: "
      "1 bias_term: false } }\n",
      weights);
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  rewriter.insert_before(*graph.find("ip"), layer("q", "data", "data_q"));
  rewriter.set_bottom(*graph.find("ip"), "data_q");
  const nuq::Model model = std::move(rewriter).finish();
  CHECK(model.net.layers_size() == 0);
  CHECK(model.weights.layers_size() == 0);
  CHECK(model.weights.layer(0).type() == "InnerProduct");
  const nuq::Graph again = reread(model);
  CHECK(node_names(again) == Names{"relu", "q", "ip"});
  CHECK(again.nodes[2].inputs == again.nodes[1].outputs);
  CHECK(nuq::caffe_model(again)->net.layer(static_cast<int>(again.nodes[2].source_index)).param(0).lr_mult() == 2.0F);
  CHECK(again.nodes[2].blobs[0].values == std::vector<float>{1.0F, 2.0F, 3.0F, 4.0F});
}

TEST_CASE("layers are inserted around one, everything else verbatim") {
  const std::string text = "input: 'data' input_dim: 1 input_dim: 4\n# before\n  " + relu + "  # behind\n# end\n";
  const nuq::Graph graph = graph_of(text, conv_bn_scale());
  const nuq::Node& node = *graph.find("relu");
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  rewriter.insert_before(node, layer("q", "data", "data_q"));
  rewriter.insert_after(node, layer("d", "data", "data"));
  rewriter.set_bottom(node, "data_q");
  const auto printed = [](const std::string& name, const std::string& top) {
    return "layer {\n  name: \"" + name + "\"\n  type: \"Quant\"\n  bottom: \"data\"\n  top: \"" + top + "\"\n}\n";
  };
  CHECK(std::move(rewriter).finish().text ==
        "input: 'data' input_dim: 1 input_dim: 4\n# before\n  " + printed("q", "data_q") +
            replaced(relu, "bottom: 'data'", "bottom: \"data_q\"") + "  # behind\n" + printed("d", "data") + "# end\n");
}

TEST_CASE("an insertion right behind a layer that a removal follows") {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2 "
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 1 bias_term: false } }"
      "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'conv' }layer { name: 'relu' type: 'ReLU' bottom: "
      "'conv' top: 'r' }";
  const nuq::Graph graph = fused(text, conv_bn_scale());
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  rewriter.insert_after(*graph.find("conv"), layer("d", "conv", "conv"));
  CHECK(node_names(reread(std::move(rewriter).finish())) == Names{"conv", "d", "relu"});
}

TEST_CASE("an inserted layer is part of the network whenever its neighbour is, and its blobs go to the caffemodel") {
  const std::string rules = "include { phase: TEST stage: 'a' } include { min_level: 3 }";
  const nuq::Graph graph =
      graph_of("state { stage: 'a' } input: 'data' input_dim: 1 " + replaced(relu, "}", rules + " }"), conv_bn_scale());
  nuq::schema::LayerParameter inserted = layer("d", "data", "data");
  inserted.add_blobs()->add_data(2.5F);
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  rewriter.insert_after(*graph.find("relu"), inserted);
  const nuq::Model model = std::move(rewriter).finish();
  REQUIRE(model.net.layer_size() == 2);
  CHECK(model.net.layer(1).blobs_size() == 0);
  REQUIRE(model.net.layer(1).include_size() == 2);
  for (int index = 0; index < 2; ++index) {
    CHECK(model.net.layer(1).include(index).SerializeAsString() ==
          model.net.layer(0).include(index).SerializeAsString());
  }
  const nuq::schema::LayerWeights& weights = model.weights.layer(model.weights.layer_size() - 1);
  CHECK(weights.name() == "d");
  CHECK(weights.blobs(0).data(0) == 2.5F);
}

TEST_CASE("the bottom of a layer is found in a list, and needs no edit where it is the same") {
  const std::string text = "input: 'data' layer { name: 'c' type: 'Concat' bottom: ['data', \"data\"] top: 'c' }";
  const nuq::Graph graph = graph_of(text, conv_bn_scale());
  nuq::ModelRewriter same(graph);
  same.set_bottom(*graph.find("c"), "data");
  CHECK(std::move(same).finish().text == text);
  nuq::ModelRewriter other(graph);
  other.set_bottom(*graph.find("c"), "it's \"new\"");
  CHECK(std::move(other).finish().text == replaced(text, "['data'", R"(["it\'s \"new\"")"));
}

TEST_CASE("a name that the model has already is refused for a layer or blob to be inserted") {
  const nuq::Graph graph =
      graph_of("input: 'data' " + relu +
                   " layer { name: 'train' type: 'ReLU' bottom: 'data' top: 'loss' include { phase: TRAIN } }",
               conv_bn_scale());
  const nuq::Node& node = *graph.find("relu");
  nuq::ModelRewriter rewriter(graph, nuq::RewriteSyntax::current);
  const auto refused = [&](const nuq::schema::LayerParameter& inserted, const std::string& what) {
    CHECK_THROWS_WITH_AS(rewriter.insert_before(node, inserted),
                         ("nuq: net.prototxt: layer 'relu': " + what +
                          " for its quantization exists already, wanted a model without one")
                             .c_str(),
                         nuq::ModelError);
  };
  refused(layer("relu", "data", "x"), "layer 'relu'");
  refused(layer("train", "data", "x"), "layer 'train'");
  refused(layer("q1", "x", "data"), "blob 'data'");
  refused(layer("q2", "data", "loss"), "blob 'loss'");
  rewriter.insert_before(node, layer("q3", "data", "new"));
  refused(layer("q3", "data", "newer"), "layer 'q3'");
  refused(layer("q4", "data", "new"), "blob 'new'");
  rewriter.insert_before(node, layer("q5", "new", "new"));  // in place
}

TEST_CASE("layers written as a list cannot be rewritten, and that is said") {
  const nuq::Graph graph =
      graph_of("input: 'data' layer: [ { name: 'a' type: 'ReLU' bottom: 'data' top: 'a' } ]", conv_bn_scale());
  CHECK_THROWS_WITH_AS(nuq::ModelRewriter{graph},
                       "nuq: net.prototxt: has its layers in a list, wanted `layer { … }` for each", nuq::ModelError);
}

}  // namespace caffe_model_rewriter_test
