#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/activation/ifmr.hpp"
#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "tiny_network.hpp"

namespace workflow_calibrate_by_evaluator_test {

/// The mean largest output of `batch_num` batches.
double run_batches(nuq::Net& net, int batch_num) {
  double sum = 0.0;
  for (int batch = 0; batch < batch_num; ++batch) {
    net.set_input("data", TinyNetwork::batch(batch).view());
    net.forward();
    const nuq::ArrayView<const float> outputs = net.output("prob").values;
    sum += static_cast<double>(*std::max_element(outputs.begin(), outputs.end()));
  }
  return sum / batch_num;
}

/// An evaluator as the AMCT manual has it: no calibration data but those that `eval_model` runs.
struct ManualEvaluator : nuq::AutoNuqEvaluatorBase<ManualEvaluator> {
  static constexpr int evaluate_batch_num = 3;
  std::vector<int> batches;
  std::function<double(nuq::Net&, int)> run = run_batches;
  bool (*accepts)(double, double) = [](double original, double result) { return (original - result) * 100 < 1; };

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) {
    batches.push_back(batch_num);
    nuq::Net net(model_file, weights_file);
    return run(net, batch_num);
  }
  bool is_satisfied(double original, double result) const { return accepts(original, result); }
};

/// The same with its data known: as this library calibrates.
struct DataEvaluator : nuq::AutoNuqEvaluatorBase<DataEvaluator> {
  static constexpr int evaluate_batch_num = 3;
  bool (*accepts)(double, double) = ManualEvaluator().accepts;

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) {
    nuq::Net net(model_file, weights_file);
    return run_batches(net, batch_num);
  }
  bool is_satisfied(double original, double result) const { return accepts(original, result); }
  nuq::InputBatch calibration_batch(int index) const { return {{"data", TinyNetwork::batch(index)}}; }
};

/// In memory, without data.
struct NetEvaluator : nuq::AutoNuqEvaluatorBase<NetEvaluator> {
  static constexpr int evaluate_batch_num = 3;

  double eval_net(nuq::Net& net, int batch_num) { return run_batches(net, batch_num); }
  bool is_satisfied(double original, double result) const { return (original - result) * 100 < 1; }
};

struct Run {
  TemporaryFolder folder;
  TinyNetwork network{folder};
  std::string config = folder / "config.json";
  nuq::AutoNuqOptions options;

  /// `changes`: texts of config.json and what they become.
  explicit Run(const std::map<std::string, std::string>& changes = {}) {
    nuq::create_quant_config(config, network.model, network.weights, {}, 2);
    std::string text = folder.read("config.json");
    for (const auto& [from, to] : changes) {
      for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    }
    folder.write("config.json", text);
    options.statistics_batches = -1;
  }

  template <class Evaluator>
  nuq::AutoNuqResult auto_nuq(Evaluator&& evaluator, const std::string& prefix) const {
    return nuq::auto_nuq(network.model, network.weights, evaluator, config, folder / (prefix + "_record.txt"),
                         folder / prefix, options);
  }
  template <class Evaluator>
  nuq::AutoCalibrationResult roll_back(Evaluator&& evaluator, const std::string& prefix) const {
    return nuq::accuracy_based_auto_calibration(network.model, network.weights, evaluator, config,
                                                folder / (prefix + "_record.txt"), folder / prefix);
  }
  void check_equal_files(const std::string& a, const std::string& b) const {
    for (const char* const suffix :
         {"_record.txt", "_fake_quant_model.prototxt", "_fake_quant_weights.caffemodel", "_deploy_model.prototxt",
          "_deploy_weights.caffemodel", "_quant.json", "_nuq_layer_record.txt", ".nuq"}) {
      CAPTURE(suffix);
      CHECK(std::filesystem::exists(folder / (a + suffix)));
      CHECK(folder.read(a + suffix) == folder.read(b + suffix));
    }
  }
};

const std::string ifmr_lines =
    "            \"max_percentile\":0.999999,\n            \"min_percentile\":0.999999,\n            "
    "\"search_range\":[\n                0.7,\n                1.3\n            ],\n            "
    "\"search_step\":0.01,\n            \"act_algo\":\"ifmr\",\n";

TEST_CASE("calibration through eval_model gives the files that calibration_batch gives, whatever the algorithm") {
  const std::map<std::string, std::map<std::string, std::string>> configurations = {
      {"ifmr", {}},
      {"symmetric", {{"\"asymmetric\":true", "\"asymmetric\":false"}}},
      {"hfmg", {{ifmr_lines, "\"act_algo\":\"hfmg\",\"num_of_bins\":1024,\n"}}},
      {"min_max", {{ifmr_lines, "\"act_algo\":\"min_max\",\n"}}}};
  for (const auto& [name, changes] : configurations) {
    CAPTURE(name);
    const Run run(changes);
    ManualEvaluator manual;
    REQUIRE(run.auto_nuq(manual, "manual").satisfied);
    REQUIRE(run.auto_nuq(DataEvaluator(), "data").satisfied);
    run.check_equal_files("manual", "data");
    CHECK(manual.batches[0] == 3);  // the original
    CHECK(manual.batches[1] == 2);  // the calibration model, on the configuration's batches
    CHECK(std::count(manual.batches.begin(), manual.batches.end(), 2) == 1);
  }
}

TEST_CASE("the calibration model and its record are gone after the run, and the report says nothing of weights-only") {
  const Run run;
  const nuq::AutoNuqResult result = run.auto_nuq(ManualEvaluator(), "net");
  CHECK_FALSE(result.report.weights_only);
  for (const auto& entry : std::filesystem::directory_iterator(run.folder.path()))
    CHECK(entry.path().filename().string().find("calibration") == std::string::npos);
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(run.folder / "net_record.txt");
  REQUIRE(record.record_size() == 3);
  for (const auto& entry : record.record()) CHECK(entry.value().has_scale_d());
}

