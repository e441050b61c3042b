#ifndef NUQ_ENGINE_KERNELS_WINDOW_COLUMNS_HPP
#define NUQ_ENGINE_KERNELS_WINDOW_COLUMNS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The right side of a convolution as a matrix product: column n holds the input window of output position n (row by
/// row, image by image), its values ordered as in a filter: channel, kernel row, kernel column. The matrix is never
/// built; a block of it is packed into panels when it is needed.
///
/// Neighbouring columns read neighbouring values, so that packing copies runs of them. To make this hold at borders and
/// with strides, the input rows of a block first go to a patch, with zeros around and with columns sorted by their
/// remainder by the stride. A 1×1 kernel of stride 1 without pads reads the input itself.
class WindowColumns {
 public:
  NUQ_FUNCTION explicit WindowColumns(const ConvolutionGeometry& geometry)
      : y_(geometry.y),
        x_(geometry.x),
        image_stride_(geometry.in_channels * geometry.y.input * geometry.x.input),
        batch_(geometry.batch),
        is_pointwise_(is_identity(geometry.y) && is_identity(geometry.x)) {
    if (is_pointwise_) {  // an image is one long row
      x_.input = x_.output = y_.input * x_.input;
      y_.input = y_.output = 1;
    }
    by_row_ = !is_pointwise_ && x_.output > wide_row;
  }

  [[nodiscard]] std::int64_t count() const noexcept { return batch_ * y_.output * x_.output; }
  /// Values that one channel contributes to a column.
  [[nodiscard]] std::int64_t taps() const noexcept { return y_.kernel * x_.kernel; }

  /// The columns [begin, end), ready to be packed for any channels.
  class Block {
   public:
    NUQ_FUNCTION Block(const WindowColumns& columns, std::int64_t begin, std::int64_t end, std::int64_t max_channels)
        : columns_(columns), size_(end - begin), max_channels_(max_channels) {
      cut_into_segments(begin, end);
      lay_out_patch();
      cut_into_runs(begin, end);
    }

    NUQ_FUNCTION [[nodiscard]] std::int64_t scratch_size() const noexcept {
      const std::int64_t panels = (size_ + tile_cols - 1) / tile_cols;
      return patch_size() + panels * tile_cols * max_channels_ * columns_.taps() + tile_cols;
    }

    /// Packs the windows over `channels` (at most `max_channels`) channel planes of all images; `input` is the first of
    /// them in the first image. Returns panels of tile_cols columns within `scratch`.
    NUQ_FUNCTION [[nodiscard]] const float* pack(const float* input, std::int64_t channels, float* scratch) const {
      float* const panels = scratch + patch_size();
      if (columns_.is_pointwise_) {
        const float* const readable_end =
            input + (columns_.batch_ - 1) * columns_.image_stride_ + channels * columns_.plane();
        copy_runs(input, readable_end, channels, panels);
      } else {
        for (std::size_t segment = 0; segment < segments_.size(); ++segment) {
          const std::int64_t place = static_cast<std::int64_t>(segment) * segment_stride();
          fill_patch(segments_[segment], input, channels, scratch + place);
        }
        copy_runs(scratch, panels, channels, panels);
      }
      return panels;
    }

   private:
    /// A rectangle of output positions of one image, [begin, end) both ways.
    struct Segment {
      std::int64_t image, row_begin, row_end, col_begin, col_end;
    };
    /// Columns of one panel whose values are neighbours in the patch.
    struct Run {
      std::int64_t column;  // from the block's first
      std::int64_t length;
      std::int64_t offset;  // of its first value for the first channel and the first tap
    };

    NUQ_FUNCTION void cut_into_segments(std::int64_t begin, std::int64_t end) {
      const std::int64_t width = columns_.x_.output;
      const std::int64_t piece = columns_.by_row_ ? width : width * columns_.y_.output;
      for (std::int64_t at = begin; at < end;) {
        const std::int64_t last = (std::min)(end, (at / piece + 1) * piece) - 1;
        const std::int64_t image = at / (width * columns_.y_.output);
        const std::int64_t first_row = at / width % columns_.y_.output;
        const std::int64_t last_row = last / width % columns_.y_.output;
        const bool one_row = first_row == last_row;
        segments_.push_back(
            {image, first_row, last_row + 1, one_row ? at % width : 0, one_row ? last % width + 1 : width});
        at = last + 1;
      }
    }

