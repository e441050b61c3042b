#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "../temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "tiny_network.hpp"

namespace workflow_amct_manual_test {

/// The benchmark that the manual leaves to the user: the mean largest output of `iterations` batches.
class Benchmark {
 public:
  double do_benchmark_test(const std::string& model_file, const std::string& weights_file, int iterations) {
    last_iterations_ = iterations;
    nuq::Net net(model_file, weights_file);
    double sum = 0.0;
    for (int iteration = 0; iteration < iterations; ++iteration) {
      net.set_input("data", TinyNetwork::batch(iteration).view());
      net.forward();
      const nuq::ArrayView<const float> outputs = net.output("prob").values;
      sum += static_cast<double>(*std::max_element(outputs.begin(), outputs.end()));
    }
    return sum / iterations;
  }
  [[nodiscard]] int last_iterations() const { return last_iterations_; }

 private:
  int last_iterations_ = -1;
};

/// The evaluator of the manual's page on automatic non-uniform quantization, statement by statement (AMCT for Caffe,
/// auto_nuq_resnet50_sample).
class AutoNuqEvaluator : public nuq::AutoNuqEvaluatorBase<AutoNuqEvaluator> {
 public:
  int evaluate_batch_num;
  Benchmark* benchmark;

  AutoNuqEvaluator(int evaluate_batch_num_, Benchmark& benchmark_)
      : evaluate_batch_num(evaluate_batch_num_), benchmark(&benchmark_) {}

  double eval_model(std::string model_file, std::string weights_file, int batch_num) {
    return benchmark->do_benchmark_test(model_file, weights_file, batch_num);
  }

  bool is_satisfied(double original_metric, double new_metric) {
    if ((original_metric - new_metric) * 100 < 1) return true;
    return false;
  }
};

/// A network with the two files that the page starts from: the compiler's JSON, and the simplified configuration.
struct Sample {
  TemporaryFolder folder;
  TinyNetwork network{folder};
  std::string config_file = folder / "config.json";
  std::string cfg_define = folder / "quant.cfg";
  std::string record_file = folder / "scale_offset_record.txt";
  std::string result_path = folder / "calibration_results/tiny";
  Benchmark benchmark;

  Sample() {
    std::ofstream(folder / "om.json") << R"({"graph": [{"op": [
      {"name": "conv2", "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]}]}]})";
    std::ofstream(cfg_define)
        << "nuq_config { mapping_file: 'om.json' nuq_quantize { num_steps: 32 num_of_iteration: 1 } }";
    nuq::create_quant_config(config_file, network.model, network.weights, {}, 1, true, cfg_define);
  }

  template <class Evaluator>
  nuq::AutoNuqResult auto_nuq(Evaluator&& evaluator) {
    return nuq::auto_nuq(network.model, network.weights, std::forward<Evaluator>(evaluator), config_file, record_file,
                         result_path);
  }
  [[nodiscard]] bool wrote(const std::string& suffix) const { return std::filesystem::exists(result_path + suffix); }
};

TEST_CASE("the manual's page on automatic non-uniform quantization runs, translated word for word") {
  Sample sample;
  AutoNuqEvaluator evaluator(3, sample.benchmark);
  const nuq::AutoNuqResult result = sample.auto_nuq(evaluator);
  CHECK(result.satisfied);
  CHECK(sample.benchmark.last_iterations() == 3);
  CHECK(sample.wrote("_fake_quant_model.prototxt"));
  CHECK(sample.wrote("_fake_quant_weights.caffemodel"));
  CHECK(sample.wrote("_deploy_model.prototxt"));
  CHECK(sample.wrote("_deploy_weights.caffemodel"));
  CHECK(sample.wrote("_nuq_layer_record.txt"));
  CHECK(result.report.target == "ascend");
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(sample.record_file);
  REQUIRE(record.record_size() == 3);
  for (const auto& entry : record.record()) CHECK(entry.value().has_scale_d());
}

TEST_CASE("the manual's evaluator may be a temporary") {
  Sample sample;
  CHECK(sample.auto_nuq(AutoNuqEvaluator(2, sample.benchmark)).satisfied);
  CHECK(sample.benchmark.last_iterations() == 2);
}

TEST_CASE("the manual's seven arguments of create_quant_config") {
  Sample sample;
  const nuq::QuantConfig by_cfg =
      nuq::create_quant_config(sample.config_file, sample.network.model, sample.network.weights,
                               /*skip_layers=*/{"fc"}, /*batch_num=*/2, /*activation_offset=*/false, sample.cfg_define);
  CHECK(by_cfg.batch_num == 1);  // a simplified configuration speaks for itself
  const nuq::QuantConfig by_arguments = nuq::create_quant_config(
      sample.config_file, sample.network.model, sample.network.weights, {"fc"}, 2, false, std::string());
  CHECK(by_arguments.batch_num == 2);
}

}  // namespace workflow_amct_manual_test
