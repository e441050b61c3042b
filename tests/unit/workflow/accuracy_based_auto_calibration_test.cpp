#include "nuq/workflow/accuracy_based_auto_calibration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "tiny_network.hpp"

namespace workflow_accuracy_based_auto_calibration_test {

std::vector<std::string> quantized_layers(const nuq::Graph& graph) {
  std::vector<std::string> layers;
  for (const char* const layer : {"conv1", "conv2", "fc"}) {
    if (graph.find(nuq::dequant_layer_name(layer)) != nullptr) layers.emplace_back(layer);
  }
  return layers;
}

/// Is satisfied with a network by which layers it has quantized; the metric is their number, negated.
struct LayerEvaluator : nuq::AutoNuqEvaluatorBase<LayerEvaluator> {
  std::function<bool(const std::vector<std::string>&)> accepts = [](const auto&) { return true; };
  std::vector<std::vector<std::string>> seen;

  double eval_net(nuq::Net& net, int) {
    seen.push_back(quantized_layers(net.graph()));
    return -static_cast<double>(seen.back().size());
  }
  bool is_satisfied(double, double) const { return accepts(seen.back()); }
  nuq::InputBatch calibration_batch(int index) const { return {{"data", TinyNetwork::batch(index)}}; }
};

/// The other way of evaluating: through files.
struct FileEvaluator : nuq::AutoNuqEvaluatorBase<FileEvaluator> {
  static constexpr int evaluate_batch_num = 7;
  std::vector<std::string> files;

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) {
    CHECK(batch_num == 7);
    files.push_back(model_file);
    return -static_cast<double>(quantized_layers(nuq::load_graph(model_file, weights_file)).size());
  }
  bool is_satisfied(double original, double result) const { return original - result <= 1.0; }
  nuq::InputBatch calibration_batch(int index) const { return {{"data", TinyNetwork::batch(index)}}; }
};

/// Tells the layers apart by the length of their outputs: conv1, conv2, fc.
struct ScriptedSensitivity {
  std::vector<double> by_size;
  double compare(nuq::ArrayView<const float> original, nuq::ArrayView<const float>) const {
    return original.size() == 40 ? by_size[2] : original.size() == 288 ? by_size[1] : by_size[0];  // fc, conv2, conv1
  }
};

/// Trusts that one layer is enough.
struct Careless {
  template <class Passes>
  std::size_t layers_to_roll_back(std::size_t, Passes&&) const {
    return 1;
  }
};

struct Run {
  TemporaryFolder folder;
  TinyNetwork network{folder};
  std::string config = folder / "config.json";
  std::string prefix = folder / "out/net";

  Run() { nuq::create_quant_config(config, network.model, network.weights, {}, 2); }
  template <class Evaluator, class... Policies>
  nuq::AutoCalibrationResult operator()(Evaluator& evaluator, const Policies&... policies) const {
    return nuq::accuracy_based_auto_calibration(network.model, network.weights, evaluator, config,
                                                folder / "out/record.txt", prefix, {}, policies...);
  }
  [[nodiscard]] bool wrote(const std::string& name) const { return std::filesystem::exists(folder / ("out/" + name)); }
  [[nodiscard]] nlohmann::json json(const std::string& name) const {
    return nlohmann::json::parse(folder.read("out/" + name));
  }
  [[nodiscard]] nlohmann::json history() const { return json("accuracy_based_auto_calibration_record.json"); }
};

using Names = std::vector<std::string>;
const std::string verb = "net_accuracy_based_auto_calibration";
const char* const model_files[] = {"net_fake_quant_model.prototxt",
                                   "net_fake_quant_weights.caffemodel",
                                   "net_deploy_model.prototxt",
                                   "net_deploy_weights.caffemodel",
                                   "net_quant.json",
                                   "record.txt"};

bool contains(const Names& layers, const std::string& layer) {
  return std::find(layers.begin(), layers.end(), layer) != layers.end();
}

TEST_CASE("a network whose int8 form passes is quantized whole, after two evaluations") {
  const Run run;
  LayerEvaluator evaluator;
  const nuq::AutoCalibrationResult result = run(evaluator);
  CHECK(result.satisfied);
  CHECK(evaluator.seen == std::vector<Names>{{}, {"conv1", "conv2", "fc"}});
  CHECK(result.metric == -3.0);
  CHECK(result.rolled_back.empty());
  CHECK(result.ranking.empty());
  for (const char* const name : model_files) CHECK(run.wrote(name));
  CHECK_FALSE(run.folder.has_name_with("trial"));
  CHECK(run.json(verb + "_ranking_information.json") == nlohmann::json::object());
  CHECK(run.history()["trials"].size() == 1);
}

