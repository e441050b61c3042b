#ifndef NUQ_EVALUATION_MODEL_EVALUATION_HPP
#define NUQ_EVALUATION_MODEL_EVALUATION_HPP

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
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

  /// The metric of a model that is on the disk as it is.
  NUQ_FUNCTION [[nodiscard]] double of_original(const std::shared_ptr<const Model>& model, BatchMetrics& batches);
  NUQ_FUNCTION [[nodiscard]] double of_original(const std::shared_ptr<const Model>& model);

  /// The metric of what a quantization makes of a graph.
  NUQ_FUNCTION [[nodiscard]] double operator()(const Graph& graph, const NetworkQuantization& quantization,
                                               std::size_t slot, BatchMetrics& batches);
  NUQ_FUNCTION [[nodiscard]] double operator()(const Graph& graph, const NetworkQuantization& quantization);

  /// Runs `batch_num` batches of the evaluator through a calibration model, whose layers record what they find. Its
  /// metric means nothing.
  NUQ_FUNCTION void calibrate(Model model, int batch_num);

  /// Writes the fake-quant model to the files of a slot.
  NUQ_FUNCTION const ModelFiles& write(const Graph& graph, const NetworkQuantization& quantization,
                                       std::size_t slot) const;

 private:
  NUQ_FUNCTION [[nodiscard]] double of_net(Net& net, BatchMetrics& batches);

  /// Writes a model to the files of a slot.
  NUQ_FUNCTION const ModelFiles& write(const Model& model, std::size_t slot) const;

  NUQ_FUNCTION [[nodiscard]] double checked(double metric);

  AnyEvaluator evaluator_;
  std::vector<ModelFiles> files_;     // by slot
  std::vector<EngineMemory> memory_;  // by slot, of the net before
  std::size_t threads_;
  CustomLayers custom_layers_;
  std::atomic<int> count_{0};  // calls of the evaluator
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <filesystem>
#include <system_error>

#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION ModelEvaluation::ModelEvaluation(AnyEvaluator evaluator, const std::string& save_prefix,
                                                std::size_t threads, CustomLayers custom_layers, std::size_t slots)
    : evaluator_(std::move(evaluator)), memory_(slots), threads_(threads), custom_layers_(std::move(custom_layers)) {
  const std::string run = save_prefix + std::string(trial_infix) + run_token(this);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const std::string trial = run + (slot == 0 ? "" : "_" + std::to_string(slot));
    files_.push_back({trial + "_model.prototxt", trial + "_weights.caffemodel"});
  }
}

NUQ_SPECIAL_MEMBER ModelEvaluation::~ModelEvaluation() {
  std::error_code ignored;
  for (const ModelFiles& slot : files_) {
    std::filesystem::remove(slot.model_file, ignored);
    std::filesystem::remove(slot.weights_file, ignored);
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

NUQ_DEFINITION double ModelEvaluation::of_original(const std::shared_ptr<const Model>& model, BatchMetrics& batches) {
  if (evaluator_.of_net) {
    Net net(build_graph(model), threads_, custom_layers_);
    return of_net(net, batches);
  }
  return checked(evaluator_.of_files({model->model_file, model->weights_file}, evaluator_.batch_num, batches));
}

NUQ_DEFINITION double ModelEvaluation::of_original(const std::shared_ptr<const Model>& model) {
  BatchMetrics batches;
  return of_original(model, batches);
}

NUQ_DEFINITION const ModelFiles& ModelEvaluation::write(const Graph& graph, const NetworkQuantization& quantization,
                                                        std::size_t slot) const {
  return write(fake_quant_model(graph, quantization), slot);
}

NUQ_DEFINITION const ModelFiles& ModelEvaluation::write(const Model& model, std::size_t slot) const {
  const ModelFiles& place = files_[slot];
  FileSet files;
  write_model(model, files, place.model_file, place.weights_file);
  files.commit();
  return place;
}

NUQ_DEFINITION void ModelEvaluation::calibrate(Model model, int batch_num) {
  BatchMetrics batches;
  if (evaluator_.of_net) {
    Net net(build_graph(std::make_shared<const Model>(std::move(model))), threads_, custom_layers_);
    static_cast<void>(evaluator_.of_net(net, batch_num, batches));
    return;
  }
  static_cast<void>(evaluator_.of_files(write(model, 0), batch_num, batches));
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
