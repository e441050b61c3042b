#ifndef NUQ_ENGINE_WORKSPACE_HPP
#define NUQ_ENGINE_WORKSPACE_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/kernels/aligned_buffer.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What layers compute with: threads, scratch memory for each of them, and the machine's kernels.
class Workspace {
 public:
  NUQ_FUNCTION explicit Workspace(std::size_t threads, const detail::TileKernels& kernels = detail::best_kernels())
      : pool_(threads), scratch_(pool_.threads()), threads_(pool_.threads()), kernels_(&kernels) {}

  [[nodiscard]] const detail::TileKernels& kernels() const noexcept { return *kernels_; }
  /// Threads at work on the next tasks.
  [[nodiscard]] std::int64_t threads() const noexcept { return static_cast<std::int64_t>(threads_); }

  /// Announces how many multiply-adds the next tasks take, about. Where waking threads costs more than they gain, the
  /// calling one does it all. Initially there is always enough to do.
  NUQ_FUNCTION void expect_work(std::int64_t multiply_adds) noexcept {
    threads_ = multiply_adds < least_shared_work ? 1 : pool_.threads();
  }

  /// Room for `size` floats of one worker's own.
  NUQ_FUNCTION [[nodiscard]] float* scratch(std::size_t worker, std::int64_t size) {
    return scratch_[worker].reserve(size);
  }
  /// Room for `size` floats that all workers read; to be asked for outside of tasks.
  NUQ_FUNCTION [[nodiscard]] float* shared_scratch(std::int64_t size) { return shared_.reserve(size); }

  /// Calls `body(task, worker)` once for every task in [0, tasks), in any order; no two calls of one worker overlap.
  template <class Body>
  void for_each_task(std::int64_t tasks, Body&& body) {
    std::atomic<std::int64_t> next{0};
    const std::size_t workers = (std::min)(threads_, static_cast<std::size_t>(tasks));
    pool_.for_each_block(workers, [&](std::size_t worker) {
      for (std::int64_t task = next++; task < tasks; task = next++) body(task, worker);
    });
  }

  /// Calls `body(begin, end)` for ranges that cover [0, count), each of about `values_per_task` values where an item is
  /// `item_size` values: large enough to be worth a thread.
  template <class Body>
  void for_each_range(std::int64_t count, std::int64_t item_size, Body&& body) {
    const std::int64_t step = (std::max)(std::int64_t{1}, values_per_task / (std::max)(std::int64_t{1}, item_size));
    for_each_task((count + step - 1) / step,
                  [&](std::int64_t task, std::size_t) { body(task * step, (std::min)(count, (task + 1) * step)); });
  }

 private:
  static constexpr std::int64_t values_per_task = 1 << 15;
  static constexpr std::int64_t least_shared_work = 1'000'000;  // some 40 microseconds

  ThreadPool pool_;
  std::vector<detail::AlignedBuffer> scratch_;
  detail::AlignedBuffer shared_;
  std::size_t threads_;
  const detail::TileKernels* kernels_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_WORKSPACE_HPP
