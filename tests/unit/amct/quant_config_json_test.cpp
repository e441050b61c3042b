#include "nuq/amct/quant_config_json.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "network.hpp"

namespace amct_quant_config_json_test {

// Spelling, order and layout of the vendor's files, layer by layer: uniform, hfmg, NUQ, disabled.
const std::string golden = R"({
    "version":1,
    "batch_num":2,
    "activation_offset":true,
    "joint_quant":false,
    "do_fusion":true,
    "skip_fusion_layers":[
        "fc1000"
    ],
    "conv1":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":0.999999,
            "min_percentile":0.999999,
            "search_range":[
                0.7,
                1.3
            ],
            "search_step":0.01,
            "act_algo":"ifmr",
            "asymmetric":true
        },
        "weight_quant_params":{
            "num_bits":8,
            "wts_algo":"arq_quantize",
            "channel_wise":true
        }
    },
    "fc1000":{
        "quant_enable":true,
        "activation_quant_params":{
            "num_bits":8,
            "act_algo":"hfmg",
            "num_of_bins":8192,
            "asymmetric":false
        },
        "weight_quant_params":{
            "num_bits":8,
            "wts_algo":"arq_quantize",
            "channel_wise":false
        }
    },
    "branch/2a \"x\"":{
        "quant_enable":false,
        "activation_quant_params":{
            "num_bits":8,
            "max_percentile":1.0,
            "min_percentile":0.6,
            "search_range":[
                0.25,
                2.0
            ],
            "search_step":1e-05,
            "act_algo":"ifmr",
            "asymmetric":true
        },
        "weight_quant_params":{
            "num_bits":8,
            "wts_algo":"nuq_quantize",
            "num_steps":16,
            "num_of_iteration":0
        }
    }
}
)";

nuq::QuantConfig golden_config() {
  nuq::QuantConfig config;
  config.batch_num = 2;
  config.skip_fusion_layers = {"fc1000"};
  nuq::LayerEntry conv1;
  conv1.name = "conv1";
  conv1.channel_wise = true;
  nuq::LayerEntry fc = conv1;
  fc.name = "fc1000";
  fc.channel_wise = false;
  fc.plan.activation.algorithm = nuq::ActivationAlgorithm::hfmg;
  fc.plan.activation.num_of_bins = 8192;
  fc.plan.activation.asymmetric = false;
  nuq::LayerEntry branch;
  branch.name = "branch/2a \"x\"";
  branch.quant_enable = false;
  branch.plan.weight_algorithm = nuq::WeightAlgorithm::nuq;
  branch.plan.num_steps = 16;
  branch.plan.num_of_iteration = 0;
  branch.plan.activation.max_percentile = 1.0F;
  branch.plan.activation.min_percentile = 0.6F;
  branch.plan.activation.search_range_start = 0.25F;
  branch.plan.activation.search_range_end = 2.0F;
  branch.plan.activation.search_step = 1e-5F;
  config.layers = {conv1, fc, branch};
  return config;
}

std::string rejected(const std::string& text, nuq::ErrorCode code) {
  return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::parse_quant_config(text, "config.json")); }, code);
}

/// The error of a configuration whose only layer has `activation` and `weights` as parameters.
std::string rejected_layer(const std::string& activation, const std::string& weights,
                           nuq::ErrorCode code = nuq::ErrorCode::invalid_argument) {
  return rejected(
      R"({"conv1": {"activation_quant_params": {)" + activation + R"(}, "weight_quant_params": {)" + weights + "}}}",
      code);
}

TEST_CASE("config.json is written as the vendor's tools write it") {
  CHECK(nuq::to_json(golden_config()) == golden);
}

TEST_CASE("an empty configuration is written without layers") {
  CHECK(nuq::to_json(nuq::QuantConfig{}) ==
        "{\n    \"version\":1,\n    \"batch_num\":1,\n    \"activation_offset\":true,\n    \"joint_quant\":false,\n    "
        "\"do_fusion\":true,\n"
        "    \"skip_fusion_layers\":[]\n}\n");
}

