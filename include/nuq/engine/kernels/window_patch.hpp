#ifndef NUQ_ENGINE_KERNELS_WINDOW_PATCH_HPP
#define NUQ_ENGINE_KERNELS_WINDOW_PATCH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/gemm.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A box of output positions, [begin, end) each way.
struct WindowBlock {
  std::int64_t image_begin, image_end, row_begin, row_end, col_begin, col_end;
};

/// One axis of a patch: the input values that windows begin … end − 1 read, sorted by their remainder by the stride
/// ("phase").
class PatchAxis {
 public:
  NUQ_FUNCTION PatchAxis(const WindowAxis& axis, std::int64_t begin, std::int64_t end)
      : places(((end - begin - 1) * axis.stride + axis.reach() + axis.stride - 1) / axis.stride),
        stride(axis.stride),
        input_(axis.input),
        first_(begin * axis.stride - axis.pad),
        is_read_(static_cast<std::size_t>(axis.stride)) {
    for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
      is_read_[static_cast<std::size_t>(tap * axis.dilation % stride)] = true;
    }
  }

  [[nodiscard]] bool is_read(std::int64_t phase) const { return is_read_[static_cast<std::size_t>(phase)]; }
  /// The input's index of a phase's value.
  NUQ_FUNCTION [[nodiscard]] std::int64_t source(std::int64_t phase, std::int64_t place) const noexcept {
    return first_ + phase + place * stride;
  }
  /// The phase's first place that is not in the pad before the input.
  NUQ_FUNCTION [[nodiscard]] std::int64_t begin(std::int64_t phase) const noexcept {
    const std::int64_t before = -source(phase, 0);
    return std::clamp((before + stride - 1) / stride, std::int64_t{0}, places);
  }
  /// The phase's first place that is in the pad behind the input.
  NUQ_FUNCTION [[nodiscard]] std::int64_t end(std::int64_t phase) const noexcept {
    return std::clamp((input_ - source(phase, 0) + stride - 1) / stride, begin(phase), places);
  }

  std::int64_t places;  ///< values of a phase
  std::int64_t stride;

 private:
  std::int64_t input_;
  std::int64_t first_;
  std::vector<bool> is_read_;
};

/// Copies 1 to 8 values.
NUQ_FUNCTION inline void copy_few(const float* source, std::int64_t count, float* target) {
  const auto copy = [&](std::size_t values) {  // the first and the last ones, which overlap
    const std::int64_t last = count - static_cast<std::int64_t>(values);
    float first_values[8];
    float last_values[8];
    std::memcpy(first_values, source, values * sizeof(float));
    std::memcpy(last_values, source + last, values * sizeof(float));
    std::memcpy(target, first_values, values * sizeof(float));
    std::memcpy(target + last, last_values, values * sizeof(float));
  };
  if (count >= 4) {
    copy(4);
  } else if (count >= 2) {
    copy(2);
  } else {
    *target = *source;
  }
}

/// Copies a row; without a call where it is short.
NUQ_FUNCTION inline void copy_values(const float* source, std::int64_t count, float* target) {
  if (count > 64) {
    std::copy_n(source, count, target);
    return;
  }
  for (; count >= 8; count -= 8, source += 8, target += 8) std::memcpy(target, source, 8 * sizeof(float));
  if (count > 0) copy_few(source, count, target);
}

