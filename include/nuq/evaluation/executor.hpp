#ifndef NUQ_EVALUATION_EXECUTOR_HPP
#define NUQ_EVALUATION_EXECUTOR_HPP

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/evaluation/trial.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What a `run` of an executor is given, for the check of the contract.
struct EvaluationBatchArchetype {
  [[nodiscard]] std::size_t size() const;
  void evaluate(std::size_t index);
  [[nodiscard]] ModelFiles files(std::size_t index);
  void record(std::size_t index, double metric);
  void report_failure(std::size_t index, const std::string& message);
};

template <class Executor>
using width_op = decltype(std::declval<const Executor&>().width());
template <class Executor>
using run_batch_op = decltype(std::declval<const Executor&>().run(std::declval<EvaluationBatchArchetype&>()));

/// Evaluates one model here. A failed evaluation, EvaluationError, is reported and tried once more.
template <class Batch>
void evaluate_with_second_try(Batch& batch, std::size_t index) {
  try {
    batch.evaluate(index);
  } catch (const EvaluationError& error) {
    batch.report_failure(index, error.message());
    batch.evaluate(index);
  }
}

}  // namespace detail

/// An `EvaluationExecutor` decides where and how many at a time the models of a search are evaluated:
///
///   struct OneByOne {
///     std::size_t width() const { return 1; }  // models that are evaluated at the same time
///     template <class Batch>
///     void run(Batch& batch) const {  // of batch.size() ≤ width() models
///       for (std::size_t index = 0; index < batch.size(); ++index) batch.evaluate(index);
///     }
///   };
///
/// A batch offers `evaluate(index)`, which asks the user's evaluator in the calling thread and remembers the metric (an
/// exception of the evaluator passes through); or, for evaluators elsewhere, `files(index)`, the model on the disk, and
/// `record(index, metric)`, which remembers what was found. All may be called from any thread, each index by one at a
/// time. `report_failure(index, message)` tells the user of an evaluation that failed and is tried again.
///
/// The first model of a batch is the one that the search asks for: `run` returns when it has its metric and nothing of
/// the batch is running, or throws. Those behind it are what the search is likely to ask for next; one of them that
/// fails may be left without a metric. So results do not depend on the executor.
///
/// Shipped models: SerialExecutor, ThreadExecutor; MpiExecutor (adapters/mpi.hpp). An executor that evaluates in
/// several threads of this process says `static constexpr bool uses_threads = true`.
template <class Executor>
inline constexpr bool is_evaluation_executor_v = detail::returns<std::size_t, detail::width_op, Executor>() &&
                                                 detail::returns<void, detail::run_batch_op, Executor>();

namespace detail {
template <class Executor>
using uses_threads_op = std::bool_constant<Executor::uses_threads>;
template <class Executor, class = void>
struct UsesThreads : std::false_type {};
template <class Executor>
struct UsesThreads<Executor, std::void_t<uses_threads_op<Executor>>> : uses_threads_op<Executor> {};
}  // namespace detail

/// True for an executor that calls the evaluator from several threads, which the evaluator must allow.
template <class Executor>
inline constexpr bool executor_uses_threads_v = detail::UsesThreads<Executor>::value;

/// Checks an executor, for an evaluator that may be called by several threads or not, with one readable message per
/// fault; true when it may be used.
template <class Executor, bool evaluator_is_thread_safe>
[[nodiscard]] constexpr bool check_executor() {
  static_assert(is_evaluation_executor_v<Executor>,
                "[nuq] EvaluationExecutor must provide: std::size_t width() const, void run(Batch&) const");
  static_assert(evaluator_is_thread_safe || !executor_uses_threads_v<Executor>,
                "[nuq] an executor with threads needs an evaluator that is thread-safe and says so: static constexpr "
                "bool is_thread_safe = true");
  return is_evaluation_executor_v<Executor> && (evaluator_is_thread_safe || !executor_uses_threads_v<Executor>);
}

/// One evaluation at a time, in the calling thread.
struct SerialExecutor {
  [[nodiscard]] std::size_t width() const noexcept { return 1; }

  template <class Batch>
  void run(Batch& batch) const {
    for (std::size_t index = 0; index < batch.size(); ++index) detail::evaluate_with_second_try(batch, index);
  }
};

/// Several evaluations at a time, each in a thread of its own: for evaluators that are thread-safe, such as those that
/// start a program (adapters/command_evaluator.hpp).
class ThreadExecutor {
 public:
  static constexpr bool uses_threads = true;

  /// `threads` ≥ 1. Throws ConfigError invalid_argument.
  NUQ_FUNCTION explicit ThreadExecutor(std::size_t threads);

  [[nodiscard]] std::size_t width() const noexcept { return threads_; }

  template <class Batch>
  void run(Batch& batch) const {
    std::exception_ptr error;
    const auto evaluate = [&batch, &error](std::size_t index) {
      try {
        detail::evaluate_with_second_try(batch, index);
      } catch (...) {
        if (index == 0) error = std::current_exception();
      }
    };
    std::vector<std::thread> threads;
    threads.reserve(batch.size());
    try {
      for (std::size_t index = 1; index < batch.size(); ++index) threads.emplace_back(evaluate, index);
    } catch (const std::exception&) {  // the system has no thread left: those behind the first may be asked for later
    }
    evaluate(0);
    for (std::thread& thread : threads) thread.join();
    if (error) std::rethrow_exception(error);
  }

 private:
  std::size_t threads_;
};

/// Any EvaluationExecutor behind one type. Refers to the executor, which outlives it.
struct AnyExecutor {
  std::function<std::size_t()> width;
  std::function<void(EvaluationBatch&)> run;
};

/// Refers to an executor that `check_executor` has accepted.
template <class Executor>
[[nodiscard]] AnyExecutor any_executor(const Executor& executor) {
  return {[&executor]() -> std::size_t { return executor.width(); },
          [&executor](EvaluationBatch& batch) { executor.run(batch); }};
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION ThreadExecutor::ThreadExecutor(std::size_t threads) : threads_(threads) {
  if (threads == 0)
    detail::fail(ConfigError(ErrorCode::invalid_argument, "ThreadExecutor: 0 threads, wanted 1 or more"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_EXECUTOR_HPP
