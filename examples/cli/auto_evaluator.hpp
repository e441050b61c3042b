#ifndef NUQ_EXAMPLES_CLI_AUTO_EVALUATOR_HPP
#define NUQ_EXAMPLES_CLI_AUTO_EVALUATOR_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calibration_batches.hpp"
#include "dataset_files.hpp"
#include "max_drop.hpp"
#include "nuq/adapters/command_evaluator.hpp"
#include "nuq/adapters/evaluation_server.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/sha256.hpp"
#include "tool_report.hpp"

/// Evaluates with nuq's own engine on a dataset, by a command or by a server; satisfied while the metric falls by at
/// most `max_drop`, or as the server says.
class AutoEvaluator : public nuq::AutoNuqEvaluatorBase<AutoEvaluator> {
 public:
  static constexpr bool is_thread_safe = true;

  struct Options {
    std::string original_model;
    std::string original_weights;
    nuq::ReadOptions network;
    std::string data;     ///< dataset JSON; empty: the server or else the command evaluates
    std::string confirm;  ///< dataset JSON that the answer is evaluated on, or empty
    nuq::CommandOptions command;
    nuq::EvaluationServerOptions server;     ///< its `max_drop` decides, where it is given
    std::string command_label;               ///< with `command_files`, what the command's or server's metric
    std::vector<std::string> command_files;  ///< depends on, besides its text and the model
    CalibrationFiles calibration;            ///< none: weights-only
    MaxDrop max_drop;
    bool tells_damage = true;  ///< how far outputs are from the original's, beside an accuracy
    std::size_t threads = 1;
  };

  explicit AutoEvaluator(Options options) : options_(std::move(options)) {
    if (options_.calibration.is_given())
      calibration_.emplace(options_.calibration, options_.original_model, options_.network);
    if (!options_.confirm.empty()) load_confirmation();
    if (!options_.data.empty()) {
      load_data();
    } else if (!options_.server.command.empty()) {
      server_.emplace(options_.server);
      evaluate_batch_num = server_->evaluate_batch_num;
    } else {
      command_.emplace(options_.command);
    }
  }

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num,
                    nuq::BatchMetrics& batches) const {
    if (command_) return command_->eval_model(model_file, weights_file, batch_num);
    if (server_) return server_->eval_model(model_file, weights_file, batch_num, batches);
    nuq::Net net(model_file, weights_file, options_.threads, {}, options_.network);
    return nuq::evaluate(net, *data_, batch_num, batches);
  }

  std::optional<double> confirm_model(const std::string& model_file, const std::string& weights_file,
                                      nuq::BatchMetrics& batches) const {
    if (!confirm_) return std::nullopt;
    nuq::Net net(model_file, weights_file, options_.threads, {}, options_.network);
    return nuq::evaluate(net, *confirm_, 0, batches);
  }

  bool is_satisfied(double original_metric, double new_metric) const {
    if (server_ && !options_.server.max_drop) return server_->is_satisfied(original_metric, new_metric);
    return options_.max_drop.allows(original_metric, new_metric);
  }

  /// What a metric depends on besides the model: the content of the dataset, or the command or server and what the user
  /// says that it depends on.
  [[nodiscard]] std::string label() const {
    if (data_) return "dataset " + nuq::sha256_of_dataset(options_.data);
    std::string label = server_ ? "server " + server_->label() : "command " + options_.command.command;
    label += "\n" + options_.command_label;
    for (const std::string& file : options_.command_files) label += "\n" + nuq::sha256_of_file(file);
    return label;
  }

  /// Of a metric that says little on this data.
  [[nodiscard]] std::vector<std::string> warnings() const {
    std::vector<std::string> warnings;
    if (!axis_warning_.empty()) warnings.push_back(axis_warning_);
    const std::string warning = data_ ? nuq::agreement_warning(*data_) : "";
    if (!warning.empty()) warnings.push_back(warning);
    return warnings;
  }

  /// Whether what the server says of satisfaction is overruled.
  [[nodiscard]] bool overrules_server() const { return server_ && server_->judges() && options_.server.max_drop; }

  /// What is measured, for the report.
  void describe(ToolReport& report) const {
    if (!data_) {
      report.set("evaluator", server_ ? options_.server.command : options_.command.command);
      report.set_if_any("evaluator_label", options_.command_label);
      return;
    }
    const nuq::Json description = nuq::parse_json(nuq::MappedFile(options_.data).bytes(), options_.data);
    report.set("metric", description.find("metric")->text());
    report.set("samples", data_->samples());
  }

  /// 0 without calibration data.
  [[nodiscard]] int calibration_batches() const { return calibration_ ? calibration_->batches() : 0; }
  nuq::InputBatch calibration_batch(int index) const { return calibration_.value().batch(index); }
  /// What computes with them.
  [[nodiscard]] nuq::CalibrationPolicies calibration_policies() const {
    return calibration_ ? calibration_->policies() : nuq::CalibrationPolicies{};
  }

 private:
  /// Knows the original's outputs too where its metric is an accuracy, whose loss is better known with the outputs'
  /// divergence beside it.
  void load_data() {
    data_.emplace(compared(options_.data));
    axis_warning_ = nuq::class_axis_warning(
        *data_, nuq::load_graph(options_.original_model, options_.original_weights, options_.network));
    const std::optional<nuq::Metric> metric = data_->description().metric;
    if (!options_.tells_damage || (metric != nuq::Metric::top1 && metric != nuq::Metric::top5)) return;
    nuq::Net original(options_.original_model, options_.original_weights, options_.threads, {}, options_.network);
    data_->set_originals(nuq::judged_outputs(original, *data_, evaluate_batch_num));
  }

  /// Refuses data that do not fit the network now, not after the search.
  void load_confirmation() {
    confirm_.emplace(compared(options_.confirm));
    nuq::Net original(options_.original_model, options_.original_weights, options_.threads, {}, options_.network);
    static_cast<void>(nuq::evaluate(original, *confirm_, 1));
  }

  /// A dataset that knows what the original network computes, where its metric compares with that.
  [[nodiscard]] nuq::Dataset compared(const std::string& file) const {
    nuq::Dataset data = load_dataset_files(file);
    const std::optional<nuq::Metric> metric = data.description().metric;
    if (metric && nuq::compares_with_original(*metric)) {
      nuq::Net original(options_.original_model, options_.original_weights, options_.threads, {}, options_.network);
      nuq::compare_with(original, data, evaluate_batch_num);
    }
    return data;
  }

  Options options_;
  std::optional<nuq::Dataset> data_;
  std::string axis_warning_;  // of a metric that does not suit the output
  std::optional<nuq::Dataset> confirm_;
  std::optional<nuq::CommandEvaluator> command_;
  std::optional<nuq::EvaluationServer> server_;
  std::optional<CalibrationBatches> calibration_;
};

#endif  // NUQ_EXAMPLES_CLI_AUTO_EVALUATOR_HPP
