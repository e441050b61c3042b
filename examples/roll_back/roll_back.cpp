// Uniform int8, with as few of the most sensitive layers back in float as it takes (AMCT manual, accuracy-based
// automatic calibration).
//
//     nuq_roll_back MODEL WEIGHTS CALIBRATION.json TEST.json MAX_DROP PREFIX

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

/// The metric of the test data, and how much of it may be lost.
class Evaluator : public nuq::AutoNuqEvaluatorBase<Evaluator> {
 public:
  Evaluator(nuq::Dataset calibration, nuq::Dataset test, double max_drop)
      : calibration_(std::move(calibration)), test_(std::move(test)), max_drop_(max_drop) {}

  double eval_net(nuq::Net& net, int batch_num) const { return nuq::evaluate(net, test_, batch_num); }
  bool is_satisfied(double original_metric, double new_metric) const {
    return original_metric - new_metric <= max_drop_ + 1e-9;
  }
  nuq::InputBatch calibration_batch(int index) const { return calibration_.batch(index); }

 private:
  nuq::Dataset calibration_;
  nuq::Dataset test_;
  double max_drop_;
};

/// Returns whether a model was written.
bool run(const std::string& model, const std::string& weights, const std::string& calibration_file,
         const std::string& test_file, double max_drop, const std::string& prefix) {
  const nuq::Dataset calibration = nuq::load_dataset(calibration_file, nuq::GzipFileReader{});
  nuq::Dataset test = nuq::load_dataset(test_file, nuq::GzipFileReader{});
  nuq::Net original(model, weights);
  nuq::compare_with(original, test);  // what a metric without labels needs to know

  const std::string config = prefix + "_config.json";
  nuq::QuantConfigRequest request;
  request.uniform = true;
  request.batch_num = calibration.batches();
  nuq::create_quant_config(config, model, weights, request);
  const nuq::AutoCalibrationResult result = nuq::accuracy_based_auto_calibration(
      model, weights, Evaluator(calibration, std::move(test), max_drop), config, prefix + "_record.txt", prefix);

  std::printf("original: %.4f\n", result.original_metric);
  for (const nuq::RollBackTrial& trial : result.trials) {
    std::printf("%2zu layers in float: %.4f, %s\n", trial.rolled_back.size(), trial.metric,
                trial.satisfied ? "accepted" : "refused");
  }
  for (const std::string& layer : result.rolled_back) std::printf("stays in float: %s\n", layer.c_str());
  return result.satisfied;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: nuq_roll_back MODEL WEIGHTS CALIBRATION.json TEST.json MAX_DROP PREFIX\n");
    return 2;
  }
  try {
    if (run(argv[1], argv[2], argv[3], argv[4], std::atof(argv[5]), argv[6])) return 0;
    std::fprintf(stderr, "every layer went back to float: no model is written\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
