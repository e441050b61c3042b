#ifndef NUQ_CORE_PARALLEL_HPP
#define NUQ_CORE_PARALLEL_HPP

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A pool of threads owned by the caller. Work is cut into numbered blocks by the algorithm, never by the number of threads,
/// so that results do not depend on it. Blocks must not throw where exceptions are off; otherwise the first exception by
/// block number is rethrown after all blocks have ended. A pool serves one `for_each_block` at a time.
class Parallel {
 public:
  /// `threads` ≥ 1 workers in all, the calling thread included; 0 takes the machine's number of cores.
  explicit Parallel(std::size_t threads = 1) {
    if (threads == 0) threads = (std::max)(std::size_t{1}, static_cast<std::size_t>(std::thread::hardware_concurrency()));
    workers_.reserve(threads - 1);
    for (std::size_t index = 1; index < threads; ++index) workers_.emplace_back([this] { serve(); });
  }
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;
  ~Parallel() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  [[nodiscard]] std::size_t threads() const noexcept { return workers_.size() + 1; }

  /// Calls `body(block)` once for every block in [0, blocks), in any order and on any thread, and returns when all are done.
  template <class Body>
  void for_each_block(std::size_t blocks, Body&& body) {
    if (workers_.empty() || blocks < 2) {
      for (std::size_t block = 0; block < blocks; ++block) body(block);
      return;
    }
    Job job;
    job.blocks = blocks;
    job.context = const_cast<void*>(static_cast<const void*>(std::addressof(body)));
    job.call = [](void* context, std::size_t block) { (*static_cast<std::remove_reference_t<Body>*>(context))(block); };
    run(job);
  }

 private:
  struct Job {
    std::size_t blocks = 0;
    void* context = nullptr;
    void (*call)(void*, std::size_t) = nullptr;
    std::atomic<std::size_t> next{0};
    std::size_t active = 0;  // workers inside this job, guarded by mutex_
#if NUQ_HAS_EXCEPTIONS
    std::exception_ptr error;
    std::size_t error_block = 0;
#endif
  };

  void run(Job& job) {
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

  void serve() {
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

  void work(Job& job) {
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

#endif  // NUQ_CORE_PARALLEL_HPP