/// Where the values of one input channel stand around a block of a convolution's output positions, with zeros for the
/// pads: its rows follow each other, so that windows of neighbouring positions are neighbours beyond the end of a row.
/// Positions between two rows are of no use; with stride 1 the pad behind a row is the one before the next, which
/// leaves few of them.
class PatchLayout {
 public:
  NUQ_FUNCTION PatchLayout(const ConvolutionGeometry& geometry, const WindowBlock& block)
      : y_(geometry.y, block.row_begin, block.row_end),
        x_(geometry.x, block.col_begin, block.col_end),
        shared_pad_(pad_between_rows(geometry, block.col_end - block.col_begin)),
        row_stride_(x_.places - shared_pad_),
        phase_stride_(y_.places * row_stride_),
        source_stride_(geometry.x.input) {
    for (std::int64_t ky = 0; ky < geometry.y.kernel; ++ky) {
      for (std::int64_t kx = 0; kx < geometry.x.kernel; ++kx) {
        const std::int64_t row = ky * geometry.y.dilation;
        const std::int64_t col = kx * geometry.x.dilation;
        taps_.push_back((row % y_.stride * x_.stride + col % x_.stride) * phase_stride_ +
                        row / y_.stride * row_stride_ + col / x_.stride);
      }
    }
  }

  /// Distance of a position's window from that of the position above it.
  [[nodiscard]] std::int64_t row_stride() const noexcept { return row_stride_; }
  /// Values of a channel, without `shared_pad()` zeros behind the last one.
  [[nodiscard]] std::int64_t size() const noexcept { return y_.stride * x_.stride * phase_stride_; }
  [[nodiscard]] std::int64_t shared_pad() const noexcept { return shared_pad_; }
  NUQ_FUNCTION [[nodiscard]] WindowTaps taps(std::int64_t channels) const noexcept {
    return {channels, size(), taps_.data(), static_cast<std::int64_t>(taps_.size())};
  }

  /// Fills `size()` values from a plane of the input.
  NUQ_FUNCTION void fill(const float* source, float* target) const {
    std::fill_n(target, size(), 0.0F);
    fill_between_pads(source, target);
  }

  /// The same where the pads are there already.
  NUQ_FUNCTION void fill_between_pads(const float* source, float* target) const {
    for (std::int64_t row_phase = 0; row_phase < y_.stride; ++row_phase) {
      for (std::int64_t col_phase = 0; col_phase < x_.stride; ++col_phase, target += phase_stride_) {
        if (!y_.is_read(row_phase) || !x_.is_read(col_phase)) continue;
        const std::int64_t begin = x_.begin(col_phase);
        const std::int64_t count = x_.end(col_phase) - begin;
        const float* const first = source + x_.source(col_phase, begin);
        const std::int64_t row_end = y_.end(row_phase);
        for (std::int64_t row = y_.begin(row_phase); row < row_end; ++row) {
          copy_row(first + y_.source(row_phase, row) * source_stride_, count, target + row * row_stride_ + begin);
        }
      }
    }
  }

 private:
  /// How much of a row's pad behind the input is the next row's pad before it.
  NUQ_FUNCTION [[nodiscard]] std::int64_t pad_between_rows(const ConvolutionGeometry& geometry,
                                                           std::int64_t width) const noexcept {
    if (geometry.y.stride != 1 || geometry.x.stride != 1) return 0;
    return (std::min)(x_.places - width, (std::min)(x_.begin(0), x_.places - x_.end(0)));
  }

  /// Of values that stand `stride` apart.
  NUQ_FUNCTION void copy_row(const float* source, std::int64_t count, float* target) const {
    if (x_.stride == 1) {
      copy_values(source, count, target);
    } else if (x_.stride == 2) {
      for_each_index(0, count, [=](std::int64_t at) { target[at] = source[2 * at]; });
    } else {
      for (std::int64_t at = 0; at < count; ++at) target[at] = source[at * x_.stride];
    }
  }

  PatchAxis y_;
  PatchAxis x_;
  std::int64_t shared_pad_;
  std::int64_t row_stride_;
  std::int64_t phase_stride_;
  std::int64_t source_stride_;
  std::vector<std::int64_t> taps_;
};

/// A copy of the input around a block of a convolution's output positions, from which a `WindowKernel` reads windows
/// without their being packed, channel by channel as `PatchLayout` has it. Positions between two rows are computed and
/// dropped.
class WindowPatch {
 public:
  NUQ_FUNCTION WindowPatch(const ConvolutionGeometry& geometry, const WindowBlock& block, std::int64_t max_channels)
      : block_(block), layout_(geometry, block), image_stride_(max_channels * layout_.size() + slack()) {
    cut_into_halves(geometry);
  }

