#ifndef NUQ_ENGINE_KERNELS_GEMM_HPP
#define NUQ_ENGINE_KERNELS_GEMM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// Single-precision matrix product in the manner of Goto and van de Geijn ("Anatomy of high-performance matrix
// multiplication", 2008): sums over at most `depth_block` values at a time, so that a panel of the right side (16 KiB)
// stays in the first-level cache while `row_block` rows of the left side (96 KiB) come from the second. Threads share
// out the rows and columns of the result, never a sum: the order of additions does not depend on their number.
inline constexpr std::int64_t depth_block = 256;
inline constexpr std::int64_t row_block = 96;
inline constexpr std::int64_t column_block = 192;

/// Cuts [0, count) into the fewest pieces of at most `most` items and gives the size of a piece, all but the last being
/// equal; a multiple of `unit`.
[[nodiscard]] constexpr std::int64_t even_piece(std::int64_t count, std::int64_t most, std::int64_t unit) noexcept {
  const std::int64_t pieces = (std::max)(std::int64_t{1}, (count + most - 1) / most);
  const std::int64_t piece = (count + pieces - 1) / pieces;
  return (piece + unit - 1) / unit * unit;
}

/// Where a product's values go: rows `row_stride` apart, columns in runs of `run` neighbours, `run_stride` apart.
struct ProductTarget {
  float* data = nullptr;
  std::int64_t row_stride = 0;
  std::int64_t run = 0;
  std::int64_t run_stride = 0;

  [[nodiscard]] float* column(std::int64_t col) const noexcept { return data + col / run * run_stride + col % run; }
  NUQ_FUNCTION [[nodiscard]] bool is_contiguous(std::int64_t col, std::int64_t count) const noexcept {
    return col % run + count <= run;
  }
};

/// Rows and columns of a product, [begin, end) each. `row_begin` is a multiple of tile_rows; the right side's panels
/// begin at `col_begin`.
struct ProductRange {
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
  std::int64_t col_begin = 0;
  std::int64_t col_end = 0;
};

/// Whether a block of the sums is the first (sets the target) or a later one (adds to it), and what to do after the
/// last.
struct ProductPhase {
  bool accumulate = false;
  const TileFinish* finish = nullptr;  ///< of row 0; null before the last block or where there is nothing to do
};

NUQ_FUNCTION [[nodiscard]] inline TileFinish finish_from(const TileFinish& finish, std::int64_t row) noexcept {
  return {finish.scale == nullptr ? nullptr : finish.scale + row,
          finish.shift == nullptr ? nullptr : finish.shift + row, finish.negative_slope};
}

/// A tile that is narrower than the kernel, or whose columns are not neighbours in the target, is computed aside.
NUQ_FUNCTION inline void multiply_tile_aside(TileKernel kernel, std::int64_t depth, const float* a, const float* b,
                                             const ProductTarget& target, std::int64_t row, std::int64_t rows,
                                             std::int64_t col, std::int64_t cols, bool accumulate,
                                             const TileFinish* finish) {
  alignas(AlignedBuffer::alignment) float tile[tile_rows * tile_cols] = {};
  if (accumulate) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const float* source = target.column(col + c) + row * target.row_stride;
      for (std::int64_t r = 0; r < rows; ++r) tile[r * tile_cols + c] = source[r * target.row_stride];
    }
  }
  kernel(depth, a, b, tile, tile_cols, accumulate, finish);
  for (std::int64_t c = 0; c < cols; ++c) {
    float* destination = target.column(col + c) + row * target.row_stride;
    for (std::int64_t r = 0; r < rows; ++r) destination[r * target.row_stride] = tile[r * tile_cols + c];
  }
}

