#ifndef NUQ_CORE_SUPPORT_DENSE_PRODUCT_HPP
#define NUQ_CORE_SUPPORT_DENSE_PRODUCT_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The right factor of a product, by rows or by columns.
template <class Real>
struct DenseFactor {
  const Real* data;
  std::ptrdiff_t row_stride;
  std::ptrdiff_t col_stride;
};

/// C += factor · A·B for C [a.rows × cols], column by column `stride` apart. With AVX2 where the machine has it: Eigen
/// takes the registers that the build was made for, on x86 half as wide. In place of intrinsics stand the compilers'
/// vector types.
NUQ_FUNCTION void add_dense_product(double factor, MatrixBlock<double> a, DenseFactor<double> b, std::ptrdiff_t cols,
                                    double* c, std::ptrdiff_t stride);
NUQ_FUNCTION void add_dense_product(float factor, MatrixBlock<float> a, DenseFactor<float> b, std::ptrdiff_t cols,
                                    float* c, std::ptrdiff_t stride);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

#include <algorithm>
#include <vector>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// sums[col][row] = Σ_k rows[k][row] · B[k][col] for a packed panel of 2 · `lanes` rows, k ascending.
template <std::size_t lanes, std::size_t cols, class Real>
[[gnu::always_inline]] inline void multiply_panel(std::ptrdiff_t depth, const Real* rows, DenseFactor<Real> b,
                                                  Real* sums) {
  constexpr auto last = static_cast<std::ptrdiff_t>(cols);
  using Lanes [[gnu::vector_size(lanes * sizeof(Real)), gnu::aligned(alignof(Real)), gnu::may_alias]] = Real;
  Lanes upper[cols] = {};
  Lanes lower[cols] = {};
  for (; depth > 0; --depth, rows += 2 * lanes, b.data += b.row_stride) {
    const Lanes& above = *reinterpret_cast<const Lanes*>(rows);
    const Lanes& below = *reinterpret_cast<const Lanes*>(rows + lanes);
#pragma GCC unroll 6
    for (std::ptrdiff_t col = 0; col < last; ++col) {
      const Real entry = b.data[col * b.col_stride];
      upper[col] += above * entry;
      lower[col] += below * entry;
    }
  }
#pragma GCC unroll 6
  for (std::size_t col = 0; col < cols; ++col) {
    *reinterpret_cast<Lanes*>(sums + col * 2 * lanes) = upper[col];
    *reinterpret_cast<Lanes*>(sums + col * 2 * lanes + lanes) = lower[col];
  }
}

/// A by panels of `panel` rows, each column by column. What the last panel has more rows than A keeps its values.
template <class Real>
void pack_panels(MatrixBlock<Real> a, std::ptrdiff_t panel, Real* packed) {
  for (std::ptrdiff_t top = 0; top < a.rows; top += panel) {
    const Real* column = a.data + top;
    const std::ptrdiff_t height = (std::min)(panel, a.rows - top);
    for (std::ptrdiff_t k = 0; k < a.cols; ++k, column += a.stride, packed += panel)
      std::copy(column, column + height, packed);
  }
}

/// C += factor · A·B of columns of which a tile keeps `width` in registers, for packed A.
template <std::size_t lanes, std::size_t width, class Real>
[[gnu::always_inline]] inline void add_packed_product(Real factor, const Real* packed, std::ptrdiff_t rows,
                                                      std::ptrdiff_t depth, DenseFactor<Real> b, Real* c,
                                                      std::ptrdiff_t stride) {
  constexpr auto panel = static_cast<std::ptrdiff_t>(2 * lanes);
  Real sums[2 * lanes * width];
  for (std::ptrdiff_t top = 0; top < rows; top += panel) {
    multiply_panel<lanes, width>(depth, packed + top * depth, b, sums);
    const std::ptrdiff_t height = (std::min)(panel, rows - top);
    for (std::ptrdiff_t col = 0; col < static_cast<std::ptrdiff_t>(width); ++col) {
      for (std::ptrdiff_t row = 0; row < height; ++row) c[col * stride + top + row] += factor * sums[col * panel + row];
    }
  }
}

