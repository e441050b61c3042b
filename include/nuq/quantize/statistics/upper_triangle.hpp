#ifndef NUQ_QUANTIZE_STATISTICS_UPPER_TRIANGLE_HPP
#define NUQ_QUANTIZE_STATISTICS_UPPER_TRIANGLE_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/core/matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An upper triangular matrix of floats in little more than half the memory of a square one: in blocks of columns, each
/// with all rows down to its last column's.
class UpperTriangle {
 public:
  static constexpr std::ptrdiff_t cols_per_block = 60;  ///< a multiple of the products' tiles

  UpperTriangle() = default;
  /// [cols × cols] zeros.
  explicit UpperTriangle(std::ptrdiff_t cols)
      : cols_(cols), values_(static_cast<std::size_t>(begin_of(cols) + end_of(cols) * (cols % cols_per_block))) {}

  [[nodiscard]] std::ptrdiff_t cols() const noexcept { return cols_; }

  /// The block that begins at column `begin`, a multiple of its width: [rows to the last on the diagonal × cols].
  [[nodiscard]] MatrixBlock<float> block(std::ptrdiff_t begin) const noexcept {
    const std::ptrdiff_t end = end_of(begin);
    return {values_.data() + begin_of(begin), end, end - begin, end};
  }

  [[nodiscard]] float operator()(std::ptrdiff_t row, std::ptrdiff_t col) const noexcept {
    const std::ptrdiff_t begin = col - col % cols_per_block;
    return row > col ? 0.0F : values_[place_of(begin) + static_cast<std::size_t>((col - begin) * end_of(begin) + row)];
  }
  /// The entries of a column down to the diagonal.
  [[nodiscard]] float* column(std::ptrdiff_t col) noexcept {
    const std::ptrdiff_t begin = col - col % cols_per_block;
    return values_.data() + place_of(begin) + (col - begin) * end_of(begin);
  }

  UpperTriangle& operator*=(float factor) noexcept {
    for (float& value : values_) value *= factor;
    return *this;
  }

  [[nodiscard]] friend bool operator==(const UpperTriangle& a, const UpperTriangle& b) {
    return a.cols_ == b.cols_ && a.values_ == b.values_;
  }

 private:
  /// Of the block that holds column `begin` as its first, or would.
  [[nodiscard]] std::ptrdiff_t end_of(std::ptrdiff_t begin) const noexcept {
    return (std::min)(begin + cols_per_block, cols_);
  }

  /// Where a block's values begin: Σ width² · 1, 2, 3 … of those before it.
  [[nodiscard]] static std::ptrdiff_t begin_of(std::ptrdiff_t col) noexcept {
    const std::ptrdiff_t blocks = col / cols_per_block;
    return cols_per_block * cols_per_block * (blocks * (blocks + 1) / 2);
  }
  [[nodiscard]] static std::size_t place_of(std::ptrdiff_t begin) noexcept {
    return static_cast<std::size_t>(begin_of(begin));
  }

  std::ptrdiff_t cols_ = 0;
  std::vector<float> values_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_STATISTICS_UPPER_TRIANGLE_HPP