/// One block of sums for a part of the product, on one thread.
NUQ_FUNCTION inline void multiply_panels(const TileKernels& kernels, std::int64_t depth, const PanelView& left,
                                         const PanelView& right, const ProductRange& range, const ProductTarget& target,
                                         const ProductPhase& phase) {
  for (std::int64_t block = range.row_begin; block < range.row_end; block += row_block) {
    const std::int64_t block_end = (std::min)(range.row_end, block + row_block);
    for (std::int64_t col = range.col_begin; col < range.col_end; col += tile_cols) {
      const std::int64_t cols = (std::min)(tile_cols, range.col_end - col);
      const float* b = right.panel((col - range.col_begin) / tile_cols);
      const bool direct = cols == tile_cols && target.is_contiguous(col, cols);
      for (std::int64_t row = block; row < block_end; row += tile_rows) {
        const std::int64_t rows = (std::min)(tile_rows, block_end - row);
        const TileKernel kernel = kernels.tile(rows, cols);
        const float* a = left.panel(row / tile_rows);
        const TileFinish finish = phase.finish == nullptr ? TileFinish{} : finish_from(*phase.finish, row);
        const TileFinish* const tile_finish = phase.finish == nullptr ? nullptr : &finish;
        if (direct) {
          kernel(depth, a, b, target.column(col) + row * target.row_stride, target.row_stride, phase.accumulate,
                 tile_finish);
        } else {
          multiply_tile_aside(kernel, depth, a, b, target, row, rows, col, cols, phase.accumulate, tile_finish);
        }
      }
    }
  }
}

static_assert(row_block % tile_rows == 0, "a block of rows holds whole panels");

/// The parts of a product that tasks compute: blocks of columns, and blocks of rows where the columns alone do not keep
/// all threads busy.
class ProductTasks {
 public:
  NUQ_FUNCTION ProductTasks(std::int64_t rows, std::int64_t cols, std::int64_t threads)
      : rows_(rows), cols_(cols), col_step_(even_piece(cols, column_block, tile_cols)) {
    col_tasks_ = panel_count(cols, col_step_);
    const std::int64_t wanted = threads == 1 ? 1 : (2 * threads + col_tasks_ - 1) / col_tasks_;
    row_step_ = even_piece(rows, (std::max)(tile_rows, rows / wanted), tile_rows);
    row_tasks_ = panel_count(rows, row_step_);
  }

  [[nodiscard]] std::int64_t count() const noexcept { return col_tasks_ * row_tasks_; }
  [[nodiscard]] std::int64_t widest() const noexcept { return col_step_; }
  NUQ_FUNCTION [[nodiscard]] ProductRange range(std::int64_t task) const noexcept {
    const std::int64_t row = task % row_tasks_ * row_step_;
    const std::int64_t col = task / row_tasks_ * col_step_;
    return {row, (std::min)(rows_, row + row_step_), col, (std::min)(cols_, col + col_step_)};
  }

 private:
  std::int64_t rows_, cols_;
  std::int64_t col_step_, col_tasks_ = 0;
  std::int64_t row_step_ = 0, row_tasks_ = 0;
};

/// C[rows × cols] = A · B, added to C where `accumulate`. `left` holds A's rows, `right` B's columns, both of `depth`
/// values; C's rows are `c_stride` apart.
NUQ_FUNCTION inline void gemm(Workspace& workspace, const PanelView& left, std::int64_t rows, const PanelView& right,
                              std::int64_t cols, std::int64_t depth, float* c, std::int64_t c_stride, bool accumulate) {
  const ProductTasks tasks(rows, cols, workspace.threads());
  const ProductTarget target{c, c_stride, cols, 0};
  workspace.for_each_task(tasks.count(), [&](std::int64_t task, std::size_t) {
    const ProductRange range = tasks.range(task);
    const PanelView columns{right.panel(range.col_begin / tile_cols), right.panel_stride};
    for (std::int64_t begin = 0; begin < depth; begin += depth_block) {
      multiply_panels(workspace.kernels(), (std::min)(depth_block, depth - begin), left.from(begin, tile_rows),
                      columns.from(begin, tile_cols), range, target, {accumulate || begin > 0, nullptr});
    }
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_GEMM_HPP
