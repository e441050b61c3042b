// Quickstart: a residual network for Fashion-MNIST, made as small as one point of accuracy allows.
//
// The search sees one half of the test images; the figures printed are of the other half.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>

#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/report/full_report.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"

namespace {

/// Top-1 accuracy on a dataset; at most one point may be lost.
struct FashionTop1 : nuq::AutoNuqEvaluatorBase<FashionTop1> {
  nuq::Dataset images;
  nuq::Dataset calibration;

  FashionTop1(nuq::Dataset evaluation_images, nuq::Dataset calibration_images)
      : images(std::move(evaluation_images)), calibration(std::move(calibration_images)) {}

  /// Tells the accuracy of each batch, so that a clear failure ends early.
  double eval_net(nuq::Net& net, int batch_num, nuq::BatchMetrics& batches) const {
    const double top1 = nuq::evaluate(net, images, batch_num, batches);
    const bool ended_early = batches.predicted_failure().has_value();
    std::printf("  evaluated: %.4f%s\n", top1, ended_early ? ", not to the end" : "");
    std::fflush(stdout);
    return top1;
  }
  bool is_satisfied(double original_metric, double new_metric) const {
    return original_metric - new_metric <= 0.01 + 1e-9;
  }
  nuq::InputBatch calibration_batch(int index) const { return calibration.batch(index); }
};

/// A report with its page, which draws the limit too.
class FashionReport : public nuq::FullReport {
 public:
  void complete(nuq::Json& report, const nuq::FileSet& files) const override {
    FullReport::complete(report, files);
    report.set("options", nuq::Json::object({{"metric", "top1"}, {"samples", 5000}, {"max_drop", 0.01}}));
  }
};

nuq::Dataset dataset(const std::string& folder, const std::string& name) {
  return nuq::load_dataset((std::filesystem::path(folder) / name).string(), nuq::GzipFileReader{});
}

void run(const std::string& folder, const std::string& output) {
  const std::size_t threads = 0;  // all cores
  const std::string model = folder + "/fashion_resnet.prototxt";
  const std::string weights = folder + "/fashion_resnet.caffemodel";
  const std::string config = output + "/config.json";
  const std::string prefix = output + "/fashion_resnet";
  std::filesystem::create_directories(output);

  nuq::create_quant_config(config, model, weights, {}, /*batch_num=*/2);
  FashionTop1 evaluator(dataset(folder, "fashion_search.json"), dataset(folder, "fashion_calibration.json"));
  nuq::AutoNuqOptions options;
  options.threads = threads;
  options.statistics_batches = evaluator.calibration.batches();
  const FashionReport report;
  options.report = &report;
  std::printf("searching on 5,000 test images, one point of top-1 may be lost\n");
  const nuq::AutoNuqResult result =
      nuq::auto_nuq(model, weights, evaluator, config, prefix + "_record.txt", prefix, options);
  std::printf("\n%s", nuq::result_table(result.report).c_str());
  std::printf("seconds: %.1f\n", result.report.seconds);
  for (const nuq::FileReport& file : result.report.files)
    std::printf("file:    %s, %llu bytes\n", file.path.c_str(), static_cast<unsigned long long>(file.bytes));
  std::printf("page:    %s, for a browser\n", nuq::page_file_of(prefix).c_str());
  if (!result.satisfied) return;

  // The search may have adapted to its images: judge on others, beside uniform int8, which static quantization writes.
  const nuq::Dataset held_out = dataset(folder, "fashion_held_out.json");
  const auto top1 = [&](const std::string& model_file, const std::string& weights_file) {
    nuq::Net net(model_file, weights_file, threads);
    return nuq::evaluate(net, held_out);
  };
  const std::string uniform_config = output + "/uniform_config.json";
  nuq::QuantConfigRequest uniform;
  uniform.batch_num = 2;
  uniform.uniform = true;
  nuq::create_quant_config(uniform_config, model, weights, uniform);
  nuq::QuantizationSession int8 = nuq::init(uniform_config, model, weights, output + "/int8_record.txt");
  nuq::quantize_model(int8, output + "/int8_modified_model.prototxt", output + "/int8_modified_weights.caffemodel");
  nuq::calibrate(
      int8, [&](int index) { return evaluator.calibration_batch(index); }, nuq::EigenEngine(threads));
  nuq::save_model(int8, nuq::SaveType::both, output + "/int8");

  std::printf("\ntop-1 on the 5,000 held-out test images\n");
  std::printf("  original  %.4f\n", top1(model, weights));
  std::printf("  int8      %.4f\n",
              top1(output + "/int8_fake_quant_model.prototxt", output + "/int8_fake_quant_weights.caffemodel"));
  std::printf("  NUQ       %.4f\n",
              top1(prefix + "_fake_quant_model.prototxt", prefix + "_fake_quant_weights.caffemodel"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s FOLDER_WITH_THE_NETWORK OUTPUT_FOLDER\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