TEST_CASE("config.json reads back to what was written, disabled layers and order included") {
  const nuq::QuantConfig config = nuq::parse_quant_config(golden, "config.json");
  CHECK(nuq::to_json(config) == golden);
  REQUIRE(config.layers.size() == 3);
  CHECK(config.batch_num == 2);
  CHECK(config.layers[1].plan.activation == golden_config().layers[1].plan.activation);
  CHECK(config.layers[2].plan.activation == golden_config().layers[2].plan.activation);
  CHECK(config.layers[2].plan.num_steps == 16);
  CHECK_FALSE(config.layers[2].quant_enable);
  CHECK(config.notes.empty());
}

TEST_CASE("every float32 is written so that it reads back the same") {
  nuq::QuantConfig config = golden_config();
  for (const float value : {0.999999F, 0.51F, 0.70000005F, 0.123456789F + 0.5F, 1.0F}) {
    config.layers[0].plan.activation.max_percentile = value;
    CHECK(nuq::parse_quant_config(nuq::to_json(config), "config.json").layers[0].plan.activation.max_percentile ==
          value);
  }
}

TEST_CASE("absent keys take the defaults, asymmetric that of the whole file") {
  const nuq::QuantConfig config = nuq::parse_quant_config(
      R"({"b": {"quant_enable": true}, "a": {"weight_quant_params": {"wts_algo": "nuq_quantize"}}, "activation_offset": false})",
      "f");
  CHECK(config.version == 1);
  CHECK(config.batch_num == 1);
  CHECK(config.do_fusion);
  CHECK_FALSE(config.joint_quant);
  REQUIRE(config.layers.size() == 2);
  CHECK(config.layers[0].name == "b");
  CHECK(config.layers[0].quant_enable);
  CHECK_FALSE(config.layers[0].channel_wise.has_value());
  CHECK(config.layers[0].plan.weight_algorithm == nuq::WeightAlgorithm::arq);
  nuq::ActivationPlan symmetric;
  symmetric.asymmetric = false;
  CHECK(config.layers[0].plan.activation == symmetric);
  CHECK(config.layers[1].plan.weight_algorithm == nuq::WeightAlgorithm::nuq);
  CHECK(config.layers[1].plan.num_steps == 32);
  CHECK(config.layers[1].plan.num_of_iteration == 1);
}

TEST_CASE("asymmetric of a layer beats activation_offset") {
  const nuq::QuantConfig config = nuq::parse_quant_config(
      R"({"activation_offset": false, "a": {"activation_quant_params": {"asymmetric": true}}})", "f");
  CHECK(config.layers[0].plan.activation.asymmetric);
}

TEST_CASE("the scope of NUQ is written where it is extended, and reads back") {
  nuq::QuantConfig config;
  config.nuq_scope = nuq::NuqScope::extended;
  const std::string text = nuq::to_json(config);
  CHECK(contains_text(text, "\n    \"nuq_scope\":\"extended\"\n"));
  CHECK(nuq::parse_quant_config(text, "f").nuq_scope == nuq::NuqScope::extended);
  CHECK(nuq::parse_quant_config("{}", "f").nuq_scope == nuq::NuqScope::standard);
  CHECK(nuq::parse_quant_config(R"({"nuq_scope": "standard"})", "f").nuq_scope == nuq::NuqScope::standard);
}

TEST_CASE("the vendor's rule for tiny values is written where it is asked for, and reads back") {
  nuq::QuantConfig config;
  config.tiny_values = nuq::TinyValues::become_zero;
  const std::string text = nuq::to_json(config);
  CHECK(contains_text(text, "\n    \"tiny_values\":\"zero\"\n"));
  CHECK(nuq::parse_quant_config(text, "f").tiny_values == nuq::TinyValues::become_zero);
  CHECK(nuq::parse_quant_config("{}", "f").tiny_values == nuq::TinyValues::stay_float);
  CHECK(nuq::parse_quant_config(R"({"tiny_values": "float"})", "f").tiny_values == nuq::TinyValues::stay_float);
  CHECK(rejected(R"({"tiny_values": "one"})", nuq::ErrorCode::invalid_argument) ==
        "config.json: tiny_values: got \"one\", wanted \"float\" or \"zero\"");
}

