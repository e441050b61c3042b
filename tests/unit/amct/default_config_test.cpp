#include "nuq/amct/default_config.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "network.hpp"
#include "nuq/amct/apply_config.hpp"

namespace amct_default_config_test {

std::vector<std::string> names_of(const nuq::QuantConfig& config) {
  std::vector<std::string> names;
  for (const nuq::LayerEntry& layer : config.layers) names.push_back(layer.name);
  return names;
}

bool is_nuq(const nuq::LayerEntry& layer) {
  return layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq;
}

std::string rejected(const nuq::DefaultConfigOptions& options, nuq::ErrorCode code) {
  return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::default_config(network(small_network), options)); },
                                      code);
}

TEST_CASE("by default every layer that supports NUQ takes 32 levels, the others stay uniform with the reason") {
  const nuq::QuantConfig config = nuq::default_config(network(small_network));
  CHECK(names_of(config) == std::vector<std::string>{"conv1", "conv2", "deconv", "fc"});
  CHECK(is_nuq(config.layers[0]));
  CHECK(config.layers[0].plan.num_steps == 32);
  CHECK(config.layers[0].plan.num_of_iteration == 1);
  CHECK_FALSE(is_nuq(config.layers[1]));
  CHECK(config.layers[1].channel_wise == true);
  CHECK_FALSE(is_nuq(config.layers[2]));
  CHECK(is_nuq(config.layers[3]));
  CHECK(config.batch_num == 1);
  CHECK(
      config.notes ==
      std::vector<std::string>{
          "config.json: layer 'conv2': arq_quantize instead of nuq_quantize: group 2: only group 1 is supported by NUQ",
          "config.json: layer 'deconv': arq_quantize instead of nuq_quantize: Deconvolution: only Convolution and "
          "InnerProduct are supported by NUQ"});
}

TEST_CASE("in the extended scope every layer that can be quantized takes 32 levels") {
  nuq::DefaultConfigOptions options;
  options.nuq_scope = nuq::NuqScope::extended;
  const nuq::QuantConfig config = nuq::default_config(network(small_network), options);
  CHECK(names_of(config) == std::vector<std::string>{"conv1", "conv2", "deconv", "fc"});
  for (const nuq::LayerEntry& layer : config.layers) CHECK(is_nuq(layer));
  CHECK(config.nuq_scope == nuq::NuqScope::extended);
  CHECK(config.notes.empty());
}

TEST_CASE("uniform means arq_quantize everywhere, with the layer's own channel_wise") {
  nuq::DefaultConfigOptions options;
  options.uniform = true;
  const nuq::QuantConfig config = nuq::default_config(network(small_network), options);
  for (const nuq::LayerEntry& layer : config.layers) {
    CHECK_FALSE(is_nuq(layer));
    CHECK(layer.channel_wise == (layer.name != "fc"));
  }
  CHECK(config.notes.empty());
}

TEST_CASE("options reach the configuration") {
  nuq::DefaultConfigOptions options;
  options.batch_num = 5;
  options.activation_offset = false;
  options.skip_layers = {"conv2", "pool"};
  const nuq::QuantConfig config = nuq::default_config(network(small_network), options);
  CHECK(config.batch_num == 5);
  CHECK_FALSE(config.activation_offset);
  for (const nuq::LayerEntry& layer : config.layers) {
    CHECK_FALSE(layer.plan.activation.asymmetric);
    CHECK(layer.quant_enable == (layer.name != "conv2"));
  }
  CHECK(config.notes.size() == 1);  // nothing about the skipped conv2
}

TEST_CASE("only compressible layers take NUQ where they are known") {
  nuq::DefaultConfigOptions options;
  options.compressible = nuq::CompressibleLayers{{"fc", "conv2"}, "om.json"};
  const nuq::QuantConfig config = nuq::default_config(network(small_network), options);
  for (const nuq::LayerEntry& layer : config.layers) CHECK(is_nuq(layer) == (layer.name == "fc"));
  CHECK(config.notes.front() ==
        "config.json: layer 'conv1': arq_quantize instead of nuq_quantize: its weights are not compressed according to "
        "om.json");
}

TEST_CASE("a default configuration applies to its network") {
  const nuq::Graph graph = network(small_network);
  const nuq::QuantizationSettings settings = nuq::apply(nuq::default_config(graph), graph);
  CHECK(settings.plan.size() == 4);
}

TEST_CASE("wrong options are refused") {
  nuq::DefaultConfigOptions options;
  options.skip_layers = {"conv7"};
  CHECK(rejected(options, nuq::ErrorCode::unknown_name) ==
        "config.json: skip_layers: 'conv7' is not a layer of the network");
  options.skip_layers = {"conv1", "conv2", "deconv", "fc"};
  CHECK(contains_text(rejected(options, nuq::ErrorCode::nothing_to_do), "no layer can be quantized"));
  options = {};
  options.batch_num = 0;
  CHECK(rejected(options, nuq::ErrorCode::invalid_argument) ==
        "config.json: batch_num: got 0, wanted an integer above 0");
}

TEST_CASE("a network without weights to quantize has no configuration") {
  const nuq::Graph graph =
      network("input: 'data' input_shape { dim: 1 dim: 2 } layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'y' }");
  CHECK_THROWS_AS(static_cast<void>(nuq::default_config(graph)), nuq::ConfigError);
}

}  // namespace amct_default_config_test