    NUQ_FUNCTION void lay_out_patch() {
      if (columns_.is_pointwise_) {
        channel_stride_ = columns_.plane();
        taps_ = {0};
        return;
      }
      const WindowAxis& y = columns_.y_;
      const WindowAxis& x = columns_.x_;
      std::int64_t rows = 0;
      for (const Segment& segment : segments_) {
        rows = (std::max)(rows, (segment.row_end - segment.row_begin - 1) * y.stride + y.reach());
        const std::int64_t width = (segment.col_end - segment.col_begin - 1) * x.stride + x.reach();
        phase_width_ = (std::max)(phase_width_, (width + x.stride - 1) / x.stride);
      }
      row_stride_ = phase_width_ * x.stride;
      channel_stride_ = rows * row_stride_;
      read_rows_ = read_remainders(y);
      read_cols_ = read_remainders(x);
      for (std::int64_t ky = 0; ky < y.kernel; ++ky) {
        for (std::int64_t kx = 0; kx < x.kernel; ++kx) {
          const std::int64_t shift = kx * x.dilation;
          taps_.push_back(ky * y.dilation * row_stride_ + shift % x.stride * phase_width_ + shift / x.stride);
        }
      }
      last_tap_ = *std::max_element(taps_.begin(), taps_.end());
    }

    /// Which distances from a window's first row (or column) its taps have, by their remainder by the stride.
    NUQ_FUNCTION [[nodiscard]] static std::vector<bool> read_remainders(const WindowAxis& axis) {
      std::vector<bool> read(static_cast<std::size_t>(axis.stride));
      for (std::int64_t tap = 0; tap < axis.kernel; ++tap) {
        read[static_cast<std::size_t>(tap * axis.dilation % axis.stride)] = true;
      }
      return read;
    }

    NUQ_FUNCTION void cut_into_runs(std::int64_t begin, std::int64_t end) {
      std::int64_t place = 0;
      for (const Segment& segment : segments_) {
        if (columns_.is_pointwise_) place = segment.image * columns_.image_stride_ + segment.col_begin;
        for (std::int64_t row = segment.row_begin; row < segment.row_end; ++row) {
          const std::int64_t row_place = place + (row - segment.row_begin) * columns_.y_.stride * row_stride_;
          const std::int64_t row_column = (segment.image * columns_.y_.output + row) * columns_.x_.output;
          const std::int64_t last = (std::min)(end, row_column + segment.col_end);
          for (std::int64_t at = (std::max)(begin, row_column + segment.col_begin); at < last;) {
            const std::int64_t column = at - begin;
            const std::int64_t length = (std::min)(tile_cols - column % tile_cols, last - at);
            runs_.push_back({column, length, row_place + at - row_column - segment.col_begin});
            at += length;
          }
        }
        place += segment_stride();
      }
    }

    [[nodiscard]] std::int64_t segment_stride() const noexcept { return max_channels_ * channel_stride_; }

    /// The patch and the values behind it that copying whole tiles may read, in whole cache lines.
    NUQ_FUNCTION [[nodiscard]] std::int64_t patch_size() const noexcept {
      if (columns_.is_pointwise_) return 0;
      const std::int64_t size = static_cast<std::int64_t>(segments_.size()) * segment_stride() + tile_cols;
      return (size + tile_cols - 1) / tile_cols * tile_cols;
    }

