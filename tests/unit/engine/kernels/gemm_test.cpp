#include "nuq/engine/kernels/gemm.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../random_values.hpp"
#include "../layer_alone.hpp"

namespace engine_kernels_gemm_test {

using nuq::Workspace;
using nuq::detail::ColumnPanels;
using nuq::detail::gemm;
using nuq::detail::RowPanels;
using nuq::detail::TileKernels;

struct Product {
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t depth;
  std::vector<float> left;   // [rows × depth]
  std::vector<float> right;  // [depth × cols]

  Product(std::int64_t rows_, std::int64_t cols_, std::int64_t depth_)
      : rows(rows_),
        cols(cols_),
        depth(depth_),
        left(random_values(static_cast<std::size_t>(rows * depth), 1)),
        right(random_values(static_cast<std::size_t>(depth * cols), 2)) {}

  [[nodiscard]] std::vector<double> expected(double start) const {
    std::vector<double> result;
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t col = 0; col < cols; ++col) {
        double sum = start;
        for (std::int64_t k = 0; k < depth; ++k) {
          sum += static_cast<double>(left[static_cast<std::size_t>(row * depth + k)]) *
                 static_cast<double>(right[static_cast<std::size_t>(k * cols + col)]);
        }
        result.push_back(sum);
      }
    }
    return result;
  }

  [[nodiscard]] std::vector<float> computed(Workspace& workspace, bool accumulate = false, float start = 0.0F) const {
    const RowPanels left_panels({left.data(), rows, depth, depth, 1});
    const ColumnPanels right_panels({right.data(), cols, depth, 1, cols});
    std::vector<float> result(static_cast<std::size_t>(rows * cols), start);
    gemm(workspace, left_panels.view(), rows, right_panels.view(), cols, depth, result.data(), cols, accumulate);
    return result;
  }
};

std::vector<const TileKernels*> all_kernels() {
  std::vector<const TileKernels*> kernels = {&nuq::detail::portable_kernels()};
  if (&nuq::detail::best_kernels() != kernels[0]) kernels.push_back(&nuq::detail::best_kernels());
  return kernels;
}

TEST_CASE("gemm agrees with the definition for all small sizes, on every code path") {
  for (const TileKernels* kernels : all_kernels()) {
    Workspace workspace(1, *kernels);
    for (std::int64_t rows = 1; rows <= 14; ++rows) {
      for (std::int64_t cols = 1; cols <= 35; ++cols) {
        for (const std::int64_t depth : {1, 2, 7}) {
          const Product product(rows, cols, depth);
          CAPTURE(rows);
          CAPTURE(cols);
          CAPTURE(depth);
          CHECK(relative_error(product.computed(workspace), product.expected(0.0)) < 1e-6);
        }
      }
    }
  }
}

TEST_CASE("gemm agrees with the definition across the borders of its blocks") {
  for (const TileKernels* kernels : all_kernels()) {
    Workspace workspace(2, *kernels);
    for (const std::int64_t rows : {5, 96, 101}) {
      for (const std::int64_t cols : {16, 191, 193, 400}) {
        for (const std::int64_t depth : {255, 256, 257, 513}) {
          const Product product(rows, cols, depth);
          CAPTURE(rows);
          CAPTURE(cols);
          CAPTURE(depth);
          CHECK(relative_error(product.computed(workspace), product.expected(0.0)) < 2e-6);
        }
      }
    }
  }
}

TEST_CASE("rounding errors of a long sum stay near those of a short one") {
  for (const TileKernels* kernels : all_kernels()) {
    Workspace workspace(1, *kernels);
    Product product(7, 35, 9216);
    CHECK(relative_error(product.computed(workspace), product.expected(0.0)) < 4e-7);
    for (float& value : product.left) value = value * value;  // sums that grow all the way
    for (float& value : product.right) value = value * value;
    CHECK(relative_error(product.computed(workspace), product.expected(0.0)) < 8e-7);
  }
}

TEST_CASE("gemm adds to the target where asked and overwrites it otherwise") {
  Workspace workspace(1);
  const Product product(7, 19, 300);
  CHECK(relative_error(product.computed(workspace, true, 2.5F), product.expected(2.5)) < 1e-6);
  CHECK(relative_error(product.computed(workspace, false, 2.5F), product.expected(0.0)) < 1e-6);
}

TEST_CASE("gemm gives the same bits for any number of threads") {
  for (const TileKernels* kernels : all_kernels()) {
    Workspace one(1, *kernels);
    for (const std::size_t threads : {std::size_t{2}, std::size_t{3}}) {
      Workspace several(threads, *kernels);
      for (const std::int64_t cols : {1, 49, 500}) {
        const Product product(50, cols, 600);
        CHECK(product.computed(several) == product.computed(one));
      }
    }
  }
}

TEST_CASE("a kernel scales, shifts and rectifies finished sums by row") {
  const std::vector<float> scale = {1.0F, -2.0F, 0.5F, 3.0F, 1.0F, 1.0F};
  const std::vector<float> shift = {0.5F, 1.0F, -4.0F, 0.0F, 2.0F, -2.0F};
  const nuq::detail::TileFinish finish{scale.data(), shift.data(), 0.25F};
  const std::vector<float> left = {1.0F, 2.0F, 3.0F, -1.0F, 0.0F, 0.0F};
  alignas(64) float right[nuq::detail::tile_cols];
  for (std::size_t col = 0; col < 16; ++col) right[col] = static_cast<float>(col) - 8.0F;

  for (const TileKernels* kernels : all_kernels()) {
    for (const std::size_t cols : {std::size_t{16}, std::size_t{8}}) {
      for (std::size_t rows = 1; rows <= 6; ++rows) {
        std::vector<float> tile(6 * 20, 7.0F);
        kernels->tile(static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols))(
            1, left.data(), right, tile.data(), 20, false, &finish);
        for (std::size_t row = 0; row < 6; ++row) {
          for (std::size_t col = 0; col < 20; ++col) {
            if (row < rows && col >= cols && col < 16) continue;  // of no use
            float expected = 7.0F;                                // untouched outside of the tile
            if (row < rows && col < 16) {
              expected = left[row] * right[col] * scale[row] + shift[row];
              if (expected < 0.0F) expected *= 0.25F;
            }
            CHECK(tile[row * 20 + col] == expected);
          }
        }
      }
    }
  }
}

}  // namespace engine_kernels_gemm_test
