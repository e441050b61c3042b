#ifndef NUQ_CORE_ARRAY_VIEW_HPP
#define NUQ_CORE_ARRAY_VIEW_HPP

#include <cstddef>
#include <type_traits>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A contiguous run of values that belongs to somebody else. Cheap to copy; never owns, never null-checks.
template <class T>
class ArrayView {
 public:
  constexpr ArrayView() noexcept = default;
  constexpr ArrayView(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// Views a vector; for `ArrayView<const T>` a const vector as well.
  ArrayView(std::vector<std::remove_const_t<T>>& values) noexcept : data_(values.data()), size_(values.size()) {}
  template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
  ArrayView(const std::vector<std::remove_const_t<T>>& values) noexcept : data_(values.data()), size_(values.size()) {}
  template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
  constexpr ArrayView(ArrayView<std::remove_const_t<U>> other) noexcept : data_(other.data()), size_(other.size()) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr T& operator[](std::size_t index) const noexcept { return data_[index]; }
  [[nodiscard]] constexpr T* begin() const noexcept { return data_; }
  [[nodiscard]] constexpr T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_ARRAY_VIEW_HPP