    NUQ_FUNCTION void fill_patch(const Segment& segment, const float* input, std::int64_t channels,
                                 float* patch) const {
      const WindowAxis& y = columns_.y_;
      const std::int64_t first_row = segment.row_begin * y.stride - y.pad;
      const std::int64_t rows = (segment.row_end - segment.row_begin - 1) * y.stride + y.reach();
      input += segment.image * columns_.image_stride_;
      for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t row = 0; row < rows; ++row) {
          if (!read_rows_[static_cast<std::size_t>(row % y.stride)]) continue;
          float* const target = patch + channel * channel_stride_ + row * row_stride_;
          const std::int64_t source_row = first_row + row;
          if (source_row < 0 || source_row >= y.input) {
            std::fill_n(target, row_stride_, 0.0F);
          } else {
            fill_patch_row(segment, input + channel * columns_.plane() + source_row * columns_.x_.input, target);
          }
        }
      }
    }

    NUQ_FUNCTION void fill_patch_row(const Segment& segment, const float* source, float* target) const {
      const WindowAxis& x = columns_.x_;
      const std::int64_t first_col = segment.col_begin * x.stride - x.pad;
      for (std::int64_t phase = 0; phase < x.stride; ++phase, target += phase_width_) {
        if (!read_cols_[static_cast<std::size_t>(phase)]) continue;
        const std::int64_t first = first_col + phase;  // source column of the phase's first value
        const std::int64_t begin = (std::min)(phase_width_, first >= 0 ? 0 : (-first + x.stride - 1) / x.stride);
        const std::int64_t behind = x.input - first;
        const std::int64_t end = std::clamp((behind + x.stride - 1) / x.stride, begin, phase_width_);
        std::fill(target, target + begin, 0.0F);
        if (x.stride == 1) {
          std::copy(source + first + begin, source + first + end, target + begin);
        } else {
          for (std::int64_t at = begin; at < end; ++at) target[at] = source[first + at * x.stride];
        }
        std::fill(target + end, target + phase_width_, 0.0F);
      }
    }

    /// Copies a whole tile's width for each run where that stays below `readable_end`: the surplus is overwritten by
    /// the run or the row of the panel that comes next.
    NUQ_FUNCTION void copy_runs(const float* source, const float* readable_end, std::int64_t channels,
                                float* panel) const {
      const std::int64_t depth = channels * columns_.taps();
      for (std::size_t run = 0; run < runs_.size(); panel += depth * tile_cols) {
        const std::size_t first = run;
        const std::int64_t panel_end = (runs_[first].column / tile_cols + 1) * tile_cols;
        while (run < runs_.size() && runs_[run].column < panel_end) ++run;
        const std::int64_t furthest = runs_[run - 1].offset + (channels - 1) * channel_stride_ + last_tap_ + tile_cols;
        if (panel_end > size_) {
          std::fill_n(panel, depth * tile_cols, 0.0F);
          copy_panel<false>(source, first, run, channels, panel);
        } else if (furthest > readable_end - source) {
          copy_panel<false>(source, first, run, channels, panel);
        } else {
          copy_panel<true>(source, first, run, channels, panel);
        }
      }
    }

    template <bool whole_tiles>
    void copy_panel(const float* source, std::size_t first, std::size_t last, std::int64_t channels,
                    float* panel) const {
      const Run* const runs_begin = runs_.data() + first;
      const Run* const runs_end = runs_.data() + last;
      for (std::int64_t channel = 0; channel < channels; ++channel, source += channel_stride_) {
        for (const std::int64_t tap : taps_) {
          for (const Run* run = runs_begin; run != runs_end; ++run) {
            float* const target = panel + run->column % tile_cols;
            if constexpr (whole_tiles) {
              std::memcpy(target, source + tap + run->offset, sizeof(float) * tile_cols);
            } else {
              std::copy_n(source + tap + run->offset, run->length, target);
            }
          }
          panel += tile_cols;
        }
      }
    }

    const WindowColumns& columns_;
    std::int64_t size_;
    std::int64_t max_channels_;
    std::vector<Segment> segments_;
    std::vector<Run> runs_;
    std::vector<std::int64_t> taps_;  // distance of each tap's value from the first tap's
    std::int64_t last_tap_ = 0;
    std::vector<bool> read_rows_;
    std::vector<bool> read_cols_;
    std::int64_t phase_width_ = 0;
    std::int64_t row_stride_ = 0;
    std::int64_t channel_stride_ = 0;
  };

 private:
  static constexpr std::int64_t wide_row =
      96;  // output rows above it are cut: a patch needs not hold all of their width

  NUQ_FUNCTION [[nodiscard]] static bool is_identity(const WindowAxis& axis) noexcept {
    return axis.kernel == 1 && axis.stride == 1 && axis.pad == 0;
  }
  [[nodiscard]] std::int64_t plane() const noexcept { return y_.input * x_.input; }

  WindowAxis y_;
  WindowAxis x_;
  std::int64_t image_stride_;
  std::int64_t batch_;
  bool is_pointwise_;
  bool by_row_ = false;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_WINDOW_COLUMNS_HPP