  NUQ_FUNCTION [[nodiscard]] std::int64_t size() const noexcept {
    return (block_.image_end - block_.image_begin) * image_stride_;
  }
  [[nodiscard]] std::size_t halves() const noexcept { return halves_.size(); }
  NUQ_FUNCTION [[nodiscard]] WindowTaps taps(std::int64_t channels) const noexcept { return layout_.taps(channels); }

  /// Fills a patch of `size()` values with `channels` channel planes of the block's images; `input` is the first of
  /// them in the network's first image.
  NUQ_FUNCTION void fill(const ConvolutionGeometry& geometry, const float* input, std::int64_t channels,
                         float* patch) const {
    const std::int64_t plane = geometry.y.input * geometry.x.input;
    for (std::int64_t image = block_.image_begin; image < block_.image_end; ++image, patch += image_stride_) {
      const float* const source = input + image * geometry.in_channels * plane;
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        layout_.fill(source + channel * plane, patch + channel * layout_.size());
      }
      std::fill_n(patch + channels * layout_.size(), slack(), 0.0F);
    }
  }

  /// Computes output rows [row, row + rows) at the positions of half `half` and of the one behind it. `a` holds the
  /// filters of these rows.
  NUQ_FUNCTION void multiply(WindowKernel kernel, const WindowTaps& taps, const float* patch, const float* a,
                             std::size_t half, const ProductTarget& target, std::int64_t row, std::int64_t rows,
                             const ProductPhase& phase) const {
    const Half& left = halves_[half];
    const bool has_right = half + 1 < halves_.size();
    const Half& right = has_right ? halves_[half + 1] : left;
    const TileFinish finish = phase.finish == nullptr ? TileFinish{} : finish_from(*phase.finish, row);
    const TileFinish* const tile_finish = phase.finish == nullptr ? nullptr : &finish;
    const auto compute = [&](float* c, std::int64_t c_stride) {
      kernel(taps, a, patch + left.offset, patch + right.offset, c, c_stride, phase.accumulate, tile_finish);
    };
    float* const output = target.data + row * target.row_stride;
    if (has_right && are_neighbours(left, right)) {
      compute(output + runs_[left.run_begin].target, target.row_stride);
      return;
    }
    const std::size_t run_end = has_right ? right.run_end : left.run_end;
    alignas(AlignedBuffer::alignment) float tile[tile_rows * tile_cols];
    if (phase.accumulate) {
      std::fill(tile, tile + tile_rows * tile_cols, 0.0F);
      for (std::size_t run = left.run_begin; run < run_end; ++run) {
        load_run(runs_[run], output, target.row_stride, rows, tile);
      }
    }
    compute(tile, tile_cols);
    for (std::size_t run = left.run_begin; run < run_end; ++run) {
      store_run(runs_[run], tile, rows, output, target.row_stride);
    }
  }

 private:
  static constexpr std::int64_t half_cols = tile_cols / 2;

  /// Half of a tile's columns: positions that are neighbours in the patch.
  struct Half {
    std::int64_t offset;  // of the first position's first value
    std::size_t run_begin, run_end;
  };
  /// Columns of a tile that are neighbours in the output.
  struct Run {
    std::int64_t column;
    std::int64_t length;
    std::int64_t target;
  };

  /// Whether both halves together are neighbours in the output.
  NUQ_FUNCTION [[nodiscard]] bool are_neighbours(const Half& left, const Half& right) const {
    const Run& first = runs_[left.run_begin];
    const Run& second = runs_[right.run_begin];
    return first.length == half_cols && second.length == half_cols && second.target == first.target + half_cols;
  }

  /// Zeros behind a patch: what the last row shares of a pad, and what the last tile reads too much.
  [[nodiscard]] std::int64_t slack() const noexcept { return layout_.shared_pad() + half_cols; }

  NUQ_FUNCTION void cut_into_halves(const ConvolutionGeometry& geometry) {
    const std::int64_t width = block_.col_end - block_.col_begin;
    const std::int64_t end = (block_.row_end - block_.row_begin - 1) * layout_.row_stride() + width;
    for (std::int64_t image = block_.image_begin; image < block_.image_end; ++image) {
      const std::int64_t image_offset = (image - block_.image_begin) * image_stride_;
      std::int64_t target =
          (image * geometry.out_channels * geometry.y.output + block_.row_begin) * geometry.x.output + block_.col_begin;
      std::int64_t row_place = 0;
      for (std::int64_t place = 0; place < end;) {
        Half half{image_offset + place, runs_.size(), 0};
        const std::int64_t first = place - (halves_.size() % 2 == 0 ? 0 : half_cols);  // stands in the tile's column 0
        const std::int64_t half_end = (std::min)(end, place + half_cols);
        while (place < half_end) {
          const std::int64_t col = place - row_place;
          const std::int64_t length = (std::min)(width - col, half_end - place);
          runs_.push_back({place - first, length, target + col});
          place += length;
          if (col + length < width) continue;
          place = row_place += layout_.row_stride();
          target += geometry.x.output;
        }
        half.run_end = runs_.size();
        halves_.push_back(half);
      }
    }
  }

  NUQ_FUNCTION static void load_run(const Run& run, const float* output, std::int64_t stride, std::int64_t rows,
                                    float* tile) {
    for (std::int64_t row = 0; row < rows; ++row) {
      copy_few(output + row * stride + run.target, run.length, tile + row * tile_cols + run.column);
    }
  }
  NUQ_FUNCTION static void store_run(const Run& run, const float* tile, std::int64_t rows, float* output,
                                     std::int64_t stride) {
    for (std::int64_t row = 0; row < rows; ++row) {
      copy_few(tile + row * tile_cols + run.column, run.length, output + row * stride + run.target);
    }
  }

  WindowBlock block_;
  PatchLayout layout_;
  std::int64_t image_stride_;
  std::vector<Half> halves_;
  std::vector<Run> runs_;
};

