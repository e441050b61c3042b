#include "nuq/amct/apply_config.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "network.hpp"

namespace amct_apply_config_test {

nuq::LayerEntry entry(const std::string& name, nuq::WeightAlgorithm algorithm = nuq::WeightAlgorithm::arq) {
  nuq::LayerEntry layer;
  layer.name = name;
  layer.plan.weight_algorithm = algorithm;
  return layer;
}

nuq::QuantConfig config_of(std::vector<nuq::LayerEntry> layers) {
  nuq::QuantConfig config;
  config.layers = std::move(layers);
  return config;
}

std::string rejected(const nuq::QuantConfig& config, nuq::ErrorCode code) {
  nuq::Graph graph = network(small_network);
  graph.batch_num = 77;
  const std::string message = message_of<nuq::ConfigError>([&] { nuq::apply(config, graph); }, code);
  CHECK(graph.plan.empty());
  CHECK(graph.batch_num == 77);
  return message;
}

TEST_CASE("enabled layers are planned; the layer's type decides an unstated channel_wise") {
  nuq::Graph graph = network(small_network);
  nuq::QuantConfig config =
      config_of({entry("conv1", nuq::WeightAlgorithm::nuq), entry("conv2"), entry("fc"), entry("deconv")});
  config.batch_num = 3;
  config.joint_quant = true;
  config.layers[0].plan.num_steps = 16;
  config.layers[1].channel_wise = false;
  config.layers[3].quant_enable = false;
  CHECK(nuq::apply(config, graph).empty());
  CHECK(graph.batch_num == 3);
  CHECK(graph.joint_quant);
  REQUIRE(graph.plan.size() == 3);
  CHECK(graph.plan.at("conv1").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(graph.plan.at("conv1").num_steps == 16);
  CHECK(graph.plan.at("conv1").channel_wise);
  CHECK_FALSE(graph.plan.at("conv2").channel_wise);
  CHECK_FALSE(graph.plan.at("fc").channel_wise);
}

TEST_CASE("nuq_quantize on an unsupported layer becomes arq_quantize, with a note") {
  nuq::Graph graph = network(small_network);
  const std::vector<std::string> notes =
      nuq::apply(config_of({entry("conv2", nuq::WeightAlgorithm::nuq), entry("fc", nuq::WeightAlgorithm::nuq)}), graph);
  CHECK(graph.plan.at("conv2").weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK(graph.plan.at("fc").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(notes == std::vector<std::string>{"config.json: layer 'conv2': arq_quantize instead of nuq_quantize: group 2: "
                                          "only group 1 is supported by NUQ"});
}

TEST_CASE("the scope of the configuration decides what NUQ supports, and stays with the graph") {
  nuq::Graph graph = network(small_network);
  nuq::QuantConfig config =
      config_of({entry("conv2", nuq::WeightAlgorithm::nuq), entry("deconv", nuq::WeightAlgorithm::nuq)});
  config.nuq_scope = nuq::NuqScope::extended;
  CHECK(nuq::apply(config, graph).empty());
  CHECK(graph.plan.at("conv2").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(graph.plan.at("deconv").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(graph.plan.at("deconv").channel_wise);
  CHECK(graph.nuq_scope == nuq::NuqScope::extended);
  config.nuq_scope = nuq::NuqScope::standard;
  CHECK(nuq::apply(config, graph).size() == 2);
  CHECK(graph.nuq_scope == nuq::NuqScope::standard);
}

TEST_CASE("an averaging Pooling that the configuration names is planned, with one scale and without NUQ") {
  nuq::Graph graph = network(small_network);
  CHECK(nuq::apply(config_of({entry("pool")}), graph).empty());
  CHECK(graph.plan.at("pool").weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK_FALSE(graph.plan.at("pool").channel_wise);
  CHECK(nuq::apply(config_of({entry("pool", nuq::WeightAlgorithm::nuq)}), graph) ==
        std::vector<std::string>{
            "config.json: layer 'pool': arq_quantize instead of nuq_quantize: Pooling has no weights"});
  CHECK(graph.plan.at("pool").weight_algorithm == nuq::WeightAlgorithm::arq);
  nuq::LayerEntry by_channel = entry("pool");
  by_channel.channel_wise = true;
  CHECK(rejected(config_of({by_channel}), nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'pool': channel_wise: got true, wanted false: Pooling has one scale");
}

TEST_CASE("other Pooling layers are refused") {
  const auto refused = [](const std::string& parameters) {
    nuq::Graph graph = network(
        "input: 'data' input_shape { dim: 1 dim: 4 dim: 8 dim: 8 } layer { name: 'pool' type: "
        "'Pooling' bottom: 'data' top: 'p' pooling_param { " +
        parameters + " } }");
    return message_of<nuq::ConfigError>([&] { nuq::apply(config_of({entry("pool")}), graph); },
                                        nuq::ErrorCode::configuration_mismatch);
  };
  CHECK(contains_text(refused("pool: MAX kernel_size: 2"), "'pool': cannot be quantized"));
  CHECK(contains_text(refused("pool: MAX kernel_size: 2"), "only pool AVE is supported"));
  CHECK(contains_text(refused("pool: AVE global_pooling: true"), "global_pooling: only Pooling with a kernel"));
}

TEST_CASE("the configuration of another network is refused and changes nothing") {
  CHECK(rejected(config_of({entry("conv1"), entry("conv9")}), nuq::ErrorCode::configuration_mismatch) ==
        "config.json: layer 'conv9': is not in the network: this is the configuration of another one");
  nuq::LayerEntry disabled = entry("conv9");
  disabled.quant_enable = false;
  CHECK(contains_text(rejected(config_of({entry("conv1"), disabled}), nuq::ErrorCode::configuration_mismatch),
                      "layer 'conv9'"));
  CHECK(rejected(config_of({entry("conv1"), entry("relu")}), nuq::ErrorCode::configuration_mismatch) ==
        "config.json: layer 'relu': cannot be quantized, wanted \"quant_enable\":false: "
        "layer type 'ReLU' has no weights to quantize");
}

TEST_CASE("InnerProduct refuses channel_wise") {
  nuq::LayerEntry fc = entry("fc");
  fc.channel_wise = true;
  CHECK(rejected(config_of({fc}), nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'fc': channel_wise: got true, wanted false: InnerProduct has one scale");
}

TEST_CASE("a configuration without an enabled layer is refused") {
  nuq::LayerEntry disabled = entry("conv1");
  disabled.quant_enable = false;
  CHECK(contains_text(rejected(config_of({disabled}), nuq::ErrorCode::nothing_to_do), "config.json: no layer"));
  CHECK(contains_text(rejected(config_of({}), nuq::ErrorCode::nothing_to_do), "config.json: no layer"));
}

TEST_CASE("skip_fusion_layers must exist, be fusable and be named once") {
  nuq::QuantConfig config = config_of({entry("conv1")});
  config.skip_fusion_layers = {"conv1", "nowhere"};
  CHECK(rejected(config, nuq::ErrorCode::configuration_mismatch) ==
        "config.json: skip_fusion_layers: 'nowhere' is not a layer of the network");
  config.skip_fusion_layers = {"pool"};
  CHECK(contains_text(rejected(config, nuq::ErrorCode::invalid_argument), "'pool' is of type Pooling"));
  config.skip_fusion_layers = {"fc", "fc"};
  CHECK(contains_text(rejected(config, nuq::ErrorCode::duplicate_name), "'fc' is named twice"));
  config.skip_fusion_layers = {"conv1", "deconv", "fc"};
  nuq::Graph graph = network(small_network);
  CHECK(nuq::apply(config, graph).empty());
}

}  // namespace amct_apply_config_test
