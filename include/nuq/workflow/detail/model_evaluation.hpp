#ifndef NUQ_WORKFLOW_DETAIL_MODEL_EVALUATION_HPP
#define NUQ_WORKFLOW_DETAIL_MODEL_EVALUATION_HPP

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/evaluator.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Asks the user's evaluator how good a model is: in memory where it has `eval_net`, otherwise through files that stand
/// beside the results as long as this object lives. Throws EvaluationError for a metric that is not a finite number.
template <class Evaluator>
class ModelEvaluation {
 public:
  ModelEvaluation(Evaluator& evaluator, const std::string& save_prefix, std::size_t threads, CustomLayers custom_layers)
      : evaluator_(evaluator),
        model_file_(save_prefix + "_trial_model.prototxt"),
        weights_file_(save_prefix + "_trial_weights.caffemodel"),
        threads_(threads),
        custom_layers_(std::move(custom_layers)) {}
  ModelEvaluation(const ModelEvaluation&) = delete;
  ModelEvaluation& operator=(const ModelEvaluation&) = delete;
  ~ModelEvaluation() {
    std::error_code ignored;
    std::filesystem::remove(model_file_, ignored);
    std::filesystem::remove(weights_file_, ignored);
  }

  /// The metric of a model that is on the disk as it is.
  [[nodiscard]] double of_original(const std::shared_ptr<const Model>& model) {
    if constexpr (has_eval_net_v<Evaluator>) {
      return of_net(model);
    } else {
      return of_files(model->model_file, model->weights_file);
    }
  }

  [[nodiscard]] double operator()(Model model) {
    if constexpr (has_eval_net_v<Evaluator>) {
      return of_net(std::make_shared<const Model>(std::move(model)));
    } else {
      FileSet files;
      write_model(model, files, model_file_, weights_file_);
      files.commit();
      return of_files(model_file_, weights_file_);
    }
  }

  /// Calls of the evaluator so far.
  [[nodiscard]] int count() const noexcept { return count_; }

 private:
  [[nodiscard]] double of_net(std::shared_ptr<const Model> model) {
    Net net(build_graph(std::move(model)), threads_, custom_layers_);
    return checked(static_cast<double>(evaluator_.eval_net(net, Evaluator::evaluate_batch_num)));
  }

  [[nodiscard]] double of_files(const std::string& model_file, const std::string& weights_file) {
    return checked(static_cast<double>(evaluator_.eval_model(model_file, weights_file, Evaluator::evaluate_batch_num)));
  }

  [[nodiscard]] double checked(double metric) {
    ++count_;
    if (is_finite(metric)) return metric;
    fail(EvaluationError(ErrorCode::evaluation_failed,
                         "evaluation " + std::to_string(count_) + " returned no finite number"));
  }

  Evaluator& evaluator_;
  std::string model_file_;
  std::string weights_file_;
  std::size_t threads_;
  CustomLayers custom_layers_;
  int count_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_DETAIL_MODEL_EVALUATION_HPP
