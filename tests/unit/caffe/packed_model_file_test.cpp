#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/caffe/caffe_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/caffe/trained_blobs.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/packed_blob.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "small_network.hpp"

namespace caffe_packed_model_file_test {

/// A convolution, a deconvolution, an inner product with the shape that old files have, and weights of no layer.
nuq::Graph network() {
  SmallWeights weights;
  weights
      .layer("conv", "Convolution",
             {nuq::Tensor({6, 2, 3, 3}, random_values(108, 1)), nuq::Tensor({6}, random_values(6, 2))})
      .layer("up", "Deconvolution", {nuq::Tensor({6, 4, 2, 2}, random_values(96, 3))})
      .layer("fc", "InnerProduct", {nuq::Tensor({1, 1, 3, 256}, random_values(768, 4))})
      .layer("unused", "InnerProduct", {nuq::Tensor({2, 2}, random_values(4, 5))});
  return graph_of(R"(# a comment
    input: "data" input_shape { dim: 1 dim: 2 dim: 6 dim: 6 }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 6 kernel_size: 3 } }
    layer { name: "up" type: "Deconvolution" bottom: "c" top: "u"
            convolution_param { num_output: 4 kernel_size: 2 stride: 2 bias_term: false } }
    layer { name: "fc" type: "InnerProduct" bottom: "u" top: "f" inner_product_param { num_output: 3 bias_term: false } }
  )",
                  weights);
}

nuq::NetworkQuantization int8_quantization(const nuq::Graph& graph) {
  nuq::NetworkQuantization quantization;
  for (const nuq::Node& node : graph.nodes) {
    if (node.blobs.empty()) continue;
    const nuq::Granularity granularity =
        node.type == "InnerProduct" ? nuq::Granularity::per_tensor : nuq::Granularity::per_channel;
    quantization[node.name].weights = nuq::AbsMaxQuantizer{}.quantize(nuq::WeightMatrix(node).view(), granularity);
    quantization[node.name].activation = nuq::ActivationScale{0.02F, 0, false};
  }
  return quantization;
}

std::vector<std::uint8_t> packed(const nuq::Graph& graph, const nuq::Model& model,
                                 const nuq::NetworkQuantization& quantization = {}) {
  nuq::Parallel serial;
  return nuq::packed_file_of(graph, model, quantization, serial);
}

/// The values of all blobs of a caffemodel, serialised, by layer.
std::map<std::string, std::vector<std::string>> blobs_of(const nuq::Model& model) {
  std::map<std::string, std::vector<std::string>> blobs;
  const auto add = [&blobs](const auto& layer) {
    for (nuq::schema::BlobProto blob : layer.blobs()) {
      blob.clear_shape();
      blobs[layer.name()].push_back(blob.SerializeAsString());
    }
  };
  for (const nuq::schema::LayerWeights& layer : model.weights.layer()) add(layer);
  for (const nuq::schema::V1LayerWeights& layer : model.weights.layers())
    layer.has_layer() ? add(layer.layer()) : add(layer);
  return blobs;
}

nuq::Model round_trip(const nuq::Graph& graph, const nuq::Model& model,
                      const nuq::NetworkQuantization& quantization = {}) {
  return nuq::model_of_packed_file(packed(graph, model, quantization), "net.nuq");
}

/// How the blobs of a packed file are stored.
std::vector<bool> coded_blobs(const std::vector<std::uint8_t>& file) {
  const nuq::PackedModel model(file.data(), file.size());
  std::vector<bool> coded;
  for (std::size_t layer = 0; layer < model.view().layer_count(); ++layer) {
    model.view().layer(layer).visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      coded.push_back(blob.is_coded);
      return true;
    });
  }
  return coded;
}

