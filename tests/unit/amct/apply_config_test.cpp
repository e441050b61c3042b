#include "nuq/amct/apply_config.hpp"

#include <doctest/doctest.h>

#include <set>
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
  const nuq::Graph graph = network(small_network);
  return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::apply(config, graph)); }, code);
}

TEST_CASE("enabled layers are planned; the layer's type decides an unstated channel_wise") {
  const nuq::Graph graph = network(small_network);
  nuq::QuantConfig config =
      config_of({entry("conv1", nuq::WeightAlgorithm::nuq), entry("conv2"), entry("fc"), entry("deconv")});
  config.batch_num = 3;
  config.joint_quant = true;
  config.layers[0].plan.num_steps = 16;
  config.layers[1].channel_wise = false;
  config.layers[3].quant_enable = false;
  config.do_fusion = false;
  config.skip_fusion_layers = {"fc"};
  const nuq::QuantizationSettings settings = nuq::apply(config, graph);
  CHECK(settings.notes.empty());
  CHECK(settings.batch_num == 3);
  CHECK(settings.joint_quant);
  CHECK_FALSE(settings.fusion.enabled);
  CHECK(settings.fusion.skipped == std::set<std::string>{"fc"});
  REQUIRE(settings.plan.size() == 3);
  CHECK(settings.plan.at("conv1").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(settings.plan.at("conv1").num_steps == 16);
  CHECK(settings.plan.at("conv1").channel_wise);
  CHECK_FALSE(settings.plan.at("conv2").channel_wise);
  CHECK_FALSE(settings.plan.at("fc").channel_wise);
}

TEST_CASE("nuq_quantize on an unsupported layer becomes arq_quantize, with a note behind the configuration's own") {
  const nuq::Graph graph = network(small_network);
  nuq::QuantConfig config =
      config_of({entry("conv2", nuq::WeightAlgorithm::nuq), entry("fc", nuq::WeightAlgorithm::nuq)});
  config.notes = {"its own"};
  const nuq::QuantizationSettings settings = nuq::apply(config, graph);
  CHECK(settings.plan.at("conv2").weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK(settings.plan.at("fc").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(settings.notes ==
        std::vector<std::string>{"its own",
                                 "config.json: layer 'conv2': arq_quantize instead of nuq_quantize: group 2: "
                                 "only group 1 is supported by NUQ"});
}

TEST_CASE("the scope of the configuration decides what NUQ supports, and stays with the settings") {
  const nuq::Graph graph = network(small_network);
  nuq::QuantConfig config =
      config_of({entry("conv2", nuq::WeightAlgorithm::nuq), entry("deconv", nuq::WeightAlgorithm::nuq)});
  config.nuq_scope = nuq::NuqScope::extended;
  nuq::QuantizationSettings settings = nuq::apply(config, graph);
  CHECK(settings.notes.empty());
  CHECK(settings.plan.at("conv2").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(settings.plan.at("deconv").weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(settings.plan.at("deconv").channel_wise);
  CHECK(settings.nuq_scope == nuq::NuqScope::extended);
  config.nuq_scope = nuq::NuqScope::standard;
  settings = nuq::apply(config, graph);
  CHECK(settings.notes.size() == 2);
  CHECK(settings.nuq_scope == nuq::NuqScope::standard);
}

TEST_CASE("an averaging Pooling that the configuration names is planned, with one scale and without NUQ") {
  const nuq::Graph graph = network(small_network);
  nuq::QuantizationSettings settings = nuq::apply(config_of({entry("pool")}), graph);
  CHECK(settings.notes.empty());
  CHECK(settings.plan.at("pool").weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK_FALSE(settings.plan.at("pool").channel_wise);
  settings = nuq::apply(config_of({entry("pool", nuq::WeightAlgorithm::nuq)}), graph);
  CHECK(settings.notes ==
        std::vector<std::string>{
            "config.json: layer 'pool': arq_quantize instead of nuq_quantize: Pooling has no weights"});
  CHECK(settings.plan.at("pool").weight_algorithm == nuq::WeightAlgorithm::arq);
  nuq::LayerEntry by_channel = entry("pool");
  by_channel.channel_wise = true;
  CHECK(rejected(config_of({by_channel}), nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'pool': channel_wise: got true, wanted false: Pooling has one scale");
}

TEST_CASE("other Pooling layers are refused") {
  const auto refused = [](const std::string& parameters) {
    const nuq::Graph graph = network(
        "input: 'data' input_shape { dim: 1 dim: 4 dim: 8 dim: 8 } layer { name: 'pool' type: "
        "'Pooling' bottom: 'data' top: 'p' pooling_param { " +
        parameters + " } }");
    return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::apply(config_of({entry("pool")}), graph)); },
                                        nuq::ErrorCode::configuration_mismatch);
  };
  CHECK(contains_text(refused("pool: MAX kernel_size: 2"), "'pool': cannot be quantized"));
  CHECK(contains_text(refused("pool: MAX kernel_size: 2"), "only pool AVE is supported"));
  CHECK(contains_text(refused("pool: AVE global_pooling: true"), "global_pooling: only Pooling with a kernel"));
}

TEST_CASE("the configuration of another network is refused") {
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
  const nuq::Graph graph = network(small_network);
  CHECK(nuq::apply(config, graph).notes.empty());
}

}  // namespace amct_apply_config_test
