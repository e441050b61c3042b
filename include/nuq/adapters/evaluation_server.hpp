#ifndef NUQ_ADAPTERS_EVALUATION_SERVER_HPP
#define NUQ_ADAPTERS_EVALUATION_SERVER_HPP

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nuq/adapters/detail/server_pool.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which program an `EvaluationServer` starts, and which metrics it accepts.
struct EvaluationServerOptions {
  std::string command;             ///< for /bin/sh
  std::optional<double> max_drop;  ///< by how much the metric may get worse; absent: the server is asked
  bool larger_is_better = true;    ///< false for an error or a loss; means nothing without `max_drop`
  double timeout_seconds = std::numeric_limits<double>::infinity();  ///< of one request, > 0
  /// Asked several times a second, by all threads that evaluate; true ends the server's processes and throws.
  std::function<bool()> stop_requested;
  /// Told why a process has been given up and another one takes over its request; may be called from any thread.
  std::function<void(const std::string&)> restarted;
};

/// An evaluator in any language that is started once and asked about one model after the other: what it reads, its
/// framework and its data, is read once. It answers requests, a line of JSON each, on its standard input with lines on
/// its standard output; examples/command_evaluator/README.md is the protocol. Needs a POSIX system.
///
/// Each thread that evaluates has a process of its own; they are shared by the copies of this object. One that dies or
/// does not answer in time is replaced, and its request repeated, once.
class EvaluationServer : public AutoNuqEvaluatorBase<EvaluationServer> {
 public:
  static constexpr bool is_thread_safe = true;

  /// Starts a first process and learns how many batches it wants (`evaluate_batch_num`). Throws ConfigError
  /// invalid_argument: options out of range, neither `max_drop` nor a server that judges; EvaluationError: it does not
  /// answer as the protocol has it.
  explicit EvaluationServer(const EvaluationServerOptions& options)
      : max_drop_(options.max_drop), larger_is_better_(options.larger_is_better), command_(options.command) {
    if (options.max_drop && std::isnan(*options.max_drop)) refuse("max_drop: got nan, wanted a number");
    if (!(options.timeout_seconds > 0.0))
      refuse("timeout: got " + detail::number_text(options.timeout_seconds) + " s, wanted more than 0");
    pool_ = std::make_shared<detail::ServerPool>(
        options.command, detail::CommandLimits{options.timeout_seconds, options.stop_requested}, options.restarted);
    pool_->greet();
    evaluate_batch_num = pool_->greeting().batch_num;
    if (!max_drop_ && !judges()) refuse("does not say what satisfies it (is_satisfied), wanted a largest drop");
  }

  /// Asks about a model; `batches` hears of those that the server tells, and may end the evaluation early. Throws
  /// EvaluationError: the server reports an error, does not answer as the protocol has it, or dies or is silent twice.
  [[nodiscard]] double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num,
                                  BatchMetrics& batches) const {
    return pool_->evaluate(model_file, weights_file, batch_num, batches);
  }

  /// While the metric gets worse by `max_drop` at most, 1e-9 more counts as rounding; what the server says without one.
  [[nodiscard]] bool is_satisfied(double original_metric, double new_metric) const {
    if (!max_drop_) return pool_->is_satisfied(original_metric, new_metric);
    const double drop = larger_is_better_ ? original_metric - new_metric : new_metric - original_metric;
    return drop <= *max_drop_ + 1e-9;
  }

  /// Whether the server says what satisfies it.
  [[nodiscard]] bool judges() const { return pool_->greeting().judges; }

  /// Processes that have been started so far.
  [[nodiscard]] int starts() const { return pool_->starts(); }

  /// What distinguishes this evaluator from others: its command, and what the server adds.
  [[nodiscard]] std::string label() const { return command_ + "\n" + pool_->greeting().label; }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    detail::fail(ConfigError(ErrorCode::invalid_argument, detail::server_place(command_) + problem));
  }

  std::optional<double> max_drop_;
  bool larger_is_better_;
  std::string command_;
  std::shared_ptr<detail::ServerPool> pool_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_EVALUATION_SERVER_HPP
