#ifndef NUQ_ADAPTERS_DETAIL_CHILD_PROCESS_HPP
#define NUQ_ADAPTERS_DETAIL_CHILD_PROCESS_HPP

#if defined(_WIN32)
#error "[nuq] nuq/adapters/command_evaluator.hpp needs a POSIX system, such as Linux or macOS: commands run by /bin/sh"
#endif

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <crt_externs.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

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

/// A file descriptor that is closed with the object; −1: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  void close() noexcept {
    if (is_open()) ::close(number_);
    number_ = -1;
  }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

/// Makes a pipe that no program started elsewhere inherits. Returns 0 or the system's error.
[[nodiscard]] inline int make_pipe(Pipe& pipe) noexcept {
  std::array<int, 2> ends{};
#if defined(__APPLE__)  // has no pipe2: a program that another thread starts in between inherits the pipe
  if (::pipe(ends.data()) != 0) return errno;
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
#else
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
#endif
  pipe = {Descriptor(ends[0]), Descriptor(ends[1])};
  return 0;
}

struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&actions); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions); }
  ::posix_spawn_file_actions_t actions{};
};

struct SpawnAttributes {
  SpawnAttributes() { ::posix_spawnattr_init(&attributes); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes); }
  ::posix_spawnattr_t attributes{};
};

[[nodiscard]] inline char** environment() noexcept {
#if defined(__APPLE__)
  return *::_NSGetEnviron();
#else
  return ::environ;
#endif
}

/// Starts `/bin/sh -c command` in a process group of its own, whatever signals the calling thread blocks or ignores.
/// Returns 0 or the system's error.
[[nodiscard]] inline int spawn_shell(std::string command, int standard_output, ::pid_t& process) {
  SpawnActions files;
  int error = ::posix_spawn_file_actions_adddup2(&files.actions, standard_output, STDOUT_FILENO);
  if (error == 0) {
    error = ::posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  if (error != 0) return error;

  ::sigset_t no_signals;
  ::sigset_t default_signals;
  sigemptyset(&no_signals);
  sigemptyset(&default_signals);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&default_signals, signal);
  SpawnAttributes spawn;
  ::posix_spawnattr_setpgroup(&spawn.attributes, 0);
  ::posix_spawnattr_setsigmask(&spawn.attributes, &no_signals);
  ::posix_spawnattr_setsigdefault(&spawn.attributes, &default_signals);
  ::posix_spawnattr_setflags(
      &spawn.attributes, static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  std::string shell = "sh";
  std::string option = "-c";
  const std::array<char*, 4> arguments = {shell.data(), option.data(), command.data(), nullptr};
  return ::posix_spawn(&process, "/bin/sh", &files.actions, &spawn.attributes, arguments.data(), environment());
}

/// How a command ended.
struct CommandResult {
  enum class End { not_started, exited, killed, timed_out, stopped, lost };

  End end;                ///< lost: without an exit code, which someone else has taken
  int code;               ///< exit code, signal that killed it, or the system's error where it was not started
  std::string last_line;  ///< see `LastLine`; empty if it timed out or was stopped
};

/// What ends a command early.
struct CommandLimits {
  double timeout_seconds = std::numeric_limits<double>::infinity();
  std::function<bool()> stop_requested;  ///< asked at least every 100 ms; may be empty
  double grace_seconds = 2.0;            ///< between SIGTERM and SIGKILL
};

/// A shell command that runs with nothing on its standard input, our standard error, and its standard output read here.
/// What still runs of it when the object goes is killed.
class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { kill(); }

  /// To be called once. Returns 0 or the system's error.
  [[nodiscard]] int start(const std::string& command) {
    if (command.find('\0') != std::string::npos) return EINVAL;
    Pipe pipe;
    int error = make_pipe(pipe);
    if (error == 0) error = spawn_shell(command, pipe.write_end.number(), process_);
    is_child_ = error == 0;
    output_ = std::move(pipe.read_end);
    return error;
  }

  /// Whether the shell has ended. It stays a zombie until `wait`, so that no other process group gets its number.
  [[nodiscard]] bool has_exited() noexcept {
    if (!is_child_) return true;
    ::siginfo_t info{};
    const int status = ::waitid(P_PID, static_cast<::id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (status != 0 && errno != EINTR) is_child_ = false;
    return !is_child_ || info.si_pid == process_;
  }

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
    signal_group(SIGTERM);
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [start] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start); };
    while ((!has_exited() || output_.is_open()) && elapsed().count() < grace_seconds) read_output();
    kill();
  }

  /// Waits for the end of the shell.
  [[nodiscard]] CommandResult wait() {
    int status = 0;
    if (!reap(status)) return {CommandResult::End::lost, 0, last_line_.text()};
    if (WIFEXITED(status)) return {CommandResult::End::exited, WEXITSTATUS(status), last_line_.text()};
    return {CommandResult::End::killed, WTERMSIG(status), last_line_.text()};
  }

 private:
  static constexpr int max_pause_ms = 50;

  void signal_group(int signal) const noexcept {
    if (is_child_) ::kill(-process_, signal);
  }

  void kill() noexcept {
    signal_group(SIGKILL);
    int status = 0;
    static_cast<void>(reap(status));
  }

  /// False where there is no exit code: someone else has taken it, or SIGCHLD is ignored.
  [[nodiscard]] bool reap(int& status) noexcept {
    ::pid_t waited = -1;
    while (is_child_ && waited != process_) {
      waited = ::waitpid(process_, &status, 0);
      is_child_ = waited < 0 && errno == EINTR;
    }
    return waited == process_;
  }

  /// Returns the number of bytes read.
  std::size_t read_up_to(std::size_t size) {
    const ::ssize_t read = ::read(output_.number(), buffer_.data(), (std::min)(size, buffer_.size()));
    if (read == 0 || (read < 0 && errno != EINTR)) output_.close();
    if (read <= 0) return 0;
    last_line_.append({buffer_.data(), static_cast<std::size_t>(read)});
    return static_cast<std::size_t>(read);
  }

  ::pid_t process_ = 0;    // of the shell, and its group
  bool is_child_ = false;  // and not yet waited for
  Descriptor output_;      // closed when all its writers are gone
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
