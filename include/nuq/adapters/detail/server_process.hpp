#ifndef NUQ_ADAPTERS_DETAIL_SERVER_PROCESS_HPP
#define NUQ_ADAPTERS_DETAIL_SERVER_PROCESS_HPP

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "nuq/adapters/detail/process_text.hpp"
#include "nuq/adapters/detail/shell_process.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A shell command that is sent lines and answers with lines. What still runs of it when the object goes is killed.
class ServerProcess {
 public:
  static constexpr std::size_t max_line_bytes = std::size_t{16} << 20U;  ///< a longer line is cut after one byte more

  /// `limits` outlive this.
  explicit ServerProcess(const CommandLimits& limits) : limits_(limits) {}

  /// To be called once. False: it cannot be started, see `problem`.
  [[nodiscard]] bool start(const std::string& command) {
    Pipe output;
    Descriptor input;
    int error = make_pipe(output);
    if (error == 0) error = make_input(input);
    if (error == 0) error = shell_.start(command, input, output.write_end);
    output_ = std::move(output.read_end);
    if (error != 0) problem_ = problem_of({CommandResult::End::not_started, error, {}}, limits_.timeout_seconds);
    return error == 0;
  }

  /// From now on the time of the limits runs.
  void begin_request() { deadline_ = Deadline(Deadline::Clock::now(), limits_.timeout_seconds); }

  /// False: it does not listen any more, see `problem`.
  [[nodiscard]] bool send(std::string line) {
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
      const ::ssize_t sent = ::send(input_.number(), rest.data(), rest.size(), send_flags);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return fail(ended());
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The next line of its standard output. Nothing: there is none in time, see `problem`.
  [[nodiscard]] std::optional<std::string> read_line() {
    while (unread_.find('\n') == std::string::npos && unread_.size() <= max_line_bytes) {
      const bool is_stopped = limits_.stop_requested && limits_.stop_requested();
      if (is_stopped || deadline_.has_passed()) {
        shell_.signal(SIGTERM);
        wait_for_exit();
        fail({is_stopped ? CommandResult::End::stopped : CommandResult::End::timed_out, 0, {}});
        return std::nullopt;
      }
      if (!read_some() && (!output_.is_open() || shell_.has_exited())) {
        fail(ended());
        return std::nullopt;
      }
    }
    const std::size_t end = (std::min)(unread_.find('\n'), max_line_bytes + 1);
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
  }

  /// Has it end by itself: its standard input ends after this line. What is left after a while is killed.
  void shut_down(std::string last_line) {
    if (send(std::move(last_line))) input_.close();
    wait_for_exit();
    shell_.signal(SIGTERM);
    wait_for_exit();
  }

  /// Why there is no line; empty while all is well.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] bool was_stopped() const noexcept { return was_stopped_; }

 private:
#if defined(__APPLE__)
  static constexpr int send_flags = MSG_DONTWAIT;
#else
  static constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#endif

  /// A socket, since writing to a pipe without a reader would be a signal to this program.
  [[nodiscard]] int make_input(Descriptor& for_child) {
    std::array<int, 2> ends{};
#if defined(__APPLE__)
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return errno;
    const int on = 1;
    ::setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
#else
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return errno;
#endif
    input_ = Descriptor(ends[0]);
    for_child = Descriptor(ends[1]);
    return 0;
  }

  /// Waits for output, 50 ms at most. False: nothing came.
  [[nodiscard]] bool read_some() {
    constexpr int pause_ms = 50;
    ::pollfd waiting{output_.number(), POLLIN, 0};
    if (::poll(&waiting, 1, pause_ms) <= 0) return false;
    const ::ssize_t read = ::read(output_.number(), buffer_.data(), buffer_.size());
    if (read == 0 || (read < 0 && errno != EINTR)) output_.close();
    if (read <= 0) return false;
    unread_.append(buffer_.data(), static_cast<std::size_t>(read));
    return true;
  }

  /// How it ended that closed its output or its input, or the shell's end: it may still be about to.
  [[nodiscard]] CommandResult ended() {
    wait_for_exit();
    if (!shell_.has_exited()) return {CommandResult::End::silent, 0, {}};
    return shell_.wait();
  }

  void wait_for_exit() {
    const Deadline grace(Deadline::Clock::now(), limits_.grace_seconds);
    while (!shell_.has_exited() && !grace.has_passed()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  bool fail(const CommandResult& result) {
    problem_ = result.end == CommandResult::End::exited
                   ? exit_code_text(result.code) + " before it was told to shut down"
                   : problem_of(result, limits_.timeout_seconds);
    was_stopped_ = result.end == CommandResult::End::stopped;
    return false;
  }

  const CommandLimits& limits_;
  ShellProcess shell_;
  Descriptor input_;   // our end of its standard input
  Descriptor output_;  // closed when all its writers are gone
  Deadline deadline_;
  std::string unread_;
  std::string problem_;
  bool was_stopped_ = false;
  std::array<char, 16384> buffer_{};
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_SERVER_PROCESS_HPP
