#ifndef NUQ_ADAPTERS_MPI_HPP
#define NUQ_ADAPTERS_MPI_HPP

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/adapters/detail/mpi_channel.hpp"
#include "nuq/adapters/detail/mpi_workers.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Calls evaluate(). Returns why it failed, which std::exception it threw; empty if it did not.
template <class Evaluate>
[[nodiscard]] std::string problem_of_evaluation(const Evaluate& evaluate) {
  constexpr std::size_t max_bytes = 1000;
  std::string problem;
  try {
    evaluate();
    return {};
  } catch (const Error& error) {
    problem = error.message();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  return problem.empty() ? "no reason given" : problem.substr(0, max_bytes);
}

/// The same for exceptions of any type.
template <class Evaluate>
[[nodiscard]] std::string any_problem_of_evaluation(const Evaluate& evaluate) {
  try {
    return problem_of_evaluation(evaluate);
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

/// One `run` of an MpiExecutor. Rank 0 takes the first model, the workers those behind it. A model whose evaluation
/// failed goes to another rank, an idle worker or rank 0 itself.
template <class Batch>
class MpiBatchRun {
 public:
  MpiBatchRun(Batch& batch, MpiWorkers& workers) : batch_(batch), workers_(workers) {
    for (std::size_t index = 0; index < batch.size(); ++index) waiting_.push_back({index, std::nullopt});
  }

  void operator()() {
    while (!waiting_.empty() || !running_.empty()) {
      for (const int rank : workers_.idle()) give_work(rank);
      if (const std::optional<Job> own = take_if([this](const Job& job) { return is_for_rank_0(job); })) {
        evaluate_here(*own);
      } else if (const std::optional<MpiAnswer> answer = workers_.wait()) {
        conclude(*answer);
      }
    }
  }

 private:
  struct Job {
    std::size_t index;             // in the batch
    std::optional<int> failed_on;  // a rank
  };

  /// Rank 0 does again what failed on it only where no other rank is left.
  [[nodiscard]] bool is_for_rank_0(const Job& job) const {
    return !job.failed_on || *job.failed_on != 0 || workers_.count() == 0;
  }
  [[nodiscard]] static bool is_for_worker(int rank, const Job& job) {
    return job.failed_on ? *job.failed_on != rank : job.index > 0;
  }

  template <class Predicate>
  [[nodiscard]] std::optional<Job> take_if(const Predicate& is_wanted) {
    for (auto job = waiting_.begin(); job != waiting_.end(); ++job) {
      if (!is_wanted(*job)) continue;
      const Job taken = *job;
      waiting_.erase(job);
      return taken;
    }
    return std::nullopt;
  }

  void give_work(int rank) {
    const std::optional<Job> job = take_if([rank](const Job& waiting) { return is_for_worker(rank, waiting); });
    if (job) running_.emplace(workers_.send(rank, batch_.files(job->index)), *job);
  }

  void evaluate_here(const Job& job) {
    const std::string problem = problem_of_evaluation([&] { batch_.evaluate(job.index); });
    if (!problem.empty()) note_failure(job, 0, problem);
  }

  void conclude(const MpiAnswer& answer) {
    const auto found = running_.find(answer.job);
    if (found == running_.end()) return;  // of an earlier batch, whose run threw
    const Job job = found->second;
    running_.erase(found);
    if (answer.problem.empty()) {
      batch_.record(job.index, answer.metric);
    } else {
      note_failure(job, answer.rank, answer.problem);
    }
  }

  void note_failure(const Job& job, int rank, const std::string& problem) {
    const std::string message = "evaluation on rank " + std::to_string(rank) + ": " + problem;
    if (!job.failed_on) {
      batch_.report_failure(job.index, message);
      waiting_.push_back({job.index, rank});
    } else if (job.index == 0) {
      fail(EvaluationError(ErrorCode::evaluation_failed,
                           "second try after a failure on rank " + std::to_string(*job.failed_on) + ": " + message));
    }
  }

  Batch& batch_;
  MpiWorkers& workers_;
  std::deque<Job> waiting_;
  std::map<std::uint64_t, Job> running_;  // by the number that the workers know
};

/// A worker's files of the model in its hands, removed with this object.
class MpiScratchFiles {
 public:
  MpiScratchFiles(const std::string& prefix, int rank) {
    const std::string name = prefix + "_rank" + std::to_string(rank);
    files_ = {name + "_model.prototxt", name + "_weights.caffemodel"};
    std::error_code ignored;  // writing says what is wrong
    std::filesystem::create_directories(std::filesystem::path(name).parent_path(), ignored);
  }
  MpiScratchFiles(const MpiScratchFiles&) = delete;
  MpiScratchFiles& operator=(const MpiScratchFiles&) = delete;
  ~MpiScratchFiles() {
    std::error_code ignored;
    std::filesystem::remove(files_.model_file, ignored);
    std::filesystem::remove(files_.weights_file, ignored);
  }

  [[nodiscard]] const ModelFiles& names() const noexcept { return files_; }

  /// Writes a file with what comes from rank 0. All of it is received even if it cannot be written. Returns why not;
  /// empty if it is.
  [[nodiscard]] static std::string receive(MpiChannel& channel, const std::string& path, std::uint64_t size) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    channel.receive_bytes(0, MpiTag::content, size, [&file](std::string_view piece) {
      file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    });
    file.close();
    return file ? "" : path + ": cannot write the model to be evaluated";
  }

 private:
  ModelFiles files_;
};

/// Receives a model and evaluates it.
template <class Evaluator>
[[nodiscard]] MpiAnswer evaluated_model(Evaluator& evaluator, MpiChannel& channel, const std::string& scratch_prefix) {
  const auto [job, model_bytes, weights_bytes] = channel.receive_numbers(0, MpiTag::model);
  MpiAnswer answer{channel.rank(), job, 0.0, {}};
  const MpiScratchFiles files(scratch_prefix, channel.rank());
  const ModelFiles& names = files.names();
  answer.problem = MpiScratchFiles::receive(channel, names.model_file, model_bytes);
  const std::string second_problem = MpiScratchFiles::receive(channel, names.weights_file, weights_bytes);
  channel.meet(0, MpiTag::complete);
  if (answer.problem.empty()) answer.problem = second_problem;
  if (!answer.problem.empty()) return answer;
  answer.problem = any_problem_of_evaluation([&] {
    BatchMetrics batches;
    answer.metric = evaluate_files(evaluator, names.model_file, names.weights_file, batches);
  });
  if (answer.problem.empty() && !is_finite(answer.metric)) answer.problem = "returned no finite number";
  return answer;
}

}  // namespace detail

/// An EvaluationExecutor whose models are evaluated by all ranks of a communicator, each with an evaluator of its own.
/// Rank 0 searches, the others serve:
///
///     MPI_Init(&argc, &argv);
///     int rank = 0;
///     MPI_Comm_rank(MPI_COMM_WORLD, &rank);
///     if (rank == 0) {
///       const nuq::MpiExecutor executor(MPI_COMM_WORLD);
///       nuq::auto_nuq(…, Top1{}, …, nuq::AutoNuqOptions{},
///                     nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, executor});
///     } else {
///       nuq::serve_evaluations(Top1{}, MPI_COMM_WORLD, "/tmp/trial");
///     }
///     MPI_Finalize();
///
/// Rank 0 evaluates the model that the search asks for itself, and the others meanwhile those that it is likely to ask
/// for next. Files go as bytes: no common file system is needed. MPI is called by the thread that calls `run`, and by
/// no other (MPI_THREAD_FUNNELED; MPI_THREAD_SINGLE where the program has no threads). Messages go through a duplicate
/// of the communicator.
///
/// An evaluation that fails, by any std::exception, is reported and tried once more on another rank; results are those
/// of SerialExecutor while each model has the same metric on all ranks. A rank that does not answer in time is given up
/// for the rest of the run, and what it says later is dropped. MPI_Finalize waits for it all the same: a program that
/// cannot wait ends with MPI_Abort (`given_up()` says when). Most implementations of MPI end the whole job when a
/// process dies; started again, the run goes on from `AutoNuqOptions::journal`.
///
/// An evaluator that tells its batches (BatchMetrics) may end early on rank 0 alone; other ranks go through all of
/// them, so the metric of a clear failure may then be a predicted one or a measured one.
class MpiExecutor {
 public:
  /// On rank 0 of the communicator, while every other rank calls `serve_evaluations`: construct it before anything that
  /// may throw, and have it destroyed before MPI_Finalize. `seconds_limit` > 0: how long a rank other than 0 may take
  /// for one evaluation, from when it has the model. Throws ConfigError invalid_argument, EvaluationError with MPI's
  /// text.
  explicit MpiExecutor(MPI_Comm communicator, double seconds_limit = (std::numeric_limits<double>::infinity)()) {
    detail::check_mpi_rank(communicator, true, "MpiExecutor");
    workers_ = std::make_unique<detail::MpiWorkers>(communicator, seconds_limit);
    if (seconds_limit > 0.0) return;
    workers_->end();
    detail::fail(
        ConfigError(ErrorCode::invalid_argument,
                    "MpiExecutor: a limit of " + detail::number_text(seconds_limit) + " s, wanted more than 0"));
  }
  MpiExecutor(const MpiExecutor&) = delete;
  MpiExecutor& operator=(const MpiExecutor&) = delete;
  ~MpiExecutor() {
    static_cast<void>(detail::any_problem_of_evaluation([this] { end(); }));
  }

  /// Ranks that evaluate: rank 0 and those that were not given up.
  [[nodiscard]] std::size_t width() const { return 1 + workers_->count(); }

  /// Throws EvaluationError where the first model fails on two ranks, or MPI does; FormatError where its files cannot
  /// be written.
  template <class Batch>
  void run(Batch& batch) const {
    detail::MpiBatchRun<Batch>(batch, *workers_)();
  }

  /// The ranks that did not answer in time.
  [[nodiscard]] std::vector<int> given_up() const { return workers_->given_up(); }

  /// Has `serve_evaluations` return on all other ranks, as the destructor does; what they are evaluating is waited for,
  /// but not the ranks that were given up. From then on rank 0 evaluates alone. Throws EvaluationError with MPI's text.
  void end() { workers_->end(); }

 private:
  std::unique_ptr<detail::MpiWorkers> workers_;
};

/// Evaluates the models that an MpiExecutor on rank 0 of the communicator sends, and returns when it ends. To be called
/// on every other rank.
///
/// @param evaluator       its `eval_model` must return what that of rank 0 would; what it throws is tried elsewhere.
/// @param scratch_prefix  a place on this machine with room for one model: the files of the one in hand are
///                        `<prefix>_rank<N>_model.prototxt` and `_weights.caffemodel`. Missing folders are created.
/// @throws ConfigError invalid_argument on rank 0 or without MPI_Init, EvaluationError with MPI's text.
template <class Evaluator>
void serve_evaluations(Evaluator&& evaluator, MPI_Comm communicator, const std::string& scratch_prefix) {
  using UserEvaluator = std::remove_cv_t<std::remove_reference_t<Evaluator>>;
  static_assert(has_eval_model_v<UserEvaluator>,
                "[nuq] an evaluator on several ranks must provide: double eval_model(const std::string& model_file, "
                "const std::string& weights_file, int batch_num)");
  static_assert(!has_eval_net_v<UserEvaluator>,
                "[nuq] an evaluator on several ranks must not provide eval_net: rank 0 would prefer it, while the "
                "others have files");
  detail::check_mpi_rank(communicator, false, "serve_evaluations");
  detail::MpiChannel channel(communicator);
  while (channel.wait_for_message(0) == detail::MpiTag::model) {
    const detail::MpiAnswer answer = detail::evaluated_model(evaluator, channel, scratch_prefix);
    if (!channel.has_arrived(0, detail::MpiTag::abandon)) detail::send_answer(channel, answer);
  }
  if (channel.has_arrived(0, detail::MpiTag::abandon)) {
    channel.meet(0, detail::MpiTag::abandon);
  } else {
    channel.meet(0, detail::MpiTag::end);
    channel.free();
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_MPI_HPP