TEST_CASE("a float model comes back with its text and every bit of its blobs, those of no layer too") {
  const nuq::Graph graph = network();
  const nuq::Model back = round_trip(graph, *nuq::caffe_model(graph));
  CHECK(back.text == nuq::caffe_model(graph)->text);
  CHECK(blobs_of(back) == blobs_of(*nuq::caffe_model(graph)));
  CHECK(coded_blobs(packed(graph, *nuq::caffe_model(graph))) == std::vector<bool>(5, false));
  const nuq::Graph reread_graph = reread(back);
  CHECK(reread_graph.find("fc")->blobs.front().shape == nuq::Shape{3, 256});
  CHECK(back.weights.layer(2).blobs(0).shape().dim_size() == 2);
}

TEST_CASE("of a fake-quant model the levels are coded, and products with their scales come back to the bit") {
  const nuq::Graph graph = network();
  const nuq::NetworkQuantization quantization = int8_quantization(graph);
  const nuq::Model model = nuq::fake_quant_model(graph, quantization);
  const nuq::Model back = round_trip(graph, model, quantization);
  CHECK(back.text == model.text);
  CHECK(blobs_of(back) == blobs_of(model));
  const std::vector<std::uint8_t> file = packed(graph, model, quantization);
  const std::vector<bool> coded = coded_blobs(file);
  CHECK(std::count(coded.begin(), coded.end(), true) == 3);
  const nuq::PackedModel reader(file.data(), file.size());
  CHECK(reader.levels("conv", 0) == quantization.at("conv").weights.levels);
}

TEST_CASE("levels that do not give the model's weights are not used") {
  const nuq::Graph graph = network();
  const nuq::NetworkQuantization quantization = int8_quantization(graph);
  CHECK(blobs_of(round_trip(graph, *nuq::caffe_model(graph), quantization)) == blobs_of(*nuq::caffe_model(graph)));
}

TEST_CASE("a parameter that layers share is stored once and comes back in each of them") {
  const auto branch = [](const std::string& name, const std::string& parameters) {
    return "layer { name: '" + name + "' type: 'InnerProduct' bottom: 'data' top: '" + name + "' " + parameters +
           " inner_product_param { num_output: 30 } }\n";
  };
  const nuq::Tensor weights({30, 20}, random_values(600, 1));
  const nuq::Tensor bias({30}, random_values(30, 2));
  const nuq::Tensor other_bias({30}, random_values(30, 3));
  const auto file_of = [&](const std::string& parameters) {
    SmallWeights stored;
    stored.layer("a", "InnerProduct", {weights, bias}).layer("b", "InnerProduct", {weights, other_bias});
    const nuq::Graph graph = graph_of(
        "input: 'data' input_shape { dim: 1 dim: 20 }\n" + branch("a", parameters) + branch("b", parameters), stored);
    const nuq::Model& model = *nuq::caffe_model(graph);
    CHECK(blobs_of(round_trip(graph, model)) == blobs_of(model));
    const nuq::NetworkQuantization quantization = int8_quantization(graph);
    const nuq::Model fake_quant = nuq::fake_quant_model(graph, quantization);
    CHECK(blobs_of(round_trip(graph, fake_quant, quantization)) == blobs_of(fake_quant));
    return packed(graph, model).size();
  };
  const std::size_t apart = file_of("param { lr_mult: 1 }");
  const std::size_t shared = file_of("param { name: 'w' }");
  CHECK(shared + 3 * 600 < apart);  // floats take between three and four bytes
  CHECK(apart < shared + 4 * 600 + 40);
}

TEST_CASE("a deploy model keeps its integers") {
  const nuq::Graph graph = network();
  const nuq::Model model = nuq::deploy_model(graph, int8_quantization(graph));
  CHECK(blobs_of(round_trip(graph, model)) == blobs_of(model));
  const std::vector<bool> coded = coded_blobs(packed(graph, model));
  CHECK(std::count(coded.begin(), coded.end(), true) == 3);
}

