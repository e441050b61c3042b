#ifndef NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP
#define NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Vectors are cut into panels of 12 entries; a tile of the product, 12 × 4, is kept in registers: 12 of AVX2's 16
/// registers of 4 doubles.
inline constexpr std::ptrdiff_t product_panel = 12;
inline constexpr std::ptrdiff_t product_tile_cols = 4;

/// tile[col][row] = Σ_k rows[k][row] · cols[k][col] for 12 rows, 4 cols and k in [0, depth), ascending; k advances both
/// by a panel.
using ProductTile = void (*)(std::ptrdiff_t depth, const double* rows, const double* cols, double* tile);

NUQ_FUNCTION inline void product_tile_portable(std::ptrdiff_t depth, const double* rows, const double* cols,
                                               double* tile) {
  for (std::ptrdiff_t col = 0; col < product_tile_cols; ++col) {
    double sums[product_panel] = {};
    for (std::ptrdiff_t at = col; at < depth * product_panel; at += product_panel) {
      for (std::ptrdiff_t row = 0; row < product_panel; ++row) sums[row] += rows[at - col + row] * cols[at];
    }
    std::copy(sums, sums + product_panel, tile + col * product_panel);
  }
}

#if NUQ_HAS_AVX2_KERNELS
NUQ_FUNCTION __attribute__((target("avx2,fma"))) inline void product_tile_avx2(std::ptrdiff_t depth, const double* rows,
                                                                               const double* cols, double* tile) {
  __m256d sums[product_tile_cols][3];
#pragma GCC unroll 4
  for (int col = 0; col < product_tile_cols; ++col) sums[col][0] = sums[col][1] = sums[col][2] = _mm256_setzero_pd();
  for (; depth > 0; --depth, rows += product_panel, cols += product_panel) {
    const __m256d top = _mm256_loadu_pd(rows);
    const __m256d middle = _mm256_loadu_pd(rows + 4);
    const __m256d bottom = _mm256_loadu_pd(rows + 8);
#pragma GCC unroll 4
    for (int col = 0; col < product_tile_cols; ++col) {
      const __m256d factor = _mm256_broadcast_sd(cols + col);
      sums[col][0] = _mm256_fmadd_pd(top, factor, sums[col][0]);
      sums[col][1] = _mm256_fmadd_pd(middle, factor, sums[col][1]);
      sums[col][2] = _mm256_fmadd_pd(bottom, factor, sums[col][2]);
    }
  }
#pragma GCC unroll 4
  for (int col = 0; col < product_tile_cols; ++col) {
    _mm256_storeu_pd(tile + col * product_panel, sums[col][0]);
    _mm256_storeu_pd(tile + col * product_panel + 4, sums[col][1]);
    _mm256_storeu_pd(tile + col * product_panel + 8, sums[col][2]);
  }
}
#endif

/// The fastest one that this machine can run.
NUQ_FUNCTION [[nodiscard]] inline ProductTile best_product_tile() noexcept {
#if NUQ_HAS_AVX2_KERNELS
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return product_tile_avx2;
#endif
  return product_tile_portable;
}

/// Σ x xᵀ over a stream of vectors, in double. Vectors are gathered in blocks of fixed size, and a block is multiplied
/// with itself in groups of columns of fixed size: the same bits for any number of threads. In place of Eigen's
/// rankUpdate, which has the instruction set of the build, not of the machine, and took three times as long.
class OuterProducts {
 public:
  NUQ_FUNCTION explicit OuterProducts(std::ptrdiff_t inputs, ProductTile multiply = best_product_tile())
      : multiply_(multiply),
        inputs_(inputs),
        panels_((inputs + product_panel - 1) / product_panel),
        block_(product_panel, panels_ * block_vectors),
        sums_(static_cast<std::size_t>(begin_of(panels_))) {}

