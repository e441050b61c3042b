#ifndef NUQ_CORE_MATRIX_VIEW_HPP
#define NUQ_CORE_MATRIX_VIEW_HPP

#include <cstddef>
#include <type_traits>

#include "nuq/core/array_view.hpp"

NUQ_NAMESPACE_BEGIN

/// A row-major matrix [rows × cols] that belongs to somebody else. A layer's weights are viewed as [out × in]:
/// one row per output channel, one column per weight of a channel (input channel × kernel position).
template <class T>
class MatrixView {
 public:
  constexpr MatrixView() noexcept = default;
  constexpr MatrixView(T* data, std::size_t rows, std::size_t cols) noexcept : data_(data), rows_(rows), cols_(cols) {}
  template <class U = T, class = std::enable_if_t<std::is_const_v<U>>>
  constexpr MatrixView(MatrixView<std::remove_const_t<U>> other) noexcept
      : data_(other.data()), rows_(other.rows()), cols_(other.cols()) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] constexpr std::size_t cols() const noexcept { return cols_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return rows_ * cols_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] constexpr ArrayView<T> row(std::size_t index) const noexcept { return {data_ + index * cols_, cols_}; }
  [[nodiscard]] constexpr T& operator()(std::size_t row, std::size_t col) const noexcept {
    return data_[row * cols_ + col];
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_MATRIX_VIEW_HPP
