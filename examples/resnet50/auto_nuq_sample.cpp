// The AMCT manual's page on automatic non-uniform quantization, with the calls of the vendor's ResNet-50 sample,
// statement by statement: README.md says what is the same and what differs.
//
// Usage: nuq_resnet50_auto_nuq MODEL WEIGHTS DATASET.json QUANT.cfg OUTPUT_FOLDER [ITERATIONS]

#include <string>
#include <vector>

#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "sample.hpp"

namespace {

class AutoNuqEvaluator : public nuq::AutoNuqEvaluatorBase<AutoNuqEvaluator> {
 public:
  int evaluate_batch_num;

  AutoNuqEvaluator(const Arguments& args, int evaluate_batch_num_)
      : evaluate_batch_num(evaluate_batch_num_), args_(args) {}

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) {
    return do_benchmark_test(args_, model_file, weights_file, batch_num);
  }

  bool is_satisfied(double original_metric, double new_metric) {
    if ((original_metric - new_metric) * 100 < 1) return true;
    return false;
  }

 private:
  const Arguments& args_;
};

void auto_nuq_sample(const Arguments& args) {
  const std::string config_file = args.output + "/tmp/config.json";
  const std::vector<std::string> skip_layers = {};
  const int batch_num = 2;
  const bool activation_offset = true;
  nuq::create_quant_config(config_file, args.model_file, args.weights_file, skip_layers, batch_num, activation_offset,
                           args.cfg_define);

  const std::string scale_offset_record_file = args.output + "/tmp/scale_offset_record.txt";
  const std::string result_path = args.output + "/results/ResNet50";
  AutoNuqEvaluator evaluator(args, args.iterations);
  nuq::auto_nuq(args.model_file, args.weights_file, evaluator, config_file, scale_offset_record_file, result_path);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sample(argc, argv, auto_nuq_sample);
}
