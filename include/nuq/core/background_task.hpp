#ifndef NUQ_CORE_BACKGROUND_TASK_HPP
#define NUQ_CORE_BACKGROUND_TASK_HPP

#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Runs a function on a thread of its own while the caller goes on, or at once where the system has no thread left.
/// std::async would do, for three times the compiler's memory.
class BackgroundTask {
 public:
  NUQ_FUNCTION explicit BackgroundTask(std::function<void()> work) : work_(std::move(work)) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::exception&) {
      run();
    }
  }
  ~BackgroundTask() {
    if (thread_.joinable()) thread_.join();
  }
  BackgroundTask(const BackgroundTask&) = delete;
  BackgroundTask& operator=(const BackgroundTask&) = delete;

  /// Waits for its end, once. Throws what the function threw.
  NUQ_FUNCTION void finish() {
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  NUQ_FUNCTION void run() noexcept {
    try {
      work_();
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  std::function<void()> work_;
  std::exception_ptr error_;
  std::thread thread_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_BACKGROUND_TASK_HPP
