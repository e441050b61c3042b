#ifndef NUQ_ADAPTERS_DETAIL_CHILD_PROCESS_HPP
#define NUQ_ADAPTERS_DETAIL_CHILD_PROCESS_HPP

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/adapters/detail/shell_process.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

inline constexpr std::string_view white_space = " \t\v\f\r\n";

/// Finds the last line of a stream of bytes that holds more than white space; keeps only what that needs. Leading white
/// space is dropped. A line longer than `max_bytes` is cut after one byte more.
class LastLine {
 public:
  static constexpr std::size_t max_bytes = 65536;

  void append(std::string_view bytes) {
    const std::size_t line_break = bytes.rfind('\n');
    if (line_break != std::string_view::npos) {
      end_line(bytes.substr(0, line_break));
      bytes.remove_prefix(line_break + 1);
    }
    extend_line(bytes);
  }

  /// Empty if there was none.
  [[nodiscard]] const std::string& text() const noexcept { return line_.empty() ? last_ : line_; }

 private:
  /// `bytes`, perhaps of many lines, continue the line and are followed by a line break.
  void end_line(std::string_view bytes) {
    bytes = bytes.substr(0, bytes.find_last_not_of(white_space) + 1);
    const std::size_t line_break = bytes.rfind('\n');
    if (line_break != std::string_view::npos) {
      line_.clear();
      bytes.remove_prefix(line_break + 1);
    }
    extend_line(bytes);
    if (!line_.empty()) last_.swap(line_);
    line_.clear();
  }

  void extend_line(std::string_view bytes) {
    if (line_.empty()) bytes.remove_prefix((std::min)(bytes.find_first_not_of(white_space), bytes.size()));
    line_.append(bytes.substr(0, max_bytes + 1 - line_.size()));
  }

  std::string line_;  // not ended yet; empty while it is blank
  std::string last_;
};

/// A shell command that runs with nothing on its standard input, our standard error, and its standard output read here.
/// What still runs of it when the object goes is killed.
class ChildProcess {
 public:
  /// To be called once. Returns 0 or the system's error.
  [[nodiscard]] int start(const std::string& command) {
    Pipe pipe;
    const int error = make_pipe(pipe);
    if (error != 0) return error;
    output_ = std::move(pipe.read_end);
    return shell_.start(command, Descriptor(), pipe.write_end);
  }

  [[nodiscard]] bool has_exited() noexcept { return shell_.has_exited(); }

  /// Waits for output, 50 ms at most, and reads some. Without output the waits grow, so that a command that ends at
  /// once is noticed at once, and a long one costs nothing.
  void read_output() {
    ::pollfd waiting{output_.number(), POLLIN, 0};
    const bool has_event = ::poll(&waiting, 1, pause_ms_) > 0;
    pause_ms_ = has_event ? 1 : (std::min)(2 * pause_ms_, max_pause_ms);
    if (has_event) read_up_to(buffer_.size());
  }

  /// Reads what the pipe holds now, and no more: processes left in the background may keep it open or go on writing.
  void read_remaining_output() {
    int held = 0;
    if (output_.is_open() && ::ioctl(output_.number(), FIONREAD, &held) != 0) held = 0;
    for (auto remaining = static_cast<std::size_t>((std::max)(held, 0)); remaining > 0 && output_.is_open();) {
      remaining -= read_up_to(remaining);
    }
  }

  /// Ends all processes of the group: asks them to, waits up to `grace_seconds` until they have closed our pipe, kills.
  void terminate(double grace_seconds) {
    shell_.signal(SIGTERM);
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start); };
    while ((!has_exited() || output_.is_open()) && elapsed().count() < grace_seconds) read_output();
    shell_.kill();
  }

  /// Waits for the end of the shell.
  [[nodiscard]] CommandResult wait() {
    CommandResult result = shell_.wait();
    result.last_line = last_line_.text();
    return result;
  }

 private:
  static constexpr int max_pause_ms = 50;

  /// Returns the number of bytes read.
  std::size_t read_up_to(std::size_t size) {
    const ::ssize_t read = ::read(output_.number(), buffer_.data(), (std::min)(size, buffer_.size()));
    if (read == 0 || (read < 0 && errno != EINTR)) output_.close();
    if (read <= 0) return 0;
    last_line_.append({buffer_.data(), static_cast<std::size_t>(read)});
    return static_cast<std::size_t>(read);
  }

  ShellProcess shell_;
  Descriptor output_;  // closed when all its writers are gone
  int pause_ms_ = 1;
  LastLine last_line_;
  std::array<char, 16384> buffer_{};
};

/// Runs a command by `/bin/sh -c`. Beyond the limits its whole process group is ended. It has ended when its shell has:
/// what it leaves in the background is neither waited for nor touched.
[[nodiscard]] inline CommandResult run_shell_command(const std::string& command, const CommandLimits& limits) {
  const auto start = std::chrono::steady_clock::now();
  ChildProcess child;
  const int error = child.start(command);
  if (error != 0) return {CommandResult::End::not_started, error, {}};
  while (!child.has_exited()) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const bool is_stopped = limits.stop_requested && limits.stop_requested();
    if (is_stopped || elapsed.count() >= limits.timeout_seconds) {
      child.terminate(limits.grace_seconds);
      return {is_stopped ? CommandResult::End::stopped : CommandResult::End::timed_out, 0, {}};
    }
    child.read_output();
  }
  child.read_remaining_output();
  return child.wait();
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_CHILD_PROCESS_HPP
