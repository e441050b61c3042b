#include "nuq/amct/mapping_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>

#include "../temporary_folder.hpp"
#include "network.hpp"

namespace amct_mapping_file_test {

std::set<std::string> flagged_in(const std::string& op) {
  return nuq::compressible_layers(R"({"graph": [{"name": "mergedGraph_0", "op": [)" + op + "]}]}", "om.json");
}

TEST_CASE("the layers of a flagged operator are found") {
  CHECK(flagged_in(R"({"name": "abc", "type": "Conv2D", "attr": [
          {"key": "_datadump_original_op_names", "value": {"list": {"s": ["a", "a_dequant_layer", "b_0_quant_layer"], "val_type": "VT_LIST_STRING"}}},
          {"key": "_fe_weight_compress", "value": {"b": true}}]})") ==
        std::set<std::string>{"a", "a_dequant_layer", "b_0_quant_layer"});
}

TEST_CASE("an operator without a list of layers stands for itself") {
  CHECK(flagged_in(R"({"name": "a", "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]},
                      {"name": "b", "attr": [{"key": "_fe_weight_compress", "value": {"i": 1}},
                                             {"key": "_datadump_original_op_names", "value": {"list": {"s": null}}}]})") ==
        std::set<std::string>{"a", "b"});
}

TEST_CASE("operators without the flag, or with it off, are passed over") {
  CHECK(flagged_in(R"({"name": "a", "attr": [{"key": "_fe_weight_compress", "value": {"b": false}}]},
                      {"name": "b", "attr": [{"key": "_fe_weight_compress", "value": {"i": 0}}]},
                      {"name": "c", "attr": [{"key": "_fe_weight_compress", "value": null}]},
                      {"name": "d", "attr": [{"key": "_fe_weight_compress"}]},
                      {"name": "e", "attr": [{"key": "other", "value": {"b": true}}]},
                      {"name": "f"})")
            .empty());
}

TEST_CASE("unexpected content is passed over") {
  CHECK(flagged_in(R"(null, 7, "text", [], {"attr": 3}, {"attr": [null, 1, {"key": 2}]},
                      {"attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]},
                      {"name": 5, "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]})")
            .empty());
  CHECK(nuq::compressible_layers(R"({"graph": []})", "om.json").empty());
  CHECK(nuq::compressible_layers(R"({"graph": [null, {"op": null}, {"op": {"name": "x"}}, {}]})", "om.json").empty());
}

TEST_CASE("a file of another kind is refused") {
  const auto rejected = [](const std::string& text) {
    return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::compressible_layers(text, "om.json")); },
                                        nuq::ErrorCode::malformed_file);
  };
  CHECK(contains_text(rejected("no json"), "om.json: parse error at line 1, column 2"));
  CHECK(contains_text(rejected("{\"graph\": ["), "om.json: parse error"));
  CHECK(rejected("{}") == "om.json: has no list 'graph', wanted the JSON that `atc --mode=1` writes");
  CHECK(contains_text(rejected("[1, 2]"), "om.json: has no list 'graph'"));
  CHECK(contains_text(rejected(R"({"graph": {"op": []}})"), "om.json: has no list 'graph'"));
}

TEST_CASE("a mapping file says where it was found") {
  const TemporaryFolder folder;
  const nuq::CompressibleLayers layers = nuq::read_mapping_file(folder.write(
      "om.json",
      R"({"graph": [{"op": [{"name": "a", "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]}]}]})"));
  CHECK(layers.names == std::set<std::string>{"a"});
  CHECK(layers.source == folder / "om.json");
  CHECK_THROWS_AS(static_cast<void>(nuq::read_mapping_file(folder / "absent.json")), nuq::FormatError);
}

TEST_CASE(
    "a mapping file is looked for in the working directory, in the configuration's folder, and there by its base "
    "name") {
  const TemporaryFolder work;
  const TemporaryFolder config;
  const std::string cfg = config / "quant.cfg";
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(work.path());
  const auto found = [&cfg](const std::string& named) { return nuq::find_mapping_file(named, cfg); };

  const std::string missing =
      message_of<nuq::ConfigError>([&] { static_cast<void>(found("sub/om.json")); }, nuq::ErrorCode::file_not_readable);
  CHECK(contains_text(missing, cfg + ": mapping_file: no such file: looked for 'sub/om.json', '"));

  config.write("om.json", "by base name");
  CHECK(std::filesystem::equivalent(found("sub/om.json"), config / "om.json"));
  CHECK(std::filesystem::equivalent(found("./sub/om.json"), config / "om.json"));
  std::filesystem::create_directory(config / "sub");
  config.write("sub/om.json", "relative to the configuration");
  CHECK(std::filesystem::equivalent(found("sub/om.json"), config / "sub/om.json"));
  std::filesystem::create_directory(work / "sub");
  work.write("sub/om.json", "relative to the working directory");
  CHECK(std::filesystem::equivalent(found("sub/om.json"), work / "sub/om.json"));
  CHECK(std::filesystem::equivalent(found(config / "om.json"), config / "om.json"));
  CHECK_THROWS_AS(static_cast<void>(found("sub")), nuq::ConfigError);  // a folder is no file

  std::filesystem::current_path(before);
}

TEST_CASE("zoo: ten convolutions are flagged in the vendor's ResNet-50") {
  const auto zoo = model_zoo();
  if (!zoo) return;
  const nuq::Graph graph = nuq::load_graph(*zoo + "/models/prototxt/resnet50_kaiming.prototxt", "");
  std::set<std::string> layers;
  for (const std::string& name : nuq::read_mapping_file(*zoo + "/data/ascend_samples/resnet50_om_model.json").names) {
    const nuq::Node* const node = graph.find(name);
    if (node != nullptr && node->type == "Convolution") layers.insert(name);
  }
  CHECK(layers == std::set<std::string>{"res5a_branch1", "res5a_branch2a", "res5a_branch2b", "res5a_branch2c",
                                        "res5b_branch2a", "res5b_branch2b", "res5b_branch2c", "res5c_branch2a",
                                        "res5c_branch2b", "res5c_branch2c"});
}

}  // namespace amct_mapping_file_test
