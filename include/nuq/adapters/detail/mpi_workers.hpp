#ifndef NUQ_ADAPTERS_DETAIL_MPI_WORKERS_HPP
#define NUQ_ADAPTERS_DETAIL_MPI_WORKERS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/adapters/detail/mpi_channel.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/evaluation/executor.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What became of a model that was sent to a worker: its metric, or why there is none.
struct MpiAnswer {
  int rank = 0;
  std::uint64_t job = 0;
  double metric = 0.0;
  std::string problem;  ///< empty where there is a metric
};

inline void send_answer(MpiChannel& channel, const MpiAnswer& answer) {
  MpiNumbers numbers{answer.job, 0, answer.problem.size()};
  std::memcpy(&numbers[1], &answer.metric, sizeof answer.metric);
  channel.send(0, MpiTag::answer, numbers);
  channel.send_bytes(0, MpiTag::problem, answer.problem);
}

[[nodiscard]] inline MpiAnswer receive_answer(MpiChannel& channel, int rank) {
  const MpiNumbers numbers = channel.receive_numbers(rank, MpiTag::answer);
  MpiAnswer answer{rank, numbers[0], 0.0, {}};
  std::memcpy(&answer.metric, &numbers[1], sizeof answer.metric);
  channel.receive_bytes(rank, MpiTag::problem, numbers[2], [&](std::string_view piece) { answer.problem += piece; });
  return answer;
}

/// The workers as rank 0 sees them: who has nothing to do, who evaluates what since when, who was given up.
class MpiWorkers {
 public:
  /// A worker that does not answer within `seconds_limit` is given up.
  MpiWorkers(MPI_Comm communicator, double seconds_limit)
      : channel_(communicator),
        seconds_limit_(seconds_limit),
        workers_(static_cast<std::size_t>(channel_.size()) - 1) {}

  /// Workers that can be sent models.
  [[nodiscard]] std::size_t count() const { return idle().size() + ranks_in(State::busy).size(); }
  [[nodiscard]] std::vector<int> given_up() const { return ranks_in(State::given_up); }
  [[nodiscard]] std::vector<int> idle() const { return ranks_in(State::idle); }

  /// Sends a model to an idle worker. Returns the job's number, by which its answer will be known. Throws FormatError
  /// where a file cannot be read.
  [[nodiscard]] std::uint64_t send(int rank, const ModelFiles& files) {
    const MappedFile model(files.model_file);
    const MappedFile weights(files.weights_file);
    const std::uint64_t job = ++last_job_;
    channel_.send(rank, MpiTag::model, {job, model.bytes().size(), weights.bytes().size()});
    channel_.send_bytes(rank, MpiTag::content, model.bytes());
    channel_.send_bytes(rank, MpiTag::content, weights.bytes());
    channel_.send_and_meet(rank, MpiTag::complete);
    worker(rank) = {State::busy, job, Clock::now()};
    return job;
  }

  /// Waits until a busy worker has answered, or has had its time: then it is given up, which is its answer. Nothing if
  /// no worker is busy.
  [[nodiscard]] std::optional<MpiAnswer> wait() {
    for (MpiPause pause; !ranks_in(State::busy).empty(); pause()) {
      while (const std::optional<int> sender = channel_.sender_of(MpiTag::answer)) {
        MpiAnswer answer = receive_answer(channel_, *sender);
        if (worker(*sender).state == State::given_up) continue;
        worker(*sender).state = State::idle;
        return answer;
      }
      for (const int rank : ranks_in(State::busy)) {
        if (is_late(worker(rank))) return give_up(rank);
      }
    }
    return std::nullopt;
  }

  /// Lets all workers return, after what they are doing, and has none from then on. Those that were given up are not
  /// waited for.
  void end() {
    if (has_ended_) return;
    has_ended_ = true;
    while (wait()) {
    }
    const bool all_answer = given_up().empty();
    for (int rank = 1; rank < channel_.size(); ++rank) channel_.post(rank, all_answer ? MpiTag::end : MpiTag::abandon);
    for (const int rank : idle()) worker(rank).state = State::ended;
    if (all_answer) channel_.free();
  }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State { idle, busy, given_up, ended };
  struct Worker {
    State state = State::idle;
    std::uint64_t job = 0;    // while busy
    Clock::time_point since;  // when it had the model
  };

  [[nodiscard]] Worker& worker(int rank) { return workers_[static_cast<std::size_t>(rank) - 1]; }

  [[nodiscard]] std::vector<int> ranks_in(State state) const {
    std::vector<int> ranks;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      if (workers_[index].state == state) ranks.push_back(static_cast<int>(index) + 1);
    }
    return ranks;
  }

  [[nodiscard]] bool is_late(const Worker& busy) const {
    return std::chrono::duration<double>(Clock::now() - busy.since).count() > seconds_limit_;
  }

  [[nodiscard]] MpiAnswer give_up(int rank) {
    worker(rank).state = State::given_up;
    return {rank, worker(rank).job, 0.0,
            "no answer within " + number_text(seconds_limit_) + " s: the rank is given up for the rest of the run"};
  }

  MpiChannel channel_;
  double seconds_limit_;
  std::vector<Worker> workers_;  // of rank 1, 2, …
  std::uint64_t last_job_ = 0;
  bool has_ended_ = false;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_MPI_WORKERS_HPP
