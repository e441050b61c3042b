#ifndef NUQ_EXAMPLES_CLI_DATASET_EVALUATOR_HPP
#define NUQ_EXAMPLES_CLI_DATASET_EVALUATOR_HPP

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>

#include "nuq/adapters/gzip.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/dataset/evaluate.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/evaluator.hpp"

/// Evaluates with nuq's own engine on a dataset; satisfied while the metric falls by at most `max_drop`.
class DatasetEvaluator : public nuq::AutoNuqEvaluatorBase<DatasetEvaluator> {
 public:
  struct Options {
    std::string data;         ///< dataset JSON
    std::string calibration;  ///< dataset JSON; empty: weights-only
    double max_drop = 0.0;    ///< in the metric's unit
    std::size_t threads = 1;
    bool quiet = false;
  };

  explicit DatasetEvaluator(const Options& options)
      : options_(options), data_(nuq::load_dataset(options.data, nuq::GzipFileReader{})) {
    if (!options.calibration.empty())
      calibration_.emplace(nuq::load_dataset(options.calibration, nuq::GzipFileReader{}));
  }

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) {
    nuq::Net net(model_file, weights_file, options_.threads);
    compare_with_first_model(net, batch_num);
    const double metric = nuq::evaluate(net, data_, batch_num);
    ++evaluations_;
    if (!options_.quiet) std::fprintf(stderr, "evaluation %d: %.6g\n", evaluations_, metric);
    return metric;
  }

  bool is_satisfied(double original_metric, double new_metric) const {
    return original_metric - new_metric <= options_.max_drop + 1e-9;
  }

  /// 0 without calibration data.
  [[nodiscard]] int calibration_batches() const { return calibration_ ? calibration_->batches() : 0; }
  nuq::InputBatch calibration_batch(int index) const { return calibration_.value().batch(index); }

 private:
  /// The metric `agreement` compares with the original model, which is evaluated first.
  void compare_with_first_model(nuq::Net& net, int batch_num) {
    if (evaluations_ == 0 && data_.description().metric == nuq::Metric::agreement) {
      data_.set_labels(nuq::predictions(net, data_, batch_num));
    }
  }

  Options options_;
  nuq::Dataset data_;
  std::optional<nuq::Dataset> calibration_;
  int evaluations_ = 0;
};

#endif  // NUQ_EXAMPLES_CLI_DATASET_EVALUATOR_HPP