TEST_CASE("half and double precision, gradients and the vendor's uint64 are kept as they are") {
  const nuq::Graph graph = network();
  nuq::Model model = *nuq::caffe_model(graph);
  auto& layers = *model.weights.mutable_layer();
  layers[0].mutable_blobs(1)->add_diff(3.0F);
  nuq::schema::BlobProto& doubles = *layers[1].mutable_blobs(0);
  for (const float value : doubles.data()) doubles.add_double_data(static_cast<double>(value) / 3.0);
  doubles.clear_data();
  doubles.set_double_data(0, -0.0);
  nuq::schema::BlobProto& raw = *layers[3].mutable_blobs(0);
  raw.clear_data();
  raw.set_raw_data(std::string("\1\0\2\0\3\0\4\0", 8));
  CHECK(blobs_of(round_trip(graph, model)) == blobs_of(model));
}

TEST_CASE("old layer formats become the present one") {
  SmallWeights weights;
  weights.v1_layer("ip", nuq::schema::V1LayerParameter::INNER_PRODUCT, {nuq::Tensor({2, 4}, random_values(8, 7))});
  const nuq::Graph graph = graph_of(
      "input: 'data' input_dim: 1 input_dim: 4 input_dim: 1 input_dim: 1 layers { name: 'ip' type: INNER_PRODUCT "
      "bottom: 'data' top: 'ip' inner_product_param { num_output: 2 bias_term: false } }",
      weights);
  const nuq::Model back = round_trip(graph, *nuq::caffe_model(graph));
  REQUIRE(back.weights.layer_size() == 1);
  CHECK(back.weights.layer(0).type() == "InnerProduct");
  CHECK(reread(back).find("ip")->blobs.front().values == graph.find("ip")->blobs.front().values);
}

TEST_CASE("any number of threads packs the same bytes") {
  const nuq::Graph graph = network();
  const nuq::NetworkQuantization quantization = int8_quantization(graph);
  const nuq::Model model = nuq::fake_quant_model(graph, quantization);
  nuq::ThreadPool three(3);
  CHECK(nuq::packed_file_of(graph, model, quantization, three) == packed(graph, model, quantization));
}

TEST_CASE("a small file that stands for more than a caffemodel can hold is refused before memory is asked for") {
  nuq::PackedModelWriter writer("name: 'large'");
  writer.add_layer("fc", "InnerProduct");
  const std::vector<std::int8_t> one_level(std::size_t{1} << 20U, 3);
  const std::vector<float> scale = {0.5F};
  const nuq::CodedLevels coded = nuq::encode_levels({one_level.data(), 1, one_level.size()});
  for (int blob = 0; blob < 512; ++blob)
    writer.add_coded_levels({1, 1 << 20}, nuq::ScaledLevels{one_level, scale, {}}, coded);
  const std::vector<std::uint8_t> file = writer.finish();
  CHECK(file.size() < 20000);
  const CaughtError error =
      error_of<nuq::FormatError>([&] { static_cast<void>(nuq::model_of_packed_file(file, "large.nuq")); });
  CHECK(error.says("large.nuq: unpacks to more than 2 GB"));
}

TEST_CASE("a file that stands for far more than its bytes make likely is refused, unless the limits allow it") {
  nuq::PackedModelWriter writer("name: 'net'");
  writer.add_layer("fc", "InnerProduct");
  const std::vector<std::int8_t> one_level(std::size_t{1} << 20U, 3);
  const std::vector<float> scale = {0.5F};
  for (int blob = 0; blob < 17; ++blob)
    writer.add_coded_levels({1, 1 << 20}, nuq::ScaledLevels{one_level, scale, {}},
                            nuq::encode_levels({one_level.data(), 1, one_level.size()}));
  const std::vector<std::uint8_t> file = writer.finish();
  nuq::ResourceLimits limits;
  limits.expansion = 17 * 4 * (1 << 20) / file.size() - 1;
  const auto unpack = [&] { static_cast<void>(nuq::model_of_packed_file(file, "net.nuq", limits)); };
  CHECK(
      error_of<nuq::FormatError>(unpack).says("net.nuq: " + std::to_string(file.size()) + " bytes unpack to 71303168"));
  limits.expansion += 2;
  unpack();
  limits.memory = 71303167;
  CHECK(error_of<nuq::FormatError>(unpack).code == nuq::ErrorCode::resource_limit);
}

