#ifndef NUQ_ADAPTERS_DETAIL_PROCESS_TEXT_HPP
#define NUQ_ADAPTERS_DETAIL_PROCESS_TEXT_HPP

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

#include "nuq/adapters/detail/shell_process.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// "signal 9 (SIGKILL)"; names of the signals that end programs.
[[nodiscard]] inline std::string signal_text(int signal) {
  constexpr std::array<std::pair<int, const char*>, 14> names = {{{SIGHUP, "SIGHUP"},
                                                                  {SIGINT, "SIGINT"},
                                                                  {SIGQUIT, "SIGQUIT"},
                                                                  {SIGILL, "SIGILL"},
                                                                  {SIGTRAP, "SIGTRAP"},
                                                                  {SIGABRT, "SIGABRT"},
                                                                  {SIGBUS, "SIGBUS"},
                                                                  {SIGFPE, "SIGFPE"},
                                                                  {SIGKILL, "SIGKILL"},
                                                                  {SIGSEGV, "SIGSEGV"},
                                                                  {SIGPIPE, "SIGPIPE"},
                                                                  {SIGALRM, "SIGALRM"},
                                                                  {SIGTERM, "SIGTERM"},
                                                                  {SIGXCPU, "SIGXCPU"}}};
  const auto found =
      std::find_if(names.begin(), names.end(), [signal](const auto& name) { return name.first == signal; });
  return "signal " + std::to_string(signal) + (found == names.end() ? "" : std::string(" (") + found->second + ")");
}

/// What a shell's exit code says, by POSIX.
[[nodiscard]] inline std::string exit_code_text(int code) {
  const std::string text = "exit code " + std::to_string(code);
  if (code == 126) return text + " (the program cannot be executed)";
  if (code == 127) return text + " (command not found)";
  return code > 128 ? text + " (as after " + signal_text(code - 128) + ")" : text;
}

/// What is wrong with the way a command ended; empty where it ended well.
[[nodiscard]] inline std::string problem_of(const CommandResult& result, double timeout_seconds) {
  switch (result.end) {
    case CommandResult::End::not_started:
      return "cannot start /bin/sh: " + std::generic_category().message(result.code);
    case CommandResult::End::exited:
      return result.code == 0 ? "" : exit_code_text(result.code) + ", wanted 0";
    case CommandResult::End::killed:
      return "killed by " + signal_text(result.code);
    case CommandResult::End::timed_out:
      return "timed out after " + number_text(timeout_seconds) + " s";
    case CommandResult::End::stopped:
      return "stopped";
    case CommandResult::End::silent:
      return "closed its standard output";
    case CommandResult::End::lost:
      break;
  }
  return "its exit code is lost: this process ignores SIGCHLD, or waits for all its children elsewhere";
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_PROCESS_TEXT_HPP
