#ifndef NUQ_CORE_THREAD_POOL_HPP
#define NUQ_CORE_THREAD_POOL_HPP

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Threads that share the blocks of a `Parallel`. Owned by the caller; serves one `for_each_block` at a time.
class ThreadPool : public Parallel {
 public:
  /// `threads` ≥ 1 in all, the calling one included; 0 takes the machine's number of cores. Where the system starts
  /// fewer, these do the work. Throws ConfigError invalid_argument above `most_threads`.
  NUQ_FUNCTION explicit ThreadPool(std::size_t threads) : Parallel(resolved(threads), &ThreadPool::run) {
    workers_.reserve(this->threads() - 1);
#if NUQ_HAS_EXCEPTIONS
    try {
      start_workers();
    } catch (const std::exception&) {  // those that started do the work
    }
#else
    start_workers();
#endif
  }
  ~ThreadPool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  /// That may be asked for: 4 for each of the machine's cores, 1,024 at most.
  NUQ_FUNCTION [[nodiscard]] static std::size_t most_threads() noexcept {
    constexpr std::size_t limit = 1024;
    return (std::min)(limit, 4 * cores());
  }

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

 private:
  struct Job {
    std::size_t blocks = 0;
    void* context = nullptr;
    Call call = nullptr;
    std::atomic<std::size_t> next{0};
    std::size_t active = 0;  // workers inside this job; guarded by mutex_
#if NUQ_HAS_EXCEPTIONS
    std::exception_ptr error;
    std::size_t error_block = 0;
#endif
  };

  NUQ_FUNCTION [[nodiscard]] static std::size_t cores() noexcept {
    return (std::max)(std::size_t{1}, static_cast<std::size_t>(std::thread::hardware_concurrency()));
  }

  NUQ_FUNCTION [[nodiscard]] static std::size_t resolved(std::size_t threads) {
    if (threads > most_threads()) {
      detail::fail(ConfigError(ErrorCode::invalid_argument, std::to_string(threads) + " threads: wanted at most " +
                                                                std::to_string(most_threads()) +
                                                                " on this machine, or 0 for its cores"));
    }
    return threads > 0 ? threads : (std::min)(cores(), most_threads());
  }

  NUQ_FUNCTION void start_workers() {
    for (std::size_t index = 1; index < threads(); ++index) workers_.emplace_back([this] { serve(); });
  }

  NUQ_FUNCTION static void run(Parallel& self, std::size_t blocks, void* context, Call call) {
    Job job;
    job.blocks = blocks;
    job.context = context;
    job.call = call;
    static_cast<ThreadPool&>(self).run(job);
  }

  NUQ_FUNCTION void run(Job& job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      ++generation_;
    }
    wake_.notify_all();
    work(job);
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    done_.wait(lock, [&job] { return job.active == 0; });
#if NUQ_HAS_EXCEPTIONS
    if (job.error) std::rethrow_exception(job.error);
#endif
  }

  NUQ_FUNCTION void serve() {
    std::size_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [this, seen] { return stopping_ || (job_ != nullptr && generation_ != seen); });
      if (stopping_) return;
      seen = generation_;
      Job& job = *job_;
      ++job.active;
      lock.unlock();
      work(job);
      lock.lock();
      if (--job.active == 0) done_.notify_all();
    }
  }

  NUQ_FUNCTION void work(Job& job) {
    for (std::size_t block = job.next++; block < job.blocks; block = job.next++) {
#if NUQ_HAS_EXCEPTIONS
      try {
        job.call(job.context, block);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!job.error || block < job.error_block) {
          job.error = std::current_exception();
          job.error_block = block;
        }
      }
#else
      job.call(job.context, block);
#endif
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Job* job_ = nullptr;
  std::size_t generation_ = 0;
  bool stopping_ = false;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_THREAD_POOL_HPP