TEST_CASE("keys that change nothing are accepted") {
  CHECK(nuq::parse_quant_config(R"({"weight_offset": false, "tensor_quantize": []})", "f").layers.empty());
}

TEST_CASE("text that is no JSON object is refused with its place") {
  CHECK(contains_text(rejected("{\n  \"version\": 1,\n}", nuq::ErrorCode::malformed_file),
                      "config.json: parse error at line 3, column 1"));
  CHECK(rejected("[1]", nuq::ErrorCode::malformed_file) == "config.json: is not a JSON object");
  CHECK(contains_text(rejected("", nuq::ErrorCode::malformed_file), "config.json: parse error"));
  CHECK(contains_text(rejected("{\"version\": 1", nuq::ErrorCode::malformed_file), "config.json: parse error"));
  CHECK(contains_text(rejected("{\"a\": {\"quant_enable\": 1e999}}", nuq::ErrorCode::malformed_file), "config.json: "));
}

TEST_CASE("a key stated twice is refused, at any depth") {
  CHECK(contains_text(rejected(R"({"a": {}, "b": {}, "a": {}})", nuq::ErrorCode::duplicate_name), "key 'a'"));
  CHECK(contains_text(rejected_layer(R"("num_bits": 8, "num_bits": 8)", "", nuq::ErrorCode::duplicate_name),
                      "key 'num_bits'"));
}

TEST_CASE("global keys of wrong type or value are refused") {
  const auto check = [](const std::string& member, const std::string& message) {
    CHECK(rejected("{" + member + "}", nuq::ErrorCode::invalid_argument) == "config.json: " + message);
  };
  check(R"("version": 2)", "version: got 2, wanted 1");
  check(R"("version": "1")", "version: got \"1\", wanted an integer");
  check(R"("batch_num": 0)", "batch_num: got 0, wanted an integer above 0");
  check(R"("batch_num": -3)", "batch_num: got -3, wanted an integer above 0");
  check(R"("batch_num": 2.0)", "batch_num: got 2.0, wanted an integer");
  check(R"("batch_num": true)", "batch_num: got true, wanted an integer");
  check(R"("batch_num": 18446744073709551615)", "batch_num: got 18446744073709551615, wanted an integer");
  check(R"("activation_offset": 1)", "activation_offset: got 1, wanted true or false");
  check(R"("joint_quant": null)", "joint_quant: got null, wanted true or false");
  check(R"("do_fusion": "true")", "do_fusion: got \"true\", wanted true or false");
  check(R"("weight_offset": true)", "weight_offset: got true, wanted false");
  check(R"("nuq_scope": "wide")", "nuq_scope: got \"wide\", wanted \"standard\" or \"extended\"");
  check(R"("nuq_scope": true)", "nuq_scope: got true, wanted a string");
  check(R"("skip_fusion_layers": "conv1")", "skip_fusion_layers: got \"conv1\", wanted a list");
  check(R"("skip_fusion_layers": [1])", "skip_fusion_layers: got [1], wanted a list of strings");
  check(R"("tensor_quantize": [{"layer_name": "a", "input_index": 0}])",
        "tensor_quantize: got [{\"input_index\":0,\"layer_name\":\"a\"}], wanted []: quantization of single tensors is "
        "not supported");
}

TEST_CASE("unknown keys are refused, and the known ones named") {
  CHECK(rejected(R"({"batchnum": 1})", nuq::ErrorCode::unknown_name) ==
        "config.json: unknown key 'batchnum', wanted a global key or a layer's object");
  CHECK(rejected(R"({"conv1": {"quant_enabled": true}})", nuq::ErrorCode::unknown_name) ==
        "config.json: layer 'conv1': unknown key 'quant_enabled', wanted one of quant_enable, activation_quant_params, "
        "weight_quant_params");
  CHECK(contains_text(rejected_layer(R"("bits": 8)", "", nuq::ErrorCode::unknown_name),
                      "layer 'conv1': unknown key 'bits', wanted one of num_bits, "));
  CHECK(contains_text(rejected_layer("", R"("steps": 8)", nuq::ErrorCode::unknown_name),
                      "layer 'conv1': unknown key 'steps', wanted one of num_bits, "));
}

