#ifndef NUQ_CORE_PARALLEL_HPP
#define NUQ_CORE_PARALLEL_HPP

#include <cstddef>
#include <type_traits>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Runs the blocks of an algorithm: one after the other here, on several threads in a ThreadPool. Work is cut into
/// numbered blocks by the algorithm, never by the number of threads, so that results do not depend on it.
class Parallel {
 public:
  /// The calling thread alone.
  Parallel() noexcept = default;
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;

  /// Threads at work, the calling one included.
  [[nodiscard]] std::size_t threads() const noexcept { return threads_; }

  /// Calls `body(block)` once for every block in [0, blocks), in any order and on any thread, and returns when all are
  /// done. Where blocks throw, the exception of the first one by number comes out, and later blocks may not have been
  /// called.
  template <class Body>
  void for_each_block(std::size_t blocks, Body&& body) {
    if (run_ == nullptr || blocks < 2) {
      for (std::size_t block = 0; block < blocks; ++block) body(block);
      return;
    }
    const auto call = [](void* context, std::size_t block) {
      (*static_cast<std::remove_reference_t<Body>*>(context))(block);
    };
    run_(*this, blocks, const_cast<void*>(static_cast<const void*>(&body)), call);
  }

 protected:
  using Call = void (*)(void* context, std::size_t block);
  using Run = void (*)(Parallel& self, std::size_t blocks, void* context, Call call);

  NUQ_FUNCTION Parallel(std::size_t threads, Run run) noexcept : threads_(threads), run_(threads > 1 ? run : nullptr) {}

 private:
  std::size_t threads_ = 1;
  Run run_ = nullptr;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_PARALLEL_HPP