TEST_CASE("an evaluator in memory without data is calibrated through eval_net") {
  const Run run;
  REQUIRE(run.auto_nuq(NetEvaluator(), "net").satisfied);
  REQUIRE(run.auto_nuq(DataEvaluator(), "data").satisfied);
  run.check_equal_files("net", "data");
}

TEST_CASE("where no factors arrive the run is weights-only and names the cause") {
  const Run run;
  ManualEvaluator evaluator;
  evaluator.run = [](nuq::Net& net, int batch_num) { return batch_num == 2 ? 0.0 : run_batches(net, batch_num); };
  const nuq::AutoNuqResult idle = run.auto_nuq(evaluator, "idle");
  CHECK(idle.satisfied);
  CHECK(idle.report.weights_only);
  REQUIRE_FALSE(idle.report.warnings.empty());
  CHECK(idle.report.warnings.back() ==
        "weights-only, no deploy model: the evaluator has no calibration_batch(int), and its run of the calibration "
        "model recorded no scale_d of layer 'conv1'");
  CHECK_FALSE(std::filesystem::exists(run.folder / "idle_deploy_model.prototxt"));

  evaluator.run = [](nuq::Net& net, int batch_num) {
    if (net.graph().find("conv1_ifmr") != nullptr) throw std::runtime_error("unknown layer type: IFMR");
    return run_batches(net, batch_num);
  };
  const nuq::AutoNuqResult stock = run.auto_nuq(evaluator, "stock");
  CHECK(stock.satisfied);
  CHECK(stock.report.weights_only);
  CHECK(stock.report.warnings.back().find("failed: unknown layer type: IFMR") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(run.folder / "stock_calibration_record.txt"));
}

TEST_CASE("accuracy_based_auto_calibration calibrates through eval_model too") {
  const Run run;
  REQUIRE(run.roll_back(ManualEvaluator(), "manual").satisfied);
  REQUIRE(run.roll_back(DataEvaluator(), "data").satisfied);
  run.check_equal_files("manual", "data");
  ManualEvaluator evaluator;
  evaluator.run = [](nuq::Net&, int) { return 1.0; };
  const CaughtError error = error_of<nuq::EvaluationError>([&] { run.roll_back(evaluator, "idle"); });
  CHECK(error.says("recorded no scale_d of layer 'conv1'"));
}

TEST_CASE("without calibration data layers are ranked on random inputs, which is said") {
  const Run run;
  ManualEvaluator evaluator;
  int evaluations = 0;
  evaluator.run = [&evaluations](nuq::Net& net, int batch_num) {
    run_batches(net, batch_num);
    return batch_num == 3 && ++evaluations == 2 ? 0.0 : 1.0;  // refuses the first int8 model
  };
  const nuq::AutoCalibrationResult result = run.roll_back(evaluator, "net");
  CHECK(result.satisfied);
  REQUIRE(result.ranking.size() == 3);
  for (const nuq::LayerSensitivity& layer : result.ranking) {
    CHECK(layer.value > 0.9);  // int8 changes little, but something
    CHECK(layer.value < 1.0);
  }
  CHECK(result.notes.back().find("random inputs") != std::string::npos);
}

nuq::QuantizationSession quantized_session(const Run& run) {
  nuq::QuantizationSession session =
      nuq::init(run.config, run.network.model, run.network.weights, run.folder / "record.txt");
  nuq::quantize_model(session, run.folder / "modified.prototxt", run.folder / "modified.caffemodel");
  return session;
}

TEST_CASE("forward passes of the modified model complete the record, and save_model takes it from there") {
  const Run run;
  nuq::QuantizationSession session = quantized_session(run);
  nuq::Net net(run.folder / "modified.prototxt", run.folder / "modified.caffemodel");
  nuq::Ifmr ifmr;
  nuq::Ifmr::Observed inputs_of_fc;
  for (int batch = 0; batch < 2; ++batch) {
    CHECK(run.folder.read("record.txt").find("scale_d") == std::string::npos);
    net.set_input("data", TinyNetwork::batch(batch).view());
    net.forward();
    ifmr.observe(inputs_of_fc, net.output("conv2").values);
  }
  const nuq::ActivationScale wanted = ifmr.finish(inputs_of_fc);
  nuq::save_model(session, nuq::SaveType::both, run.folder / "net");
  CHECK(std::filesystem::exists(run.folder / "net_deploy_model.prototxt"));
  for (const auto& [name, layer] : session.quantization) {
    CAPTURE(name);
    REQUIRE(layer.activation.has_value());
    CHECK(layer.activation->with_offset);
  }
  CHECK(session.quantization.at("fc").activation->scale == wanted.scale);
  CHECK(session.quantization.at("fc").activation->offset == wanted.offset);
  CHECK(session.quantization.at("conv1").input_shape == nuq::Shape{1, 2, 6, 6});
}

TEST_CASE("too few forward passes leave the record without scale_d, and save_model names the layer") {
  const Run run;
  nuq::QuantizationSession session = quantized_session(run);
  nuq::Net net(run.folder / "modified.prototxt", run.folder / "modified.caffemodel");
  run_batches(net, 1);
  CHECK(error_of<nuq::RecordError>([&] {
          nuq::save_model(session, nuq::SaveType::both, run.folder / "net");
        }).says("conv1"));
}

}  // namespace workflow_calibrate_by_evaluator_test
