#ifndef NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP
#define NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <utility>

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

inline void product_tile_portable(std::ptrdiff_t depth, const double* rows, const double* cols, double* tile) {
  for (std::ptrdiff_t col = 0; col < product_tile_cols; ++col) {
    double sums[product_panel] = {};
    for (std::ptrdiff_t at = col; at < depth * product_panel; at += product_panel) {
      for (std::ptrdiff_t row = 0; row < product_panel; ++row) sums[row] += rows[at - col + row] * cols[at];
    }
    std::copy(sums, sums + product_panel, tile + col * product_panel);
  }
}

#if NUQ_HAS_AVX2_KERNELS
__attribute__((target("avx2,fma"))) inline void product_tile_avx2(std::ptrdiff_t depth, const double* rows,
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
[[nodiscard]] inline ProductTile best_product_tile() noexcept {
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
  explicit OuterProducts(Eigen::Index inputs, ProductTile multiply = best_product_tile())
      : multiply_(multiply),
        panels_((inputs + product_panel - 1) / product_panel),
        block_(Panel::Zero(product_panel, panels_ * block_vectors)),
        sums_(Eigen::MatrixXd::Zero(inputs, inputs)) {}

  void add(const Eigen::VectorXd& x, Parallel& parallel) {
    const Eigen::Index whole_panels = x.size() / product_panel;
    for (Eigen::Index panel = 0; panel < whole_panels; ++panel) {
      column_of(panel) = x.segment<product_panel>(panel * product_panel);
    }
    const Eigen::Index rest = x.size() % product_panel;
    if (rest > 0) column_of(whole_panels).head(rest) = x.tail(rest);
    if (++filled_ == block_vectors) add_block(parallel);
  }

  /// The symmetric sum. To be called once, as the last thing.
  [[nodiscard]] Eigen::MatrixXd finish(Parallel& parallel) {
    add_block(parallel);
    sums_.triangularView<Eigen::StrictlyUpper>() = sums_.transpose();
    return std::move(sums_);
  }

 private:
  using Panel = Eigen::Matrix<double, product_panel, Eigen::Dynamic>;
  static constexpr Eigen::Index block_vectors = 250;  // a power of two would put all panels in one cache set

  /// A panel's place for the vector that is added.
  [[nodiscard]] Panel::ColXpr column_of(Eigen::Index panel) { return block_.col(panel * block_vectors + filled_); }

  [[nodiscard]] Eigen::Index inputs_of(Eigen::Index panel) const noexcept {
    return (std::min)(Eigen::Index{product_panel}, sums_.rows() - panel * product_panel);
  }

  /// Panels of rows stay in the first cache while they meet a group of columns from the second.
  void add_block(Parallel& parallel) {
    constexpr Eigen::Index group_panels = 8;
    const Eigen::Index groups = (panels_ + group_panels - 1) / group_panels;
    parallel.for_each_block(static_cast<std::size_t>(groups), [&](std::size_t group) {
      const Eigen::Index first = static_cast<Eigen::Index>(group) * group_panels;
      for (Eigen::Index rows = first; rows < panels_; ++rows) {
        const Eigen::Index last = (std::min)(first + group_panels - 1, rows);
        for (Eigen::Index cols = first; cols <= last; ++cols) add_product(rows, cols);
      }
    });
    filled_ = 0;
  }

  void add_product(Eigen::Index row_panel, Eigen::Index col_panel) {
    const Eigen::Index rows = inputs_of(row_panel);
    const Eigen::Index cols = inputs_of(col_panel);
    const double* const left = block_.col(row_panel * block_vectors).data();
    const double* const right = block_.col(col_panel * block_vectors).data();
    Eigen::Matrix<double, product_panel, product_tile_cols> tile;
    for (Eigen::Index col = 0; col < cols; col += product_tile_cols) {
      multiply_(filled_, left, right + col, tile.data());
      const Eigen::Index tile_width = (std::min)(Eigen::Index{product_tile_cols}, cols - col);
      sums_.block(row_panel * product_panel, col_panel * product_panel + col, rows, tile_width) +=
          tile.topLeftCorner(rows, tile_width);
    }
  }

  ProductTile multiply_;
  Eigen::Index panels_;
  Eigen::Index filled_ = 0;  // vectors in the block
  Panel block_;              // by panel and vector; zeros behind the last input
  Eigen::MatrixXd sums_;     // lower triangle
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_OUTER_PRODUCTS_HPP
