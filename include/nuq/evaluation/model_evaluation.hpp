#ifndef NUQ_EVALUATION_MODEL_EVALUATION_HPP
#define NUQ_EVALUATION_MODEL_EVALUATION_HPP

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/evaluation/any_evaluator.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/trial.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

class Net;

namespace detail {

struct EngineMemory;

/// Asks the user's evaluator how good a model is: in memory where it has `eval_net`, otherwise through files that stand
/// beside the results, under names that no other run has, as long as this object lives. Throws EvaluationError for a
/// metric that is not a finite number. Models in different slots may be evaluated at the same time.
class ModelEvaluation {
 public:
  NUQ_FUNCTION ModelEvaluation(AnyEvaluator evaluator, const std::string& save_prefix, std::size_t threads,
                               CustomLayers custom_layers, std::size_t slots = 1);
  ModelEvaluation(const ModelEvaluation&) = delete;
  ModelEvaluation& operator=(const ModelEvaluation&) = delete;
  ~ModelEvaluation();

  /// The metric of the model that a graph comes from, which is on the disk as it is.
  NUQ_FUNCTION [[nodiscard]] double of_original(const ModelSource& source, BatchMetrics& batches);
  NUQ_FUNCTION [[nodiscard]] double of_original(const ModelSource& source);

  /// The metric of what a quantization makes of a graph.
  NUQ_FUNCTION [[nodiscard]] double operator()(const Graph& graph, const NetworkQuantization& quantization,
                                               std::size_t slot, BatchMetrics& batches);
  NUQ_FUNCTION [[nodiscard]] double operator()(const Graph& graph, const NetworkQuantization& quantization);

  /// Runs `batch_num` batches of the evaluator through a calibration model, whose layers record what they find. Its
  /// metric means nothing.
  NUQ_FUNCTION void calibrate(Model model, int batch_num);

  /// Writes the fake-quant model to the files of a slot.
  NUQ_FUNCTION const ModelFiles& write(const Graph& graph, const NetworkQuantization& quantization, std::size_t slot);

 private:
  NUQ_FUNCTION [[nodiscard]] double of_net(Net& net, BatchMetrics& batches);

  NUQ_FUNCTION [[nodiscard]] double checked(double metric);

  AnyEvaluator evaluator_;
  std::vector<std::string> prefixes_;  // of files, by slot
  std::vector<ModelFiles> files_;      // written, by slot
  std::vector<EngineMemory> memory_;   // by slot, of the net before
  std::size_t threads_;
  CustomLayers custom_layers_;
  std::atomic<int> count_{0};  // calls of the evaluator
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <filesystem>
#include <system_error>

#include "nuq/caffe/caffe_format.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION ModelEvaluation::ModelEvaluation(AnyEvaluator evaluator, const std::string& save_prefix,
                                                std::size_t threads, CustomLayers custom_layers, std::size_t slots)
    : evaluator_(std::move(evaluator)),
      files_(slots),
      memory_(slots),
      threads_(threads),
      custom_layers_(std::move(custom_layers)) {
  const std::string run = save_prefix + std::string(trial_infix) + run_token(this);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    prefixes_.push_back(run + (slot == 0 ? "" : "_" + std::to_string(slot)));
  }
}

NUQ_SPECIAL_MEMBER ModelEvaluation::~ModelEvaluation() {
  std::error_code ignored;
  for (const ModelFiles& slot : files_) {
    for (const std::string& file : {slot.model_file, slot.weights_file}) {
      if (!file.empty()) std::filesystem::remove(file, ignored);
    }
  }
}

NUQ_DEFINITION double ModelEvaluation::operator()(const Graph& graph, const NetworkQuantization& quantization,
                                                  std::size_t slot, BatchMetrics& batches) {
  if (evaluator_.of_net) {
    Net net(insert_quantization(graph, quantization), threads_, custom_layers_, std::move(memory_[slot]));
    const double metric = of_net(net, batches);
    memory_[slot] = std::move(net).release_memory();
    return metric;
  }
  return checked(evaluator_.of_files(write(graph, quantization, slot), evaluator_.batch_num, batches));
}

NUQ_DEFINITION double ModelEvaluation::operator()(const Graph& graph, const NetworkQuantization& quantization) {
  BatchMetrics batches;
  return (*this)(graph, quantization, 0, batches);
}

NUQ_DEFINITION double ModelEvaluation::of_original(const ModelSource& source, BatchMetrics& batches) {
  if (evaluator_.of_net) {
    Net net(source.graph(), threads_, custom_layers_);
    return of_net(net, batches);
  }
  return checked(evaluator_.of_files(source.files(), evaluator_.batch_num, batches));
}

NUQ_DEFINITION double ModelEvaluation::of_original(const ModelSource& source) {
  BatchMetrics batches;
  return of_original(source, batches);
}

NUQ_DEFINITION const ModelFiles& ModelEvaluation::write(const Graph& graph, const NetworkQuantization& quantization,
                                                        std::size_t slot) {
  Parallel serial;
  files_[slot] = graph.source->files(prefixes_[slot]);
  FileSet files;
  graph.source->fake_quant(graph, quantization, serial)->stage(files, prefixes_[slot]);
  files.commit();
  return files_[slot];
}

NUQ_DEFINITION void ModelEvaluation::calibrate(Model model, int batch_num) {
  BatchMetrics batches;
  const auto source = caffe_source(std::make_shared<const Model>(std::move(model)));
  if (evaluator_.of_net) {
    Net net(source->graph(), threads_, custom_layers_);
    static_cast<void>(evaluator_.of_net(net, batch_num, batches));
    return;
  }
  files_.front() = source->files(prefixes_.front());
  FileSet files;
  source->original()->stage(files, prefixes_.front());
  files.commit();
  static_cast<void>(evaluator_.of_files(files_.front(), batch_num, batches));
}

NUQ_DEFINITION double ModelEvaluation::of_net(Net& net, BatchMetrics& batches) {
  return checked(evaluator_.of_net(net, evaluator_.batch_num, batches));
}

NUQ_DEFINITION double ModelEvaluation::checked(double metric) {
  const int number = ++count_;
  if (is_finite(metric)) return metric;
  fail(EvaluationError(ErrorCode::evaluation_failed,
                       "evaluation " + std::to_string(number) + " returned no finite number"));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_MODEL_EVALUATION_HPP