TEST_CASE("a blob of no layer is kept whatever its shape says") {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {nuq::Tensor({2, 2}, random_values(4, 5))})
      .layer("unused", "InnerProduct", {nuq::Tensor({2, 2}, random_values(4, 6))});
  weights.proto().mutable_layer(1)->mutable_blobs(0)->mutable_shape()->set_dim(0, 1000000);
  const nuq::Graph graph = graph_of(
      "input: 'data' input_shape { dim: 1 dim: 2 } layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
      "inner_product_param { num_output: 2 bias_term: false } }",
      weights);
  const nuq::Model& model = *nuq::caffe_model(graph);
  CHECK(round_trip(graph, model).weights.SerializeAsString() == model.weights.SerializeAsString());
}

/// A file whose checksums hold.
std::vector<std::uint8_t> file_with(const std::string& prototxt,
                                    const std::function<void(nuq::PackedModelWriter&)>& add) {
  nuq::PackedModelWriter writer(prototxt);
  writer.add_layer("fc", "InnerProduct");
  add(writer);
  return writer.finish();
}

TEST_CASE("what cannot be unpacked is no sound file, though its checksums hold") {
  const auto refused = [](const std::vector<std::uint8_t>& file, const char* problem) {
    CHECK(nuq::PackedModel(file.data(), file.size()).view().layer_count() == 1);
    CHECK(error_of<nuq::Error>([&] { nuq::check_packed_file(file, "x.nuq"); }).says(problem));
    CHECK(error_of<nuq::Error>([&] { static_cast<void>(nuq::model_of_packed_file(file, "x.nuq")); }).says(problem));
  };
  const std::vector<float> scale = {0.5F};
  const std::vector<std::int8_t> levels = {1, 2, 3, 4, 5, 6};
  const auto with_code = [&](const std::vector<std::uint8_t>& code) {
    return file_with("name: 'x'", [&](nuq::PackedModelWriter& writer) {
      writer.add_coded_levels({1, 6}, nuq::ScaledLevels{levels, scale, {}}, {nuq::LevelCoding::rans, code});
    });
  };
  refused(with_code({1, 2, 3, 4, 5, 6, 7}), "x.nuq: layer 'fc': blob 0: ");
  const std::vector<std::uint8_t> junk = {0xFF, 0xFF, 0xFF};
  refused(file_with("name: 'x'",
                    [&](nuq::PackedModelWriter& writer) { writer.add_values(nuq::ElementType::bytes, {3}, junk); }),
          "x.nuq: layer 'fc': blob 0: is no blob of a caffemodel");
  refused(file_with("layer {", [](nuq::PackedModelWriter&) {}), "x.nuq:1:");

  const auto add_levels = [&](nuq::PackedModelWriter& writer) {
    writer.add_levels({1, 6}, nuq::ScaledLevels{levels, scale, {}});
  };
  const std::vector<std::uint8_t> sound = file_with("name: 'x'", add_levels);
  CHECK_NOTHROW(nuq::check_packed_file(sound, "x.nuq"));
}

TEST_CASE("a damaged file is refused by its name") {
  const nuq::Graph graph = network();
  std::vector<std::uint8_t> file = packed(graph, *nuq::caffe_model(graph));
  file[file.size() - 5] ^= 1U;
  const CaughtError error =
      error_of<nuq::FormatError>([&] { static_cast<void>(nuq::model_of_packed_file(file, "net.nuq")); });
  CHECK(error.says("net.nuq: "));
  CHECK(error.code == nuq::ErrorCode::malformed_file);
}

}  // namespace caffe_packed_model_file_test