TEST_CASE("nuq_quantize is taken as arq_quantize, and said") {
  const Run run;
  LayerEvaluator evaluator;
  const nuq::AutoCalibrationResult result = run(evaluator);
  for (const auto& [name, layer] : result.quantization) CHECK_FALSE(layer.codebook.has_value());
  REQUIRE(result.notes.size() == 3);
  CHECK(result.notes[0].find("arq_quantize instead of nuq_quantize") != std::string::npos);
  CHECK(run.json(verb + "_final_config.json")["fc"]["weight_quant_params"]["wts_algo"] == "arq_quantize");
}

TEST_CASE("the most sensitive layers go back to float until the evaluator is satisfied") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return !contains(quantized, "fc"); };
  const nuq::AutoCalibrationResult result =
      run(evaluator, nuq::BinarySearchStrategy{}, ScriptedSensitivity{{0.9, 0.4, 0.2}});
  CHECK(result.satisfied);
  CHECK(result.rolled_back == Names{"fc"});
  CHECK(evaluator.seen == std::vector<Names>{{}, {"conv1", "conv2", "fc"}, {"conv1", "conv2"}});
  REQUIRE(result.ranking.size() == 3);
  CHECK(result.ranking[0].layer == "fc");
  CHECK(result.ranking[2].layer == "conv1");
  CHECK(result.quantization.count("fc") == 0);
  const nuq::Graph written =
      nuq::load_graph(run.prefix + "_deploy_model.prototxt", run.prefix + "_deploy_weights.caffemodel");
  CHECK(quantized_layers(written) == Names{"conv1", "conv2"});
  CHECK(run.folder.read("out/record.txt").find("\"fc\"") == std::string::npos);
  CHECK(run.folder.read("out/" + verb + "_ranking_information.json") ==
        "{\n  \"fc\": 0.2,\n  \"conv2\": 0.4,\n  \"conv1\": 0.9\n}\n");
}

TEST_CASE("the history says what was tried and how it fared") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return quantized.size() < 2; };
  const nuq::AutoCalibrationResult result =
      run(evaluator, nuq::BinarySearchStrategy{}, ScriptedSensitivity{{0.9, 0.4, 0.2}});
  const nlohmann::json history = run.history();
  CHECK(history["original_metric"] == 0.0);
  CHECK(history["satisfied"] == true);
  CHECK(history["roll_back_layers"] == nlohmann::json{"fc", "conv2"});
  REQUIRE(history["trials"].size() == result.trials.size());
  CHECK(history["trials"][0]["roll_back_layers"] == nlohmann::json::array());
  CHECK(history["trials"][0]["metric"] == -3.0);
  CHECK(history["trials"][0]["satisfied"] == false);
  CHECK(history["trials"].back()["roll_back_layers"] == nlohmann::json{"fc", "conv2"});
  CHECK(history["trials"].back()["satisfied"] == true);
}

TEST_CASE("the final configuration gives the same models again") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return quantized.size() < 3; };
  const nuq::AutoCalibrationResult result = run(evaluator);
  REQUIRE(result.rolled_back.size() == 1);
  nuq::static_nuq(
      run.network.model, run.network.weights,
      [](int index) {
        return nuq::InputBatch{{"data", TinyNetwork::batch(index)}};
      },
      run.folder / ("out/" + verb + "_final_config.json"), run.folder / "out/again_record.txt",
      run.folder / "out/again");
  for (const char* const suffix : {"_fake_quant_model.prototxt", "_fake_quant_weights.caffemodel",
                                   "_deploy_model.prototxt", "_deploy_weights.caffemodel"}) {
    CHECK(run.folder.read(std::string("out/again") + suffix) == run.folder.read(std::string("out/net") + suffix));
  }
  CHECK(run.folder.read("out/again_record.txt") == run.folder.read("out/record.txt"));
}

