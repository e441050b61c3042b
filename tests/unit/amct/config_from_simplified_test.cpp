#include "nuq/amct/config_from_simplified.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "network.hpp"
#include "nuq/amct/apply_config.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/amct/simplified_config.hpp"
#include "nuq/proto_schema.hpp"

namespace amct_config_from_simplified_test {

nuq::QuantConfig created(const std::string& definition, const std::string& file = "quant.cfg") {
  return nuq::config_from_simplified(network(small_network), nuq::parse_simplified_config(definition, file), file);
}

const nuq::LayerEntry& layer_of(const nuq::QuantConfig& config, const std::string& name) {
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.name == name) return layer;
  }
  FAIL("no layer " << name);
  return config.layers.front();
}

std::set<std::string> nuq_layers(const nuq::QuantConfig& config) {
  std::set<std::string> names;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable && layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq) names.insert(layer.name);
  }
  return names;
}

std::string rejected(const std::string& definition, nuq::ErrorCode code) {
  return message_of<nuq::ConfigError>([&] { static_cast<void>(created(definition)); }, code);
}

/// A mapping file that flags the given layers.
std::string mapping_of(const std::vector<std::string>& layers) {
  std::string ops;
  for (const std::string& layer : layers) {
    ops += (ops.empty() ? "" : ",") +
           (R"({"name": ")" + layer + R"(", "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]})");
  }
  return R"({"graph": [{"op": [)" + ops + "]}]}";
}

TEST_CASE("an empty definition quantizes every layer uniformly, with the defaults") {
  const nuq::QuantConfig config = created("");
  REQUIRE(config.layers.size() == 4);
  for (const nuq::LayerEntry& layer : config.layers) {
    CHECK(layer.quant_enable);
    CHECK(layer.plan.weight_algorithm == nuq::WeightAlgorithm::arq);
    CHECK(layer.channel_wise == (layer.name != "fc"));
    CHECK(layer.plan.activation == nuq::ActivationPlan{});
  }
  CHECK(config.batch_num == 1);
  CHECK(config.notes.empty());
}

TEST_CASE("global fields are passed on") {
  const nuq::QuantConfig config = created(
      "batch_num: 4 activation_offset: false joint_quant: true do_fusion: false skip_fusion_layers: 'conv1' "
      "skip_fusion_layers: 'fc'");
  CHECK(config.batch_num == 4);
  CHECK_FALSE(config.activation_offset);
  CHECK(config.joint_quant);
  CHECK_FALSE(config.do_fusion);
  CHECK(config.skip_fusion_layers == std::vector<std::string>{"conv1", "fc"});
  CHECK_FALSE(config.layers.front().plan.activation.asymmetric);
  CHECK(config.notes.empty());
}