/// The output positions of a convolution in blocks whose patches stay in a cache.
class WindowBlocks {
 public:
  NUQ_FUNCTION explicit WindowBlocks(const ConvolutionGeometry& geometry)
      : batch_(geometry.batch), height_(geometry.y.output), width_(geometry.x.output) {
    cols_ = even_piece(width_, widest, 1);
    const std::int64_t row_places = cols_ + geometry.x.reach() / geometry.x.stride;
    rows_ = even_piece(height_, (std::max)(std::int64_t{1}, most_places / row_places), 1);
    images_ = cols_ < width_ || rows_ < height_
                  ? 1
                  : even_piece(batch_, (std::max)(std::int64_t{1}, most_places / (row_places * rows_)), 1);
  }

  NUQ_FUNCTION [[nodiscard]] std::int64_t count() const noexcept {
    return panel_count(batch_, images_) * panel_count(height_, rows_) * panel_count(width_, cols_);
  }
  NUQ_FUNCTION [[nodiscard]] WindowBlock block(std::int64_t index) const noexcept {
    const std::int64_t col = index % panel_count(width_, cols_) * cols_;
    index /= panel_count(width_, cols_);
    const std::int64_t row = index % panel_count(height_, rows_) * rows_;
    const std::int64_t image = index / panel_count(height_, rows_) * images_;
    return {image, (std::min)(batch_, image + images_), row, (std::min)(height_, row + rows_),
            col,   (std::min)(width_, col + cols_)};
  }

 private:
  static constexpr std::int64_t widest = 96;
  static constexpr std::int64_t most_places = 384;

  std::int64_t batch_, height_, width_;
  std::int64_t images_, rows_, cols_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_WINDOW_PATCH_HPP
