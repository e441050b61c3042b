#ifndef NUQ_ADAPTERS_DETAIL_SHELL_PROCESS_HPP
#define NUQ_ADAPTERS_DETAIL_SHELL_PROCESS_HPP

#if defined(_WIN32)
#error "[nuq] evaluation commands and servers need a POSIX system, such as Linux or macOS: they are run by /bin/sh"
#endif

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <crt_externs.h>
#endif

#include <array>
#include <cerrno>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

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

/// Starts `/bin/sh -c command` in a process group of its own, whatever signals the calling thread blocks or ignores;
/// its standard input is empty where it is given no descriptor. Returns 0 or the system's error.
[[nodiscard]] inline int spawn_shell(std::string command, const Descriptor& standard_input,
                                     const Descriptor& standard_output, ::pid_t& process) {
  SpawnActions files;
  int error = ::posix_spawn_file_actions_adddup2(&files.actions, standard_output.number(), STDOUT_FILENO);
  if (error == 0 && standard_input.is_open()) {
    error = ::posix_spawn_file_actions_adddup2(&files.actions, standard_input.number(), STDIN_FILENO);
  } else if (error == 0) {
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
  enum class End { not_started, exited, killed, timed_out, stopped, silent, lost };

  End end;                ///< silent: closed its output; lost: without an exit code, which someone else has taken
  int code;               ///< exit code, signal that killed it, or the system's error where it was not started
  std::string last_line;  ///< see `LastLine`; empty if it timed out or was stopped
};

/// The process group of a shell command, with our standard error. What still runs of it when the object goes is killed.
class ShellProcess {
 public:
  ShellProcess() = default;
  ShellProcess(const ShellProcess&) = delete;
  ShellProcess& operator=(const ShellProcess&) = delete;
  ~ShellProcess() { kill(); }

  /// To be called once; see `spawn_shell`.
  [[nodiscard]] int start(const std::string& command, const Descriptor& standard_input,
                          const Descriptor& standard_output) {
    if (command.find('\0') != std::string::npos) return EINVAL;
    const int error = spawn_shell(command, standard_input, standard_output, process_);
    is_child_ = error == 0;
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

  void signal(int number) const noexcept {
    if (is_child_) ::kill(-process_, number);
  }

  void kill() noexcept {
    signal(SIGKILL);
    int status = 0;
    static_cast<void>(reap(status));
  }

  /// Waits for the end of the shell.
  [[nodiscard]] CommandResult wait() noexcept {
    int status = 0;
    if (!reap(status)) return {CommandResult::End::lost, 0, {}};
    if (WIFEXITED(status)) return {CommandResult::End::exited, WEXITSTATUS(status), {}};
    return {CommandResult::End::killed, WTERMSIG(status), {}};
  }

 private:
  /// False where there is no exit code: someone else has taken it, or SIGCHLD is ignored.
  [[nodiscard]] bool reap(int& status) noexcept {
    ::pid_t waited = -1;
    while (is_child_ && waited != process_) {
      waited = ::waitpid(process_, &status, 0);
      is_child_ = waited < 0 && errno == EINTR;
    }
    return waited == process_;
  }

  ::pid_t process_ = 0;    // of the shell, and its group
  bool is_child_ = false;  // and not yet waited for
};

/// What ends a command early.
struct CommandLimits {
  double timeout_seconds = std::numeric_limits<double>::infinity();
  std::function<bool()> stop_requested;  ///< asked at least every 100 ms; may be empty
  double grace_seconds = 2.0;            ///< between SIGTERM and SIGKILL
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_SHELL_PROCESS_HPP
