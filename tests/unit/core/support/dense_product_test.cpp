#include "nuq/core/support/dense_product.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../random_values.hpp"

namespace core_support_dense_product_test {

/// C −= A·B of matrices that lie in larger ones, at odd addresses; what is beside C must stay.
template <class Real>
void check_product(std::ptrdiff_t rows, std::ptrdiff_t depth, std::ptrdiff_t cols, bool by_rows) {
  CAPTURE(rows);
  CAPTURE(depth);
  CAPTURE(cols);
  const std::ptrdiff_t a_stride = rows + 3;
  const std::ptrdiff_t c_stride = rows + 1;
  const auto values = [](std::ptrdiff_t count, std::uint32_t seed) {
    const std::vector<float> floats = random_values(static_cast<std::size_t>(count) + 1, seed);
    return std::vector<Real>(floats.begin(), floats.end());
  };
  const std::vector<Real> a = values(a_stride * depth, 1);
  const std::vector<Real> b = values(depth * cols, 2);
  const std::vector<Real> before = values(c_stride * cols, 3);
  std::vector<Real> c = before;
  const nuq::detail::DenseFactor<Real> factor{b.data() + 1, by_rows ? cols : 1, by_rows ? 1 : depth};
  nuq::detail::add_dense_product(Real{-1}, {a.data() + 1, rows, depth, a_stride}, factor, cols, c.data() + 1, c_stride);
  double worst = 0.0;
  std::vector<Real> untouched = c;
  for (std::ptrdiff_t col = 0; col < cols; ++col) {
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
      const auto at = static_cast<std::size_t>(1 + row + col * c_stride);
      auto expected = static_cast<double>(before[at]);
      for (std::ptrdiff_t k = 0; k < depth; ++k)
        expected -= static_cast<double>(a[static_cast<std::size_t>(1 + row + k * a_stride)]) *
                    static_cast<double>(factor.data[k * factor.row_stride + col * factor.col_stride]);
      worst = std::fmax(worst, std::abs(static_cast<double>(c[at]) - expected));
      untouched[at] = before[at];
    }
  }
  const auto epsilon = static_cast<double>(std::numeric_limits<Real>::epsilon());
  CHECK(worst <= 4.0 * epsilon * static_cast<double>(depth + 4));
  CHECK(untouched == before);
}

TEST_CASE("products of any size are added to their place alone") {
  for (const std::ptrdiff_t rows : {0, 1, 7, 8, 9, 16, 17, 97}) {  // panels of 8 and 16 rows, blocks of 96
    for (const std::ptrdiff_t depth : {0, 1, 2, 257}) {            // blocks of 256
      for (const std::ptrdiff_t cols : {0, 1, 5, 6, 13}) {         // tiles of 6
        for (const bool by_rows : {false, true}) {
          check_product<double>(rows, depth, cols, by_rows);
          check_product<float>(rows, depth, cols, by_rows);
        }
      }
    }
  }
}

TEST_CASE("a row and a column have the same bits in a product of them alone as in a large one") {
  constexpr std::ptrdiff_t rows = 100;
  constexpr std::ptrdiff_t depth = 300;
  constexpr std::ptrdiff_t cols = 11;
  const std::vector<float> a = random_values(rows * depth, 1);
  const std::vector<float> b = random_values(depth * cols, 2);
  std::vector<float> all(rows * cols);
  nuq::detail::add_dense_product(1.0F, {a.data(), rows, depth, rows}, {b.data(), 1, depth}, cols, all.data(), rows);
  for (std::ptrdiff_t row = 0; row < rows; row += 9) {
    for (std::ptrdiff_t col = 0; col < cols; ++col) {
      float one = 0.0F;
      nuq::detail::add_dense_product(1.0F, {a.data() + row, 1, depth, rows}, {b.data() + col * depth, 1, depth}, 1,
                                     &one, 1);
      CHECK(one == all[static_cast<std::size_t>(row + col * rows)]);
    }
  }
}

}  // namespace core_support_dense_product_test