TEST_CASE("the shipped sensitivity puts a layer with ruined weights first") {
  const Run run;
  {
    nuq::Model model = nuq::read_model(run.network.model, run.network.weights);
    for (nuq::schema::LayerWeights& layer : *model.weights.mutable_layer()) {
      if (layer.name() == "fc") layer.mutable_blobs(0)->set_data(0, 3.0e4F);  // one scale: all others round to nothing
    }
    nuq::FileSet files;
    nuq::write_model(model, files, run.network.model, run.network.weights);
    files.commit();
  }
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return !contains(quantized, "fc"); };
  const nuq::AutoCalibrationResult result = run(evaluator);
  REQUIRE(result.ranking.size() == 3);
  for (const nuq::LayerSensitivity& layer : result.ranking) CHECK((layer.value >= 0.0 && layer.value <= 1.0 + 1e-12));
  CHECK(result.ranking[0].value <= result.ranking[1].value);
  CHECK(result.ranking[1].value <= result.ranking[2].value);
  CHECK(result.satisfied);
  CHECK(contains(result.rolled_back, "fc"));
}

TEST_CASE("where every layer goes back to float no model is written, and the result says so") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return quantized.empty(); };
  const nuq::AutoCalibrationResult result = run(evaluator);
  CHECK_FALSE(result.satisfied);
  CHECK_FALSE(result.metric.has_value());
  CHECK(result.rolled_back.size() == 3);
  CHECK(result.quantization.empty());
  for (const char* const name : model_files) CHECK_FALSE(run.wrote(name));
  CHECK(run.json(verb + "_ranking_information.json").size() == 3);
  CHECK(run.json(verb + "_final_config.json")["conv1"]["quant_enable"] == false);
  CHECK(run.history()["satisfied"] == false);
}

TEST_CASE("a strategy's answer is never taken when the evaluator refuses it") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) { return quantized.empty(); };
  const nuq::AutoCalibrationResult result = run(evaluator, Careless{});
  CHECK_FALSE(result.satisfied);
  CHECK(result.trials.size() == 2);
}

TEST_CASE("an evaluator that refuses the original model's own metric is an error, and nothing is written") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names&) { return false; };
  const auto error = error_of<nuq::EvaluationError>([&] { run(evaluator); });
  CHECK(error.code == nuq::ErrorCode::evaluation_failed);
  CHECK(error.says("is_satisfied(original, original) is false"));
  CHECK_FALSE(std::filesystem::exists(run.folder / "out"));
}

TEST_CASE("an evaluator that fails in the middle leaves nothing behind") {
  const Run run;
  LayerEvaluator evaluator;
  evaluator.accepts = [](const Names& quantized) {
    if (quantized.size() == 2) throw std::runtime_error("camera on fire");
    return quantized.empty();
  };
  CHECK_THROWS_WITH(run(evaluator), "camera on fire");
  CHECK_FALSE(std::filesystem::exists(run.folder / "out"));
}

TEST_CASE("an evaluator of files sees the original's own, then trial models that are gone afterwards") {
  const Run run;
  FileEvaluator evaluator;
  const nuq::AutoCalibrationResult result = run(evaluator);
  CHECK(result.satisfied);
  CHECK(result.rolled_back.size() == 2);
  CHECK(evaluator.files.front() == run.network.model);
  CHECK(evaluator.files[1].rfind(run.prefix + "_trial.", 0) == 0);
  CHECK_FALSE(run.folder.has_name_with("trial"));
}

TEST_CASE("a layer whose bias leaves the int32 range stays in float from the start") {
  const Run run;
  {
    nuq::Model model = nuq::read_model(run.network.model, run.network.weights);
    for (nuq::schema::LayerWeights& layer : *model.weights.mutable_layer()) {
      if (layer.name() == "fc") layer.mutable_blobs(1)->set_data(0, 1.0e12F);
    }
    nuq::FileSet files;
    nuq::write_model(model, files, run.network.model, run.network.weights);
    files.commit();
  }
  LayerEvaluator evaluator;
  const nuq::AutoCalibrationResult result = run(evaluator);
  CHECK(result.satisfied);
  CHECK(result.rolled_back == Names{"fc"});
  CHECK(result.notes.back().find("wanted the int32 range") != std::string::npos);
  CHECK(run.json(verb + "_final_config.json")["fc"]["quant_enable"] == false);
}

}  // namespace workflow_accuracy_based_auto_calibration_test