TEST_CASE("NUQ for all goes to every layer that can be quantized in the extended scope") {
  const nuq::QuantConfig config = nuq::config_from_simplified(
      network(small_network),
      nuq::parse_simplified_config("common_config { nuq_quantize { num_steps: 16 } }", "quant.cfg"), "quant.cfg",
      std::nullopt, nuq::NuqScope::extended);
  CHECK(config.nuq_scope == nuq::NuqScope::extended);
  REQUIRE(config.layers.size() == 4);
  for (const nuq::LayerEntry& layer : config.layers) CHECK(layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(config.notes.empty());
}

TEST_CASE("NUQ for all goes to the layers that support it; the others are noted") {
  const nuq::QuantConfig config =
      created("batch_num: 4\ncommon_config { nuq_quantize { num_steps: 16 num_of_iteration: 1 } }\n");
  CHECK(nuq_layers(config) == std::set<std::string>{"conv1", "fc"});
  CHECK(layer_of(config, "fc").plan.num_steps == 16);
  CHECK(layer_of(config, "conv2").channel_wise == true);
  CHECK(config.notes ==
        std::vector<std::string>{
            "quant.cfg: layer 'conv2': arq_quantize instead of nuq_quantize: group 2: only group 1 is supported by NUQ",
            "quant.cfg: layer 'deconv': arq_quantize instead of nuq_quantize: Deconvolution: only Convolution and "
            "InnerProduct are supported by NUQ"});
}

TEST_CASE("a layer's override beats its type's, which beats the common and the deprecated configuration") {
  const std::string deprecated =
      "conv_calibration_config { nuq_quantize { num_steps: 4 } } fc_calibration_config { nuq_quantize { num_steps: 5 } "
      "} ";
  const std::string common = "common_config { nuq_quantize { num_steps: 6 } } ";
  const std::string type =
      "override_layer_types { layer_type: 'Convolution' calibration_config { nuq_quantize { num_steps: 7 } } } ";
  const std::string layer =
      "override_layer_configs { layer_name: 'conv1' calibration_config { nuq_quantize { num_steps: 8 } } } ";
  const auto steps = [](const std::string& definition, const std::string& name) {
    return layer_of(created(definition), name).plan.num_steps;
  };
  CHECK(steps(deprecated, "conv1") == 4);
  CHECK(steps(deprecated, "fc") == 5);
  CHECK(steps(deprecated + common, "conv1") == 6);
  CHECK(steps(deprecated + common, "fc") == 6);
  CHECK(steps(deprecated + common + type, "conv1") == 7);
  CHECK(steps(deprecated + common + type, "fc") == 6);
  CHECK(steps(layer + type + common + deprecated, "conv1") == 8);
}

TEST_CASE("weight algorithm, activation algorithm and asymmetric have their own priority") {
  const nuq::QuantConfig config = created(R"(
    activation_offset: true
    common_config { nuq_quantize { num_steps: 16 } hfmg_quantize { num_of_bins: 2048 asymmetric: false } }
    override_layer_types { layer_type: "InnerProduct" calibration_config { arq_quantize {} } }
    override_layer_configs { layer_name: "conv1" calibration_config { ifmr_quantize { search_step: 0.02 } } }
    override_layer_configs { layer_name: "conv2" calibration_config { ifmr_quantize { asymmetric: true } } })");
  const nuq::LayerEntry& conv1 = layer_of(config, "conv1");
  CHECK(conv1.plan.weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(conv1.plan.activation.algorithm == nuq::ActivationAlgorithm::ifmr);
  CHECK(conv1.plan.activation.search_step == 0.02F);
  CHECK_FALSE(conv1.plan.activation.asymmetric);  // of common_config, although that is hfmg
  CHECK(layer_of(config, "conv2").plan.activation.asymmetric);
  const nuq::LayerEntry& fc = layer_of(config, "fc");
  CHECK(fc.plan.weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK(fc.plan.activation.algorithm == nuq::ActivationAlgorithm::hfmg);
  CHECK(fc.plan.activation.num_of_bins == 2048);
}

TEST_CASE("channel_wise of many layers leaves InnerProduct alone, of one InnerProduct it is refused") {
  const nuq::QuantConfig config = created("common_config { arq_quantize { channel_wise: true } }");
  CHECK(layer_of(config, "conv1").channel_wise == true);
  CHECK(layer_of(config, "fc").channel_wise == false);
  CHECK(layer_of(created("common_config { arq_quantize { channel_wise: false } }"), "conv1").channel_wise == false);
  CHECK(
      rejected("override_layer_configs { layer_name: 'fc' calibration_config { arq_quantize { channel_wise: true } } }",
               nuq::ErrorCode::invalid_argument) ==
      "quant.cfg: override_layer_configs: 'fc': channel_wise: got true, wanted false: InnerProduct has one scale");
  CHECK(contains_text(rejected("override_layer_types { layer_type: 'InnerProduct' calibration_config { arq_quantize { "
                               "channel_wise: true } } }",
                               nuq::ErrorCode::invalid_argument),
                      "'InnerProduct': channel_wise: got true"));
}

TEST_CASE("skipped layers and types are written disabled") {
  const nuq::QuantConfig config =
      created("skip_layers: 'conv1' skip_layers: 'pool' skip_layer_types: 'InnerProduct' skip_layer_types: 'Eltwise'");
  REQUIRE(config.layers.size() == 4);
  CHECK_FALSE(layer_of(config, "conv1").quant_enable);
  CHECK_FALSE(layer_of(config, "fc").quant_enable);
  CHECK(layer_of(config, "conv2").quant_enable);
  CHECK(layer_of(config, "deconv").quant_enable);
}

TEST_CASE("an override that cannot have an effect is noted") {
  const nuq::QuantConfig config =
      created("override_layer_configs { layer_name: 'relu' calibration_config { arq_quantize {} } }");
  CHECK(config.notes == std::vector<std::string>{"quant.cfg: layer 'relu': its override has no effect: layer type "
                                                 "'ReLU' has no weights to quantize"});
  CHECK(created("override_layer_types { layer_type: 'Pooling' calibration_config { arq_quantize {} } }").notes.empty());
}

TEST_CASE("an averaging Pooling is written where an override names it, not where one names its type") {
  const nuq::QuantConfig by_type = created(
      "override_layer_types { layer_type: 'Pooling' calibration_config { arq_quantize { channel_wise: false } } }");
  CHECK(by_type.layers.size() == 4);
  const nuq::QuantConfig by_name = created(
      "common_config { nuq_quantize {} } override_layer_configs { layer_name: 'pool' calibration_config { "
      "arq_quantize { channel_wise: false } hfmg_quantize { num_of_bins: 1024 } } }");
  REQUIRE(by_name.layers.size() == 5);
  const nuq::LayerEntry& pool = layer_of(by_name, "pool");
  CHECK(pool.plan.weight_algorithm == nuq::WeightAlgorithm::arq);
  CHECK(pool.channel_wise == false);
  CHECK(pool.plan.activation.algorithm == nuq::ActivationAlgorithm::hfmg);
  CHECK(contains_text(
      rejected(
          "override_layer_configs { layer_name: 'pool' calibration_config { arq_quantize { channel_wise: true } } }",
          nuq::ErrorCode::invalid_argument),
      "wanted false: Pooling has one scale"));
}

TEST_CASE("nuq_config goes to flagged layers that support NUQ") {
  const TemporaryFolder folder;
  folder.write("om.json", mapping_of({"conv1", "conv2", "conv1_dequant_layer"}));
  const nuq::QuantConfig config =
      created("nuq_config { mapping_file: 'elsewhere/om.json' nuq_quantize { num_steps: 16 num_of_iteration: 0 } }",
              folder / "quant.cfg");
  CHECK(nuq_layers(config) == std::set<std::string>{"conv1"});
  CHECK(layer_of(config, "conv1").plan.num_steps == 16);
  CHECK(layer_of(config, "conv1").plan.num_of_iteration == 0);
  CHECK_FALSE(layer_of(config, "conv1").channel_wise.has_value());
  REQUIRE(config.notes.size() == 4);
  CHECK(config.notes[0] == folder / "quant.cfg" + ": mapping_file: " + (folder / "om.json"));
  CHECK(contains_text(config.notes[1], "layer 'conv2': arq_quantize instead of nuq_quantize: group 2"));
  CHECK(contains_text(config.notes[3],
                      "layer 'fc': arq_quantize instead of nuq_quantize: its weights are not compressed according to " +
                          (folder / "om.json")));
}

TEST_CASE("nuq_config ranks between the overrides and the common configuration") {
  const TemporaryFolder folder;
  folder.write("om.json", mapping_of({"conv1", "fc"}));
  const std::string nuq = "nuq_config { mapping_file: 'om.json' nuq_quantize { num_steps: 16 } } ";
  const std::string cfg = folder / "quant.cfg";

  const nuq::QuantConfig over_common = created(nuq + "common_config { arq_quantize { channel_wise: false } }", cfg);
  CHECK(nuq_layers(over_common) == std::set<std::string>{"conv1", "fc"});
  CHECK(layer_of(over_common, "conv2").channel_wise == false);  // refused NUQ, so the common_config's arq_quantize

  const nuq::QuantConfig pinned =
      created(nuq + "override_layer_configs { layer_name: 'fc' calibration_config { arq_quantize {} } }", cfg);
  CHECK(nuq_layers(pinned) == std::set<std::string>{"conv1"});

  const nuq::QuantConfig parameters =
      created("nuq_config { mapping_file: 'om.json' } common_config { nuq_quantize { num_steps: 8 } }", cfg);
  CHECK(nuq_layers(parameters) == std::set<std::string>{"conv1", "fc"});
  CHECK(layer_of(parameters, "fc").plan.num_steps == 8);

  CHECK(layer_of(created("nuq_config { mapping_file: 'om.json' }", cfg), "fc").plan.num_steps == 32);
}

TEST_CASE("a mapping file of another network, or none, is refused; one that flags nothing is not") {
  const TemporaryFolder folder;
  const auto with = [&folder](const std::string& mapping) {
    folder.write("om.json", mapping);
    return created("nuq_config { mapping_file: 'om.json' }", folder / "quant.cfg");
  };
  CHECK(contains_text(message_of<nuq::ConfigError>([&] { static_cast<void>(with(mapping_of({"res5a"}))); },
                                                   nuq::ErrorCode::configuration_mismatch),
                      "no flagged operator is a layer of the network, the first is 'res5a'"));
  CHECK(nuq_layers(with(mapping_of({}))).empty());
  CHECK(contains_text(rejected("nuq_config { mapping_file: 'no/such/om.json' }", nuq::ErrorCode::file_not_readable),
                      "quant.cfg: mapping_file: no such file"));
}

TEST_CASE("without a mapping file the compiler's rule restricts NUQ; a mapping file beats it") {
  const nuq::CompressibleLayers rule{{"fc"}, "the compiler's rule"};
  const nuq::Graph graph = network(small_network);
  CHECK(nuq_layers(nuq::config_from_simplified(
            graph, nuq::parse_simplified_config("common_config { nuq_quantize {} }", "f"), "f", rule)) ==
        std::set<std::string>{"fc"});
  const TemporaryFolder folder;
  folder.write("om.json", mapping_of({"conv1"}));
  const auto definition = nuq::parse_simplified_config("nuq_config { mapping_file: 'om.json' }", "f");
  CHECK(nuq_layers(nuq::config_from_simplified(graph, definition, folder / "f", rule)) ==
        std::set<std::string>{"conv1"});
}

TEST_CASE("names that do not exist are refused") {
  CHECK(rejected("skip_layers: 'x'", nuq::ErrorCode::unknown_name) ==
        "quant.cfg: skip_layers: 'x' is not a layer of the network");
  CHECK(rejected("skip_layer_types: 'Convolutoin'", nuq::ErrorCode::unknown_name) ==
        "quant.cfg: skip_layer_types: the network has no layer of type 'Convolutoin'");
  CHECK(contains_text(
      rejected("override_layer_types { layer_type: 'Conv' calibration_config {} }", nuq::ErrorCode::unknown_name),
      "override_layer_types: the network has no layer of type 'Conv'"));
  CHECK(contains_text(
      rejected("override_layer_configs { layer_name: 'x' calibration_config {} }", nuq::ErrorCode::unknown_name),
      "override_layer_configs: 'x' is not a layer"));
  CHECK(contains_text(rejected("skip_fusion_layers: 'x'", nuq::ErrorCode::configuration_mismatch),
                      "skip_fusion_layers: 'x'"));
}

TEST_CASE("what is overridden twice is refused") {
  const std::string conv1 = "override_layer_configs { layer_name: 'conv1' calibration_config {} } ";
  CHECK(rejected(conv1 + conv1, nuq::ErrorCode::duplicate_name) ==
        "quant.cfg: override_layer_configs: 'conv1' is overridden twice");
  const std::string type = "override_layer_types { layer_type: 'Convolution' calibration_config {} } ";
  CHECK(contains_text(rejected(type + type, nuq::ErrorCode::duplicate_name), "'Convolution' is overridden twice"));
}

TEST_CASE("values out of range are refused with layer, key and value") {
  const auto common = [](const std::string& field) {
    return rejected("common_config { " + field + " }", nuq::ErrorCode::invalid_argument);
  };
  CHECK(rejected("batch_num: 0", nuq::ErrorCode::invalid_argument) ==
        "quant.cfg: batch_num: got 0, wanted an integer above 0");
  CHECK(common("nuq_quantize { num_steps: 1 }") ==
        "quant.cfg: layer 'conv1': num_steps: got 1, wanted an integer in 2..256");
  CHECK(contains_text(common("nuq_quantize { num_steps: 4294967295 }"), "num_steps: got 2147483647"));
  CHECK(contains_text(common("nuq_quantize { num_of_iteration: 6 }"),
                      "num_of_iteration: got 6, wanted an integer in 0..5"));
  CHECK(contains_text(common("ifmr_quantize { max_percentile: 0.5 }"), "max_percentile: got 0.5"));
  CHECK(contains_text(common("ifmr_quantize { min_percentile: nan }"), "min_percentile: got nan"));
  CHECK(contains_text(common("ifmr_quantize { search_range_end: inf }"), "search_range: got [0.7, inf]"));
  CHECK(contains_text(common("ifmr_quantize { search_range_start: 1.5 }"),
                      "search_range: got [1.5, 1.3], wanted 0 < start < end"));
  CHECK(contains_text(common("ifmr_quantize { search_step: 0.7 }"), "search_step: got 0.7"));
  CHECK(contains_text(common("hfmg_quantize { num_of_bins: 1000 }"), "num_of_bins: got 1000"));
  CHECK(created("common_config { ifmr_quantize { search_step: 0.6 } }").layers.size() == 4);
}

TEST_CASE("fields of sibling tools are refused, not ignored") {
  const auto unsupported = [](const std::string& definition) {
    return rejected(definition, nuq::ErrorCode::unsupported_format);
  };
  CHECK(unsupported("common_config { ada_quantize {} }") ==
        "quant.cfg: common_config: ada_quantize is not supported, wanted arq_quantize or nuq_quantize");
  CHECK(contains_text(unsupported("conv_calibration_config { dmq_balancer {} }"),
                      "conv_calibration_config: dmq_balancer"));
  CHECK(contains_text(
      unsupported("override_layer_configs { layer_name: 'fc' calibration_config { arq_quantize { quant_bits: 4 } } }"),
      "'fc': quant_bits"));
  CHECK(contains_text(unsupported("common_config { hfmg_quantize { dst_type: INT16 } }"), "dst_type INT16"));
  CHECK(contains_text(unsupported("tensor_quantize { layer_name: 'pool' input_index: 0 }"), "tensor_quantize"));
  CHECK(contains_text(unsupported("fakequant_precision_mode: FORCE_FP16_QUANT"), "fakequant_precision_mode"));
  CHECK(created("common_config { arq_quantize { quant_bits: 8 } ifmr_quantize { dst_type: INT8 } }").layers.size() ==
        4);
}

TEST_CASE("num_bits is read wherever it may stand, and is 8") {
  const std::string eight = R"(
    common_config { arq_quantize { channel_wise: true num_bits: 8 } ifmr_quantize { num_bits: 8 search_step: 0.02 } }
    override_layer_types { layer_type: 'InnerProduct' calibration_config { hfmg_quantize { num_bits: 8 } } }
    override_layer_configs { layer_name: 'conv1' calibration_config { nuq_quantize { num_steps: 16 num_bits: 8 } } })";
  const nuq::QuantConfig config = created(eight);
  CHECK(layer_of(config, "conv2").plan.activation.search_step == 0.02F);
  CHECK(layer_of(config, "fc").plan.activation.algorithm == nuq::ActivationAlgorithm::hfmg);
  CHECK(layer_of(config, "conv1").plan.num_steps == 16);

  const auto out_of_range = [](const std::string& definition) {
    return rejected(definition, nuq::ErrorCode::invalid_argument);
  };
  CHECK(out_of_range("common_config { ifmr_quantize { num_bits: 12 } }") ==
        "quant.cfg: common_config: ifmr_quantize: num_bits: got 12, wanted 8");
  CHECK(out_of_range("common_config { arq_quantize { num_bits: 4 } }") ==
        "quant.cfg: common_config: arq_quantize: num_bits: got 4, wanted 8");
  CHECK(out_of_range("override_layer_types { layer_type: 'InnerProduct' calibration_config { hfmg_quantize { num_bits: "
                     "16 } } }") ==
        "quant.cfg: override_layer_types: 'InnerProduct': hfmg_quantize: num_bits: got 16, wanted 8");
  CHECK(
      out_of_range("override_layer_configs { layer_name: 'fc' calibration_config { nuq_quantize { num_bits: 0 } } }") ==
      "quant.cfg: override_layer_configs: 'fc': nuq_quantize: num_bits: got 0, wanted 8");
  CHECK(out_of_range("nuq_config { mapping_file: 'om.json' nuq_quantize { num_bits: 5 } }") ==
        "quant.cfg: nuq_config: num_bits: got 5, wanted 8");
}

TEST_CASE("fields of the HiSilicon variant are read; what cannot be done is said") {
  const std::string off = "update_bn: false bn_update_config : { bn_update_iterations: 12 bn_dump_dir: 'tmp' } ";
  CHECK(created(off).notes.empty());
  CHECK(created("update_bn: true bn_update_config { bn_moving_average_fraction: 0.25 }").notes ==
        std::vector<std::string>{
            "quant.cfg: update_bn: is not done: BatchNorm layers keep the statistics of the float model"});
  CHECK(
      rejected("common_config { snq_quantize { channel_wise: true max_iteration: 700 init_algo: 'gaussian' } }",
               nuq::ErrorCode::unsupported_format) ==
      "quant.cfg: common_config: snq_quantize, of 4 bits, is not supported, wanted nuq_quantize, which with num_steps "
      "16 keeps as many levels");
  CHECK(created("skip_approximation_layers: 'fc'").notes.empty());
}

TEST_CASE("nothing left to quantize is refused") {
  CHECK(contains_text(
      rejected("skip_layer_types: 'Convolution' skip_layer_types: 'Deconvolution' skip_layer_types: 'InnerProduct'",
               nuq::ErrorCode::nothing_to_do),
      "no layer can be quantized"));
}

TEST_CASE("numbers of the definition are written as they were, and the result applies to the network") {
  const nuq::QuantConfig config = created(
      "common_config { nuq_quantize {} ifmr_quantize { search_range_start: 0.7 search_step: 0.02 max_percentile: "
      "0.999999 } }");
  const std::string json = nuq::to_json(config);
  CHECK(contains_text(json, "\"search_step\":0.02,"));
  CHECK(contains_text(json, "\"max_percentile\":0.999999,"));
  const nuq::QuantizationSettings settings =
      nuq::apply(nuq::parse_quant_config(json, "config.json"), network(small_network));
  CHECK(settings.notes.empty());
  CHECK(settings.plan.at("conv1").weight_algorithm == nuq::WeightAlgorithm::nuq);
}

TEST_CASE("zoo: the vendor's ResNet-50 sample puts NUQ on the ten flagged convolutions") {
  const auto zoo = model_zoo();
  if (!zoo) return;
  const nuq::Graph graph = nuq::load_graph(*zoo + "/models/prototxt/resnet50_kaiming.prototxt", "");
  const std::string cfg = *zoo + "/data/ascend_samples/resnet50_quant.cfg";
  const nuq::QuantConfig config = nuq::config_from_simplified(graph, nuq::read_simplified_config(cfg), cfg);
  CHECK(config.batch_num == 2);
  CHECK(config.layers.size() == 54);
  CHECK(nuq_layers(config) == std::set<std::string>{"res5a_branch1", "res5a_branch2a", "res5a_branch2b",
                                                    "res5a_branch2c", "res5b_branch2a", "res5b_branch2b",
                                                    "res5b_branch2c", "res5c_branch2a", "res5c_branch2b",
                                                    "res5c_branch2c"});
  for (const std::string& name : nuq_layers(config)) {
    CHECK(layer_of(config, name).plan.num_steps == 32);
    CHECK(layer_of(config, name).plan.num_of_iteration == 0);
  }
  const std::string json = nuq::to_json(config);
  CHECK(nuq::to_json(nuq::parse_quant_config(json, "config.json")) == json);
}

}  // namespace amct_config_from_simplified_test
