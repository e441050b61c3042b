#ifndef NUQ_EXAMPLES_CLI_SIGNAL_WATCH_HPP
#define NUQ_EXAMPLES_CLI_SIGNAL_WATCH_HPP

#include <string>

/// From now on signals end the program in order: temporary files and locks go with it where `clean_up_on_signal` says
/// so. While a `GracefulStop` lives the first signal only asks for the end. To be called before other threads are
/// started; without a thread for it, signals do what they do anyway.
///
/// SIGINT, SIGTERM and SIGHUP (unless it was ignored, as by nohup) end the program. SIGBUS, which comes where an input
/// that is mapped becomes shorter, does with an error and exit code 2. SIGPIPE and SIGXFSZ do nothing, so that writing
/// fails with its cause.
void watch_signals();

/// Removes what this process has not finished under a prefix if a signal ends it.
void clean_up_on_signal(const std::string& prefix);

/// Does not return where a signal is ending the program: what fails then fails for want of files that it takes away.
void wait_where_signal_ends() noexcept;

/// While it lives, a signal that ends the program asks for that first; the second ends it.
class GracefulStop {
 public:
  GracefulStop() noexcept;
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;

  [[nodiscard]] static bool requested() noexcept;
};

#endif  // NUQ_EXAMPLES_CLI_SIGNAL_WATCH_HPP
