// The vendor's ResNet-50 sample of static non-uniform quantization, statement by statement: the activations are
// calibrated by forward passes of the modified model.
//
// Usage: nuq_resnet50_static_nuq MODEL WEIGHTS DATASET.json QUANT.cfg OUTPUT_FOLDER [ITERATIONS]

#include <cstdio>
#include <string>

#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "sample.hpp"

namespace {

void static_nuq_sample(const Arguments& args) {
  const int batch_num = 2;  // as the simplified configuration says
  const std::string config_file = args.output + "/tmp/config.json";
  nuq::create_quant_config(config_file, args.model_file, args.weights_file, {}, batch_num, true, args.cfg_define);

  const std::string scale_offset_record_file = args.output + "/tmp/scale_offset_record.txt";
  auto graph = nuq::init(config_file, args.model_file, args.weights_file, scale_offset_record_file);

  const std::string modified_model_file = args.output + "/tmp/modified_model.prototxt";
  const std::string modified_weights_file = args.output + "/tmp/modified_model.caffemodel";
  nuq::quantize_model(graph, modified_model_file, modified_weights_file);

  do_benchmark_test(args, modified_model_file, modified_weights_file, batch_num);

  const std::string result_path = args.output + "/results/ResNet50";
  nuq::save_model(graph, nuq::SaveType::both, result_path);

  const double original = do_benchmark_test(args, args.model_file, args.weights_file, args.iterations);
  const double quantized = do_benchmark_test(args, result_path + "_fake_quant_model.prototxt",
                                             result_path + "_fake_quant_weights.caffemodel", args.iterations);
  std::printf("original %.4f, quantized %.4f\n", original, quantized);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sample(argc, argv, static_nuq_sample);
}
