#include "nuq/quantize/statistics/upper_triangle.hpp"

#include <doctest/doctest.h>

#include <cstddef>

TEST_CASE("an upper triangle keeps each entry, and gives blocks of columns down to their last row") {
  for (const std::ptrdiff_t cols : {0, 1, 59, 60, 61, 185}) {
    const auto entry = [](std::ptrdiff_t row, std::ptrdiff_t col) { return static_cast<float>(1000 * row + col + 1); };
    nuq::UpperTriangle triangle(cols);
    CHECK(triangle.cols() == cols);
    for (std::ptrdiff_t col = 0; col < cols; ++col) {
      for (std::ptrdiff_t row = 0; row <= col; ++row) triangle.column(col)[row] = entry(row, col);
    }
    triangle *= 2.0F;
    for (std::ptrdiff_t col = 0; col < cols; ++col) {
      const std::ptrdiff_t begin = col / 60 * 60;
      const nuq::MatrixBlock<float> block = triangle.block(begin);
      CHECK(block.rows == (begin + 60 < cols ? begin + 60 : cols));
      CHECK(block.cols == block.rows - begin);
      for (std::ptrdiff_t row = 0; row < cols; ++row) {
        const float expected = row <= col ? 2.0F * entry(row, col) : 0.0F;
        CHECK(triangle(row, col) == expected);
        if (row < block.rows) CHECK(block.data[(col - begin) * block.stride + row] == expected);
      }
    }
  }
}