TEST_CASE("activation parameters of wrong type or value are refused") {
  const auto check = [](const std::string& members, const std::string& message) {
    CHECK(rejected_layer(members, "") == "config.json: layer 'conv1': " + message);
  };
  check(R"("num_bits": 4)", "num_bits: got 4, wanted 8");
  check(R"("dst_type": "INT16")", "dst_type: got \"INT16\", wanted \"INT8\"");
  check(R"("max_percentile": 0.5)", "max_percentile: got 0.5, wanted a number in (0.5, 1]");
  check(R"("max_percentile": 1.1)", "max_percentile: got 1.1, wanted a number in (0.5, 1]");
  check(R"("min_percentile": 0)", "min_percentile: got 0, wanted a number in (0.5, 1]");
  check(R"("min_percentile": "1")", "min_percentile: got \"1\", wanted a number");
  check(R"("min_percentile": 1e300)", "min_percentile: got 1e+300, wanted a float32 number");
  check(R"("search_range": 0.7)", "search_range: got 0.7, wanted a list");
  check(R"("search_range": [0.7])", "search_range: got [0.7], wanted a list of two numbers");
  check(R"("search_range": [0.7, true])", "search_range: got [0.7,true], wanted a number");
  check(R"("search_range": [0, 1.3])", "search_range: got [0, 1.3], wanted 0 < start < end");
  check(R"("search_range": [1.3, 1.3])", "search_range: got [1.3, 1.3], wanted 0 < start < end");
  check(R"("search_step": 0)", "search_step: got 0, wanted a number in (0, 0.6], the width of search_range");
  check(R"("search_step": -0.1)", "search_step: got -0.1, wanted a number in (0, 0.6], the width of search_range");
  check(R"("search_step": 0.61)", "search_step: got 0.61, wanted a number in (0, 0.6], the width of search_range");
  check(R"("act_algo": "kl")", "act_algo: got \"kl\", wanted \"ifmr\", \"hfmg\" or \"min_max\"");
  check(R"("act_algo": "hfmg", "num_of_bins": 4000)", "num_of_bins: got 4000, wanted 1024, 2048, 4096 or 8192");
  check(R"("num_of_bins": 4096)", "num_of_bins: belongs to act_algo \"hfmg\", got \"ifmr\"");
  check(R"("act_algo": "hfmg", "search_step": 0.01)", "search_step: belongs to act_algo \"ifmr\", got \"hfmg\"");
  check(R"("asymmetric": 0)", "asymmetric: got 0, wanted true or false");
}

TEST_CASE("weight parameters of wrong type or value are refused") {
  const auto check = [](const std::string& members, const std::string& message) {
    CHECK(rejected_layer("", members) == "config.json: layer 'conv1': " + message);
  };
  check(R"("num_bits": 16)", "num_bits: got 16, wanted 8");
  check(R"("wts_algo": "ada_quantize")", "wts_algo: got \"ada_quantize\", wanted \"arq_quantize\" or \"nuq_quantize\"");
  check(R"("wts_algo": "snq_quantize", "num_bits": 4, "max_iteration": 1000, "init_algo": "gaussian")",
        "wts_algo: got \"snq_quantize\", wanted \"arq_quantize\" or \"nuq_quantize\"");
  check(R"("wts_algo": 1)", "wts_algo: got 1, wanted a string");
  check(R"("channel_wise": "yes")", "channel_wise: got \"yes\", wanted true or false");
  check(R"("num_steps": 32)", "num_steps: belongs to wts_algo \"nuq_quantize\", got \"arq_quantize\"");
  check(R"("wts_algo": "nuq_quantize", "num_steps": 1)", "num_steps: got 1, wanted an integer in 2..256");
  check(R"("wts_algo": "nuq_quantize", "num_steps": 257)", "num_steps: got 257, wanted an integer in 2..256");
  check(R"("wts_algo": "nuq_quantize", "num_steps": 16.5)", "num_steps: got 16.5, wanted an integer");
  check(R"("wts_algo": "nuq_quantize", "num_of_iteration": 6)", "num_of_iteration: got 6, wanted an integer in 0..5");
  check(R"("wts_algo": "nuq_quantize", "num_of_iteration": -1)", "num_of_iteration: got -1, wanted an integer in 0..5");
}

