#ifndef NUQ_ADAPTERS_DETAIL_MPI_CHANNEL_HPP
#define NUQ_ADAPTERS_DETAIL_MPI_CHANNEL_HPP

#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What rank 0, which has the models, and the workers, which are the other ranks, say to each other:
///
///     rank 0 → worker   model {job, bytes of the prototxt, bytes of the caffemodel}, content of both files, complete
///     worker → rank 0   answer {job, bits of the metric, bytes of the problem}, problem (where there is one)
///     rank 0 → worker   end, or abandon: end although others may not answer any more
enum class MpiTag : int { model, content, complete, answer, problem, end, abandon };

using MpiNumbers = std::array<std::uint64_t, 3>;

/// Throws EvaluationError with the text of MPI's error, unless there was none.
inline void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int size = 0;
  MPI_Error_string(code, text.data(), &size);
  fail(EvaluationError(ErrorCode::evaluation_failed, std::string(call) + ": " + text.data()));
}

/// Refuses to go on with MPI not initialized, or on a rank of the wrong kind.
inline void check_mpi_rank(MPI_Comm communicator, bool wants_rank_0, const char* user) {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized == 0) {
    fail(ConfigError(ErrorCode::invalid_argument, std::string(user) + ": MPI is not initialized"));
  }
  int rank = 0;
  check_mpi(MPI_Comm_rank(communicator, &rank), "MPI_Comm_rank");
  if ((rank == 0) == wants_rank_0) return;
  fail(ConfigError(ErrorCode::invalid_argument, std::string(user) + ": called on rank " + std::to_string(rank) +
                                                    ", wanted " + (wants_rank_0 ? "rank 0" : "any rank but 0")));
}

/// Waits between two looks for a message, longer from time to time: blocking MPI calls keep a processor busy, which the
/// evaluators need.
class MpiPause {
 public:
  void operator()() {
    std::this_thread::sleep_for(length_);
    length_ = (std::min)(2 * length_, std::chrono::microseconds(longest));
  }

 private:
  static constexpr int longest = 20'000;
  std::chrono::microseconds length_{100};
};

/// A communicator of our own, whose messages do not mix with the user's and whose errors are exceptions.
class MpiChannel {
 public:
  /// Duplicates a communicator: every rank of it does so, or waits. Throws EvaluationError, as all members do, where a
  /// call of MPI fails.
  explicit MpiChannel(MPI_Comm communicator) {
    check_mpi(MPI_Comm_dup(communicator, &communicator_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check_mpi(MPI_Comm_rank(communicator_, &rank_), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(communicator_, &size_), "MPI_Comm_size");
  }
  MpiChannel(const MpiChannel&) = delete;
  MpiChannel& operator=(const MpiChannel&) = delete;
  ~MpiChannel() = default;  // MPI_Comm_free may wait for ranks that do not answer: see free()

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }

  void send(int rank, MpiTag tag, const MpiNumbers& numbers) {
    check_mpi(
        MPI_Send(numbers.data(), static_cast<int>(numbers.size()), MPI_UINT64_T, rank, int_of(tag), communicator_),
        "MPI_Send");
  }
  [[nodiscard]] MpiNumbers receive_numbers(int rank, MpiTag tag) {
    MpiNumbers numbers{};
    MPI_Status status;
    check_mpi(MPI_Recv(numbers.data(), static_cast<int>(numbers.size()), MPI_UINT64_T, rank, int_of(tag), communicator_,
                       &status),
              "MPI_Recv");
    return numbers;
  }

  /// Sends any number of bytes, in pieces: MPI counts in int.
  void send_bytes(int rank, MpiTag tag, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, piece_bytes);
      check_mpi(MPI_Send(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, rank, int_of(tag), communicator_),
                "MPI_Send");
      bytes.remove_prefix(piece.size());
    }
  }
  /// Receives what `send_bytes` has sent and calls take(std::string_view) for each piece.
  template <class Take>
  void receive_bytes(int rank, MpiTag tag, std::uint64_t size, const Take& take) {
    std::vector<char> piece(static_cast<std::size_t>((std::min)(size, std::uint64_t{piece_bytes})));
    while (size > 0) {
      const auto count = static_cast<std::size_t>((std::min)(size, std::uint64_t{piece.size()}));
      MPI_Status status;
      check_mpi(MPI_Recv(piece.data(), static_cast<int>(count), MPI_BYTE, rank, int_of(tag), communicator_, &status),
                "MPI_Recv");
      take(std::string_view(piece.data(), count));
      size -= count;
    }
  }

  /// Returns when the other rank has received all that was sent to it before, and this, by `meet` too.
  void send_and_meet(int rank, MpiTag tag) {
    check_mpi(MPI_Ssend(nullptr, 0, MPI_BYTE, rank, int_of(tag), communicator_), "MPI_Ssend");
  }
  void meet(int rank, MpiTag tag) {
    MPI_Status status;
    check_mpi(MPI_Recv(nullptr, 0, MPI_BYTE, rank, int_of(tag), communicator_, &status), "MPI_Recv");
  }

  /// Sends a message without content and does not wait until it is received.
  void post(int rank, MpiTag tag) {
    MPI_Request request;
    check_mpi(MPI_Isend(nullptr, 0, MPI_BYTE, rank, int_of(tag), communicator_, &request), "MPI_Isend");
    check_mpi(MPI_Request_free(&request), "MPI_Request_free");
  }

  /// The rank that has sent a message which is not received yet, if there is one.
  [[nodiscard]] std::optional<int> sender_of(MpiTag tag) {
    const std::optional<MPI_Status> status = arrived(MPI_ANY_SOURCE, int_of(tag));
    if (!status) return std::nullopt;
    return status->MPI_SOURCE;
  }
  [[nodiscard]] bool has_arrived(int rank, MpiTag tag) { return arrived(rank, int_of(tag)).has_value(); }
  /// Waits for a message of any kind from a rank; it is still to be received.
  [[nodiscard]] MpiTag wait_for_message(int rank) {
    for (MpiPause pause;; pause()) {
      const std::optional<MPI_Status> status = arrived(rank, MPI_ANY_TAG);
      if (status) return static_cast<MpiTag>(status->MPI_TAG);
    }
  }

  /// Gives the communicator back; every rank does so, or none, which leaves it to MPI_Finalize.
  void free() { check_mpi(MPI_Comm_free(&communicator_), "MPI_Comm_free"); }

 private:
  static constexpr std::size_t piece_bytes = std::size_t{1} << 22U;

  [[nodiscard]] static constexpr int int_of(MpiTag tag) noexcept { return static_cast<int>(tag); }

  [[nodiscard]] std::optional<MPI_Status> arrived(int rank, int tag) {
    int has_message = 0;
    MPI_Status status;
    check_mpi(MPI_Iprobe(rank, tag, communicator_, &has_message, &status), "MPI_Iprobe");
    if (has_message == 0) return std::nullopt;
    return status;
  }

  MPI_Comm communicator_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_MPI_CHANNEL_HPP
