#include "signal_watch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "command.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/prefix_lock.hpp"

namespace {

/// What a handler tells the thread that waits.
struct Arrived {
  int signal;
  std::uintptr_t address;  // of the access that failed, for SIGBUS
};

int handlers_end = -1;  // of the pipe; set before any handler is
std::atomic<bool> is_graceful{false};
std::atomic<bool> is_requested{false};
std::atomic<bool> is_ending{false};
static_assert(std::atomic<bool>::is_always_lock_free, "threads and handlers may use them");

struct Prefixes {
  std::mutex mutex;
  std::vector<std::string> names;
};

Prefixes& prefixes() {
  static Prefixes all;
  return all;
}

void tell(int signal, ::siginfo_t* info, void*) {
  const int cause = errno;
  const Arrived arrived{signal, signal == SIGBUS ? reinterpret_cast<std::uintptr_t>(info->si_addr) : 0};
  const bool is_told = ::write(handlers_end, &arrived, sizeof arrived) == sizeof arrived;
  while (signal == SIGBUS && is_told) ::pause();  // the access would only fail again
  errno = cause;
}

void handle(int signal, void (*handler)(int, ::siginfo_t*, void*)) {
  struct ::sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

/// The file that is mapped at an address; empty where there is none.
std::string mapped_file_at(std::uintptr_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t first = 0;
    std::uintptr_t end = 0;
    char dash = '\0';
    fields >> std::hex >> first >> dash >> end;
    const std::size_t path = line.find('/');
    if (address >= first && address < end && path != std::string::npos) return line.substr(path);
  }
  return {};
}

void clean_up() {
  is_ending = true;
  const std::lock_guard<std::mutex> lock(prefixes().mutex);
  for (const std::string& prefix : prefixes().names) {
    nuq::remove_unfinished_files(prefix);
    nuq::PrefixLock::remove_own(prefix);
  }
}

[[noreturn]] void end_by_lost_input(std::uintptr_t address) {
  const std::string file = mapped_file_at(address);
  std::fprintf(stderr, "nuq: %s: became shorter while it was read\n",
               file.empty() ? "an input file" : nuq::detail::printable_text(file, 4096).c_str());
  clean_up();
  ::_exit(exit_bad_input);
}

[[noreturn]] void end_by(int signal) {
  clean_up();
  ::signal(signal, SIG_DFL);
  ::kill(::getpid(), signal);
  ::_exit(128 + signal);
}

void watch(int watchers_end) {
  Arrived arrived{};
  while (::read(watchers_end, &arrived, sizeof arrived) == sizeof arrived || errno == EINTR) {
    if (arrived.signal == SIGBUS) end_by_lost_input(arrived.address);
    if (!is_graceful || is_requested.exchange(true)) end_by(arrived.signal);
  }
}

}  // namespace

void watch_signals() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) handle(signal, [](int, ::siginfo_t*, void*) {});
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  handlers_end = ends[1];
  try {
    std::thread(watch, ends[0]).detach();
  } catch (const std::system_error&) {
    return;
  }
  for (const int signal : {SIGINT, SIGTERM, SIGBUS}) handle(signal, tell);
  struct ::sigaction hang_up {};
  ::sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) handle(SIGHUP, tell);
}

void wait_where_signal_ends() noexcept {
  while (is_ending) ::pause();
}

void clean_up_on_signal(const std::string& prefix) {
  const std::lock_guard<std::mutex> lock(prefixes().mutex);
  prefixes().names.push_back(prefix);
}

GracefulStop::GracefulStop() noexcept {
  is_requested = false;
  is_graceful = true;
}

GracefulStop::~GracefulStop() {
  is_graceful = false;
}

bool GracefulStop::requested() noexcept {
  return is_requested;
}