/// Rows and depth are cut into blocks that fit into the second cache. Each entry of C gets the same bits wherever a
/// tile begins: of every block of depth one sum, in its order.
template <std::size_t lanes, std::ptrdiff_t tile_width, class Real>
[[gnu::always_inline]] inline void add_in_tiles(Real factor, MatrixBlock<Real> a, DenseFactor<Real> b,
                                                std::ptrdiff_t cols, Real* c, std::ptrdiff_t stride) {
  constexpr auto panel = static_cast<std::ptrdiff_t>(2 * lanes);
  constexpr std::ptrdiff_t rows_per_block = 96;
  constexpr std::ptrdiff_t depth_per_block = 256;
  const std::ptrdiff_t panels = ((std::min)(a.rows, rows_per_block) + panel - 1) / panel;
  std::vector<Real> packed(static_cast<std::size_t>(panels * panel * (std::min)(a.cols, depth_per_block)));
  for (std::ptrdiff_t first = 0; first < a.rows; first += rows_per_block) {
    const std::ptrdiff_t rows = (std::min)(rows_per_block, a.rows - first);
    for (std::ptrdiff_t from = 0; from < a.cols; from += depth_per_block) {
      const std::ptrdiff_t depth = (std::min)(depth_per_block, a.cols - from);
      pack_panels<Real>({a.data + from * a.stride + first, rows, depth, a.stride}, panel, packed.data());
      DenseFactor<Real> tile{b.data + from * b.row_stride, b.row_stride, b.col_stride};
      std::ptrdiff_t col = 0;
      for (; col + tile_width <= cols; col += tile_width, tile.data += tile_width * b.col_stride)
        add_packed_product<lanes, static_cast<std::size_t>(tile_width)>(factor, packed.data(), rows, depth, tile,
                                                                        c + col * stride + first, stride);
      for (; col < cols; ++col, tile.data += b.col_stride)
        add_packed_product<lanes, 1>(factor, packed.data(), rows, depth, tile, c + col * stride + first, stride);
    }
  }
}

#if defined(__x86_64__)
template <class Real>
[[gnu::target("avx2,fma")]] void add_product_avx2(Real factor, MatrixBlock<Real> a, DenseFactor<Real> b,
                                                  std::ptrdiff_t cols, Real* c, std::ptrdiff_t stride) {
  add_in_tiles<32 / sizeof(Real), 6>(factor, a, b, cols, c, stride);
}
#endif

template <class Real>
void add_product_portable(Real factor, MatrixBlock<Real> a, DenseFactor<Real> b, std::ptrdiff_t cols, Real* c,
                          std::ptrdiff_t stride) {
  add_in_tiles<16 / sizeof(Real), 4>(factor, a, b, cols, c, stride);
}

template <class Real>
void add_product_best(Real factor, MatrixBlock<Real> a, DenseFactor<Real> b, std::ptrdiff_t cols, Real* c,
                      std::ptrdiff_t stride) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return add_product_avx2(factor, a, b, cols, c, stride);
#endif
  add_product_portable(factor, a, b, cols, c, stride);
}

NUQ_DEFINITION void add_dense_product(double factor, MatrixBlock<double> a, DenseFactor<double> b, std::ptrdiff_t cols,
                                      double* c, std::ptrdiff_t stride) {
  add_product_best(factor, a, b, cols, c, stride);
}

NUQ_DEFINITION void add_dense_product(float factor, MatrixBlock<float> a, DenseFactor<float> b, std::ptrdiff_t cols,
                                      float* c, std::ptrdiff_t stride) {
  add_product_best(factor, a, b, cols, c, stride);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_SUPPORT_DENSE_PRODUCT_HPP