  /// What the sums of so many inputs take until they are asked for.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t inputs) noexcept {
    return sizeof(double) * inputs * (inputs / 2 + product_panel + block_vectors);
  }

  NUQ_FUNCTION void add(const Vector& x, Parallel& parallel) {
    for (std::ptrdiff_t panel = 0; panel < panels_; ++panel) {
      const double* const first = x.data() + panel * product_panel;
      double* const place = block_.data() + (panel * block_vectors + filled_) * product_panel;
      std::copy(first, first + inputs_of(panel), place);
    }
    if (++filled_ == block_vectors) add_block(parallel);
  }

  /// The symmetric sum. To be called once, as the last thing.
  NUQ_FUNCTION [[nodiscard]] Matrix finish(Parallel& parallel) {
    add_block(parallel);
    block_ = Matrix();
    Matrix symmetric(inputs_, inputs_);
    for (std::ptrdiff_t col = 0; col < inputs_; ++col) {
      const std::ptrdiff_t first = col / product_panel * product_panel;
      const double* const sums = sums_of(col / product_panel, col);
      for (std::ptrdiff_t row = col; row < inputs_; ++row)
        symmetric(row, col) = symmetric(col, row) = sums[row - first];
    }
    sums_ = {};
    return symmetric;
  }

 private:
  static constexpr std::ptrdiff_t block_vectors = 250;  // a power of two would put all panels in one cache set

  NUQ_FUNCTION [[nodiscard]] std::ptrdiff_t inputs_of(std::ptrdiff_t panel) const noexcept {
    return (std::min)(product_panel, inputs_ - panel * product_panel);
  }

  /// Where the columns of a panel begin: those before it hold the rows from their own panel's first on.
  NUQ_FUNCTION [[nodiscard]] std::ptrdiff_t begin_of(std::ptrdiff_t panel) const noexcept {
    return panel * product_panel * inputs_ - panel * (panel - 1) / 2 * product_panel * product_panel;
  }

  /// Column `col`, which is of `panel`, from the panel's first row on.
  NUQ_FUNCTION [[nodiscard]] double* sums_of(std::ptrdiff_t panel, std::ptrdiff_t col) noexcept {
    const std::ptrdiff_t first = panel * product_panel;
    return sums_.data() + begin_of(panel) + (col - first) * (inputs_ - first);
  }

  /// Panels of rows stay in the first cache while they meet a group of columns from the second.
  NUQ_FUNCTION void add_block(Parallel& parallel) {
    constexpr std::ptrdiff_t group_panels = 8;
    const std::ptrdiff_t groups = (panels_ + group_panels - 1) / group_panels;
    parallel.for_each_block(static_cast<std::size_t>(groups), [&](std::size_t group) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(group) * group_panels;
      for (std::ptrdiff_t rows = first; rows < panels_; ++rows) {
        const std::ptrdiff_t last = (std::min)(first + group_panels - 1, rows);
        for (std::ptrdiff_t cols = first; cols <= last; ++cols) add_product(rows, cols);
      }
    });
    filled_ = 0;
  }

  NUQ_FUNCTION void add_product(std::ptrdiff_t row_panel, std::ptrdiff_t col_panel) {
    const std::ptrdiff_t rows = inputs_of(row_panel);
    const std::ptrdiff_t cols = inputs_of(col_panel);
    const double* const left = block_.column(row_panel * block_vectors).data();
    const double* const right = block_.column(col_panel * block_vectors).data();
    double tile[product_tile_cols * product_panel];
    for (std::ptrdiff_t col = 0; col < cols; col += product_tile_cols) {
      multiply_(filled_, left, right + col, tile);
      const std::ptrdiff_t tile_width = (std::min)(product_tile_cols, cols - col);
      for (std::ptrdiff_t at = 0; at < tile_width; ++at) {
        double* const sums =
            sums_of(col_panel, col_panel * product_panel + col + at) + (row_panel - col_panel) * product_panel;
        for (std::ptrdiff_t row = 0; row < rows; ++row) sums[row] += tile[at * product_panel + row];
      }
    }
  }

  ProductTile multiply_;
  std::ptrdiff_t inputs_;
  std::ptrdiff_t panels_;
  std::ptrdiff_t filled_ = 0;  // vectors in the block
  Matrix block_;               // by panel and vector; zeros behind the last input
  std::vector<double> sums_;   // of the lower triangle, by panels of columns
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP
