#ifndef NUQ_ENGINE_KERNELS_ALIGNED_BUFFER_HPP
#define NUQ_ENGINE_KERNELS_ALIGNED_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Floats at the begin of a cache line. Grows, never shrinks, and leaves its values uninitialised: asking again for a
/// size it once had costs nothing.
class AlignedBuffer {
 public:
  static constexpr std::size_t alignment = 64;

  AlignedBuffer() = default;
  NUQ_FUNCTION explicit AlignedBuffer(std::int64_t size) { static_cast<void>(reserve(size)); }

  /// Room for `size` floats; earlier contents are lost where it has to grow.
  NUQ_FUNCTION [[nodiscard]] float* reserve(std::int64_t size) {
    if (size > capacity_) {
      values_.reset();
      capacity_ = 0;
      values_.reset(static_cast<float*>(
          ::operator new (static_cast<std::size_t>(size) * sizeof(float), std::align_val_t{alignment})));
      capacity_ = size;
    }
    return values_.get();
  }
  [[nodiscard]] float* data() const noexcept { return values_.get(); }

 private:
  struct Release {
    NUQ_FUNCTION void operator()(float* values) const noexcept {
      ::operator delete (values, std::align_val_t{alignment});
    }
  };
  std::unique_ptr<float, Release> values_;
  std::int64_t capacity_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_ALIGNED_BUFFER_HPP