TEST_CASE("objects of a layer must be objects") {
  CHECK(rejected(R"({"conv1": {"quant_enable": 1}})", nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'conv1': quant_enable: got 1, wanted true or false");
  CHECK(rejected(R"({"conv1": {"activation_quant_params": []}})", nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'conv1': activation_quant_params: got [], wanted an object, or a list of objects, one for "
        "each input, that say the same");
}

nuq::ActivationPlan activation_read_from(const std::string& json) {
  return nuq::parse_quant_config(R"({"conv1": {"activation_quant_params": )" + json + "}}", "f")
      .layers[0]
      .plan.activation;
}

TEST_CASE("activation parameters may be a list with an entry for each input, if all say the same") {
  CHECK(activation_read_from(R"([{"search_step": 0.02, "num_bits": 8}])").search_step == 0.02F);
  CHECK(
      activation_read_from(R"([{"act_algo": "hfmg", "num_of_bins": 1024}, {"num_of_bins": 1024, "act_algo": "hfmg"}])")
          .num_of_bins == 1024);
  CHECK(activation_read_from("[{}]") == nuq::ActivationPlan{});
  for (const char* const list : {R"([{"search_step": 0.02}, {"search_step": 0.01}])", R"([{}, 1])", "[[]]", "[8]"}) {
    CAPTURE(list);
    CHECK(contains_text(rejected(std::string(R"({"conv1": {"activation_quant_params": )") + list + "}}",
                                 nuq::ErrorCode::invalid_argument),
                        "wanted an object, or a list of objects, one for each input, that say the same"));
  }
  CHECK(rejected(R"({"conv1": {"activation_quant_params": [{"num_bits": 12}]}})", nuq::ErrorCode::invalid_argument) ==
        "config.json: layer 'conv1': num_bits: got 12, wanted 8");
}

/// The form of the HiSilicon variant's files, with values of our own.
const std::string hisilicon = R"({
    "version":1, "batch_num":3, "activation_offset":false, "do_fusion":true, "skip_fusion_layers":[],
    "update_bn":false,
    "bn_update_config":{ "bn_moving_average_fraction":0.25, "bn_update_iterations":12, "bn_dump_dir":"tmp/bn" },
    "stem":{
        "quant_enable":true,
        "activation_quant_params":[
            { "num_bits":8, "max_percentile":0.99999, "min_percentile":0.9999, "search_range":[0.8, 1.2],
              "search_step":0.02 }
        ],
        "weight_quant_params":{ "wts_algo":"arq_quantize", "channel_wise":true, "num_bits":8 }
    }
})";

TEST_CASE("the HiSilicon variant's form is read, and update_bn is noted where it is wanted") {
  const nuq::QuantConfig config = nuq::parse_quant_config(hisilicon, "f");
  CHECK(config.batch_num == 3);
  CHECK(config.notes.empty());
  REQUIRE(config.layers.size() == 1);
  CHECK(config.layers[0].channel_wise == true);
  CHECK(config.layers[0].plan.activation.search_range_start == 0.8F);
  CHECK_FALSE(config.layers[0].plan.activation.asymmetric);
  std::string updated = hisilicon;
  updated.replace(updated.find("\"update_bn\":false"), 17, "\"update_bn\":true");
  CHECK(nuq::parse_quant_config(updated, "f").notes ==
        std::vector<std::string>{"f: update_bn: is not done: BatchNorm layers keep the statistics of the float model"});
  CHECK(rejected(R"({"update_bn": 1})", nuq::ErrorCode::invalid_argument) ==
        "config.json: update_bn: got 1, wanted true or false");
  CHECK(rejected(R"({"bn_update_config": 1})", nuq::ErrorCode::invalid_argument) ==
        "config.json: bn_update_config: got 1, wanted an object");
}

TEST_CASE("limits themselves are allowed, decimals as they are written") {
  const auto accepted = [](const std::string& activation, const std::string& weights) {
    return nuq::parse_quant_config(R"({"conv1": {"activation_quant_params": {)" + activation +
                                       R"(}, "weight_quant_params": {)" + weights + "}}}",
                                   "f")
        .layers[0]
        .plan;
  };
  CHECK(accepted(R"("max_percentile": 1, "min_percentile": 1.0)", "").activation.max_percentile == 1.0F);
  CHECK(accepted(R"("search_step": 0.6)", "").activation.search_step == 0.6F);
  CHECK(accepted(R"("search_range": [0.1, 0.3], "search_step": 0.2)", "").activation.search_range_end == 0.3F);
  CHECK(accepted("", R"("wts_algo": "nuq_quantize", "num_steps": 2, "num_of_iteration": 5)").num_steps == 2);
  CHECK(accepted("", R"("wts_algo": "nuq_quantize", "num_steps": 256, "channel_wise": true)").num_steps == 256);
}

TEST_CASE("settings that the vendor's tools refuse are noted once") {
  const nuq::QuantConfig config = nuq::parse_quant_config(R"({"joint_quant": true,
      "a": {"weight_quant_params": {"wts_algo": "nuq_quantize", "num_steps": 8}},
      "b": {"weight_quant_params": {"wts_algo": "nuq_quantize", "num_steps": 8}},
      "c": {"quant_enable": false, "weight_quant_params": {"wts_algo": "nuq_quantize", "num_steps": 9}},
      "d": {"weight_quant_params": {"wts_algo": "nuq_quantize", "num_steps": 16}}})",
                                                          "f");
  CHECK(config.joint_quant);
  CHECK(config.notes == std::vector<std::string>{"f: num_steps 8: the vendor's tools take 16 and 32 only"});
}

TEST_CASE("a layer named like a global key cannot be written") {
  nuq::QuantConfig config;
  config.layers.resize(1);
  config.layers[0].name = "version";
  CHECK(
      message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::to_json(config)); }, nuq::ErrorCode::duplicate_name) ==
      "config.json: layer 'version': is named like a key of the configuration: rename it");
}

TEST_CASE("a layer's name of any bytes comes back, from text of ASCII alone") {
  nuq::QuantConfig config;
  config.layers.resize(1);
  config.layers[0].name =
      "\xBE\xED\xBB\xFD"
      "1";  // GBK
  const std::string text = nuq::to_json(config);
  CHECK(contains_text(text, "\"\\uefbe\\uefed\\uefbb\\ueffd1\""));
  CHECK(nuq::parse_quant_config(text, "f").layers.at(0).name == config.layers[0].name);
}

TEST_CASE("a configuration is read from its file") {
  const TemporaryFolder folder;
  const nuq::QuantConfig config = nuq::read_quant_config(folder.write("c.json", golden));
  CHECK(config.layers.size() == 3);
  CHECK(config.file == folder / "c.json");
  CHECK_THROWS_AS(static_cast<void>(nuq::read_quant_config(folder / "absent.json")), nuq::FormatError);
}

TEST_CASE("levels that are named are kept as a key that is there where they are caps alone") {
  nuq::QuantConfig config;
  CHECK(nuq::to_json(config).find("nuq_cap_levels") == std::string::npos);
  config.cap_levels = true;
  const std::string text = nuq::to_json(config);
  CHECK(text.find("\"nuq_cap_levels\":true") != std::string::npos);
  CHECK(nuq::parse_quant_config(text, "config.json").cap_levels);
  CHECK_FALSE(nuq::parse_quant_config("{}", "config.json").cap_levels);
}

TEST_CASE("a configuration for the vendor's compiler says so, and comes back") {
  nuq::QuantConfig config;
  config.layers.emplace_back();
  config.layers.back().name = "conv";
  CHECK(nuq::to_json(config).find("nuq_target") == std::string::npos);
  config.for_ascend = true;
  const std::string text = nuq::to_json(config);
  CHECK(text.find("\"nuq_target\":\"ascend\"") != std::string::npos);
  CHECK(nuq::parse_quant_config(text, "config.json").for_ascend);
  CHECK_FALSE(nuq::parse_quant_config(R"({"nuq_target":"packed"})", "config.json").for_ascend);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::parse_quant_config(R"({"nuq_target":"tpu"})", "config.json")),
                       doctest::Contains("nuq_target"), nuq::ConfigError);
}

}  // namespace amct_quant_config_json_test
