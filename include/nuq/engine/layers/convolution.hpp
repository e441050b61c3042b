#ifndef NUQ_ENGINE_LAYERS_CONVOLUTION_HPP
#define NUQ_ENGINE_LAYERS_CONVOLUTION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/require_weights.hpp"
#include "nuq/engine/kernels/depthwise.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/kernels/gemm.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/kernels/volume_planes.hpp"
#include "nuq/engine/kernels/window_columns.hpp"
#include "nuq/engine/kernels/window_patch.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Convolution, any groups and dilation: filters × windows as a matrix product, or plane by plane where every output
/// channel reads one input channel. Volumes are computed as images that have the planes of a window as channels.
class ConvolutionLayer {
 public:
  static constexpr bool in_place = false;

  /// Packs the weights. Throws ModelError when they are missing or not of the declared shape.
  NUQ_FUNCTION explicit ConvolutionLayer(const LayerRef& layer) : operation_(layer.operation<ops::Convolution>()) {
    const std::int64_t group = operation_.group.value_or(1);
    require_blobs(layer, 1);
    const Tensor& weights = layer.node.blobs[0];
    weight_shape_ = weights.shape;
    if (weight_shape_.size() < 2 || group < 1 || weight_shape_[0] % group != 0) {
      layer.fail(ErrorCode::size_mismatch, "the weights have shape " + to_string(weight_shape_) + " for group " +
                                               std::to_string(group) + ", wanted [out,in/group,kernel…]");
    }
    bias_ = trained_bias(layer, operation_.bias, static_cast<std::size_t>(weight_shape_[0]));
    const bool by_channel = !operation_.group;
    const bool by_plane = group > 1 && weight_shape_.size() <= 4 && depth() <= depth_block;  // not for longer sums
    if (weight_shape_[1] == 1 && (by_channel || by_plane)) {
      plane_filters_ = weights.values;
    } else {
      pack_filters(weights, group);
    }
  }

  /// One value per output channel, or none.
  [[nodiscard]] const std::vector<float>& bias() const noexcept { return bias_; }
  [[nodiscard]] std::int64_t out_channels() const noexcept { return weight_shape_[0]; }
  /// What the layer's own ReLU multiplies negative values by; none without one.
  [[nodiscard]] std::optional<float> relu() const noexcept { return operation_.relu; }
  /// Where layers that follow expect them.
  [[nodiscard]] bool has_channels_in_axis_1() const noexcept { return operation_.axis == 1; }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    TileFinish finish;
    if (!bias_.empty()) finish.shift = bias_.data();
    if (operation_.relu) finish.negative_slope = *operation_.relu;
    forward(call, finish);
  }

  /// With `finish` in place of the bias and the ReLU; its values are per output channel.
  NUQ_FUNCTION void forward(const LayerCall& call, const TileFinish& finish) const {
    const ConvolutionGeometry geometry = convolution_geometry(operation_, call.layer, call.inputs[0].shape);
    require_weights(call, weight_shape_, geometry.weight_shape());
    if (!plane_filters_.empty()) require_images(call.layer, geometry);
    for (std::size_t index = 0; index < call.inputs.size(); ++index) {
      const float* const input = call.inputs[index].values.data();
      float* const output = call.outputs[index].values.data();
      if (!plane_filters_.empty()) {
        convolve_planes(geometry, input, output, finish, call.workspace);
      } else if (geometry.outer.empty()) {
        multiply(geometry, input, output, finish, call.workspace);
      } else {
        multiply_volumes(geometry, input, output, finish, call.workspace);
      }
    }
  }

 private:
  /// Weights of one output channel.
  NUQ_FUNCTION [[nodiscard]] std::int64_t depth() const noexcept {
    return extent_product(weight_shape_, 1, weight_shape_.size());
  }

  NUQ_FUNCTION void pack_filters(const Tensor& weights, std::int64_t group) {
    const std::int64_t rows = weight_shape_[0] / group;
    for (std::int64_t index = 0; index < group; ++index) {
      filters_.emplace_back(LineView{weights.values.data() + index * rows * depth(), rows, depth(), depth(), 1});
    }
  }

  /// Volume by volume, to need no more memory than one of them takes as images.
  NUQ_FUNCTION void multiply_volumes(const ConvolutionGeometry& geometry, const float* input, float* output,
                                     const TileFinish& finish, Workspace& workspace) const {
    const VolumePlanes planes(geometry);
    const ConvolutionGeometry images = planes.of_images();
    const std::int64_t in_plane = images.y.input * images.x.input;
    const std::int64_t out_plane = images.y.output * images.x.output;
    const std::int64_t in_size = images.batch * images.in_channels * in_plane;
    const std::int64_t out_size = images.batch * images.out_channels * out_plane;
    float* const gathered = workspace.shared_scratch(in_size + out_size);
    float* const results = gathered + in_size;
    for (std::int64_t volume = 0; volume < geometry.batch; ++volume) {
      const float* const source = input + volume * geometry.in_channels * planes.count() * in_plane;
      gather_planes(workspace, planes, geometry.in_channels, in_plane, source, gathered);
      multiply(images, gathered, results, finish, workspace);
      const std::vector<StridedAxis> channels_first = {
          {images.out_channels, out_plane}, {images.batch, images.out_channels * out_plane}, {out_plane, 1}};
      gather(workspace, channels_first, results, output + volume * out_size);
    }
  }

  NUQ_FUNCTION void multiply(const ConvolutionGeometry& geometry, const float* input, float* output,
                             const TileFinish& finish, Workspace& workspace) const {
    const WindowBlocks blocks(geometry);
    if (pays_to_read_patches(geometry, blocks)) {
      multiply_patches(geometry, blocks, input, output, finish, workspace);
    } else {
      multiply_columns(geometry, input, output, finish, workspace);
    }
  }

  /// Whether the positions that are computed and dropped cost less than packing the windows would: some 16 cycles for
  /// each tap of a tile, which takes one cycle a row.
  NUQ_FUNCTION [[nodiscard]] static bool pays_to_read_patches(const ConvolutionGeometry& geometry,
                                                              const WindowBlocks& blocks) {
    constexpr double packing_cycles = 16.0;
    if (geometry.y.kernel == 1 && geometry.x.kernel == 1) return false;
    const WindowBlock block = blocks.block(0);
    const std::int64_t positions =
        (block.image_end - block.image_begin) * (block.row_end - block.row_begin) * (block.col_end - block.col_begin);
    const std::size_t tiles = (WindowPatch(geometry, block, 1).halves() + 1) / 2;
    const double surplus =
        static_cast<double>(tiles * static_cast<std::size_t>(tile_cols)) / static_cast<double>(positions) - 1.0;
    return surplus * static_cast<double>(geometry.out_channels / geometry.group) < packing_cycles;
  }

  /// Windows are read from patches of the input.
  NUQ_FUNCTION void multiply_patches(const ConvolutionGeometry& geometry, const WindowBlocks& blocks,
                                     const float* input, float* output, const TileFinish& finish,
                                     Workspace& workspace) const {
    const std::int64_t taps = geometry.y.kernel * geometry.x.kernel;
    const std::int64_t rows = geometry.out_channels / geometry.group;
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    const std::int64_t channels = geometry.in_channels / geometry.group;
    const std::int64_t channel_block = even_piece(channels, (std::max)(std::int64_t{1}, patch_depth / taps), 1);
    const std::int64_t wanted =
        workspace.threads() == 1 ? 1 : panel_count(2 * workspace.threads(), geometry.group * blocks.count());
    const std::int64_t row_step = even_piece(rows, (std::max)(tile_rows, rows / wanted), tile_rows);
    const std::int64_t row_tasks = panel_count(rows, row_step);

    workspace.for_each_task(geometry.group * blocks.count() * row_tasks, [&](std::int64_t task, std::size_t worker) {
      const std::int64_t row_begin = task % row_tasks * row_step;
      const std::int64_t row_end = (std::min)(rows, row_begin + row_step);
      const std::int64_t group = task / row_tasks / blocks.count();
      const WindowPatch windows(geometry, blocks.block(task / row_tasks % blocks.count()), channel_block);
      float* const patch = workspace.scratch(worker, windows.size());
      const PanelView filters = filters_[static_cast<std::size_t>(group)].view();
      const ProductTarget target{output + group * rows * out_plane, out_plane, 0, 0};
      const TileFinish group_finish = finish_from(finish, group * rows);
      for (std::int64_t channel = 0; channel < channels; channel += channel_block) {
        const std::int64_t count = (std::min)(channel_block, channels - channel);
        windows.fill(geometry, input + (group * channels + channel) * in_plane, count, patch);
        WindowTaps block_taps = windows.taps(count);
        for (std::int64_t tap = 0; tap < taps; tap += block_taps.count, block_taps.offsets += block_taps.count) {
          block_taps.count = (std::min)(taps - tap, patch_depth);  // all of them where there are several channels
          const bool is_last = channel + count == channels && tap + block_taps.count == taps;
          multiply_patch(workspace.kernels(), windows, patch, block_taps, filters.from(channel * taps + tap, tile_rows),
                         row_begin, row_end, target, {channel + tap > 0, is_last ? &group_finish : nullptr});
        }
      }
    });
  }

  NUQ_FUNCTION static void multiply_patch(const TileKernels& kernels, const WindowPatch& windows, const float* patch,
                                          const WindowTaps& taps, const PanelView& filters, std::int64_t row_begin,
                                          std::int64_t row_end, const ProductTarget& target,
                                          const ProductPhase& phase) {
    for (std::int64_t block = row_begin; block < row_end; block += row_block) {
      const std::int64_t block_end = (std::min)(row_end, block + row_block);
      for (std::size_t half = 0; half < windows.halves(); half += 2) {
        for (std::int64_t row = block; row < block_end; row += tile_rows) {
          const std::int64_t rows = (std::min)(tile_rows, block_end - row);
          windows.multiply(kernels.windows[static_cast<std::size_t>(rows - 1)], taps, patch,
                           filters.panel(row / tile_rows), half, target, row, rows, phase);
        }
      }
    }
  }

  /// Windows are packed into panels.
  NUQ_FUNCTION void multiply_columns(const ConvolutionGeometry& geometry, const float* input, float* output,
                                     const TileFinish& finish, Workspace& workspace) const {
    const WindowColumns columns(geometry);
    const std::int64_t rows = geometry.out_channels / geometry.group;
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    const std::int64_t channels = geometry.in_channels / geometry.group;
    const std::int64_t channel_block =
        even_piece(channels, (std::max)(std::int64_t{1}, depth_block / columns.taps()), 1);
    const ProductTasks tasks(rows, columns.count(), (workspace.threads() + geometry.group - 1) / geometry.group);

    workspace.for_each_task(geometry.group * tasks.count(), [&](std::int64_t task, std::size_t worker) {
      const std::int64_t group = task / tasks.count();
      const ProductRange range = tasks.range(task % tasks.count());
      const WindowColumns::Block block(columns, range.col_begin, range.col_end, channel_block);
      float* const scratch = workspace.scratch(worker, block.scratch_size());
      const PanelView filters = filters_[static_cast<std::size_t>(group)].view();
      const ProductTarget target{output + group * rows * out_plane, out_plane, out_plane,
                                 geometry.out_channels * out_plane};
      const TileFinish group_finish = finish_from(finish, group * rows);
      for (std::int64_t channel = 0; channel < channels; channel += channel_block) {
        const std::int64_t count = (std::min)(channel_block, channels - channel);
        const std::int64_t depth = count * columns.taps();
        const float* const panels = block.pack(input + (group * channels + channel) * in_plane, count, scratch);
        const bool is_last = channel + count == channels;
        multiply_panels(workspace.kernels(), depth, filters.from(channel * columns.taps(), tile_rows),
                        {panels, depth * tile_cols}, range, target, {channel > 0, is_last ? &group_finish : nullptr});
      }
    });
  }

  NUQ_FUNCTION void convolve_planes(const ConvolutionGeometry& geometry, const float* input, float* output,
                                    const TileFinish& finish, Workspace& workspace) const {
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    const std::int64_t per_input = geometry.out_channels / geometry.in_channels;
    const PlaneConvolution convolution(geometry);
    const std::int64_t planes = geometry.batch * geometry.out_channels;
    const std::int64_t planes_per_task = (std::max)(std::int64_t{1}, values_per_task / out_plane);
    workspace.for_each_task(panel_count(planes, planes_per_task), [&](std::int64_t task, std::size_t worker) {
      float* const scratch = workspace.scratch(worker, convolution.scratch_size());
      convolution.prepare(scratch);
      const std::int64_t end = (std::min)(planes, (task + 1) * planes_per_task);
      for (std::int64_t plane = task * planes_per_task; plane < end; ++plane) {
        const std::int64_t channel = plane % geometry.out_channels;
        const float* const filter = plane_filters_.data() + channel * geometry.y.kernel * geometry.x.kernel;
        const PlaneFinish plane_finish{finish.scale == nullptr ? 1.0F : finish.scale[channel],
                                       finish.shift == nullptr ? 0.0F : finish.shift[channel], finish.negative_slope};
        convolution.convolve(workspace.kernels().plane, input + plane / per_input * in_plane, filter, plane_finish,
                             scratch, output + plane * out_plane);
      }
    });
  }

  /// Enough to be worth a thread.
  static constexpr std::int64_t values_per_task = 1 << 15;

  /// Filter values that are summed up at a time: a panel of them stays in the first-level cache.
  static constexpr std::int64_t patch_depth = 320;

  ops::Convolution operation_;
  Shape weight_shape_;
  std::vector<RowPanels> filters_;    // one per group; empty where `plane_filters_` is used
  std::vector<float> plane_filters_;  // [out × kh × kw]
  std::vector<float> bias_;
};
ConvolutionLayer layer_of(const ops::Convolution&);

/// Writes what every tap of a convolution's kernel reads: one plane, or one volume, for each channel and each tap, pads
/// as zeros.
class Im2colLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit Im2colLayer(const LayerRef& layer) : operation_(layer.operation<ops::Im2col>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const ConvolutionGeometry geometry = im2col_geometry(operation_, call.layer, call.inputs[0].shape).convolution;
    const VolumePlanes planes(geometry);
    const std::int64_t taps = geometry.y.kernel * geometry.x.kernel;
    const std::int64_t in_plane = geometry.y.input * geometry.x.input;
    const std::int64_t out_plane = geometry.y.output * geometry.x.output;
    const std::int64_t volumes = geometry.batch * geometry.in_channels * planes.taps() * taps;  // of the output
    call.workspace.for_each_task(volumes * planes.positions(), [&](std::int64_t task, std::size_t) {
      const std::int64_t position = task % planes.positions();
      const std::int64_t volume = task / planes.positions();
      const std::int64_t channel = volume / taps / planes.taps();  // of all items
      const std::int64_t plane = planes.plane(position, volume / taps % planes.taps());
      float* const output = call.outputs[0].values.data() + task * out_plane;
      std::fill_n(output, out_plane, 0.0F);
      if (plane == VolumePlanes::padding) return;
      copy_tap(geometry, call.inputs[0].values.data() + (channel * planes.count() + plane) * in_plane,
               TapRange(geometry.y, volume % taps / geometry.x.kernel),
               TapRange(geometry.x, volume % geometry.x.kernel), output);
    });
  }

 private:
  NUQ_FUNCTION static void copy_tap(const ConvolutionGeometry& geometry, const float* input, const TapRange& rows,
                                    const TapRange& cols, float* output) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const float* const source = input + (row * geometry.y.stride + rows.offset) * geometry.x.input;
      float* const target = output + row * geometry.x.output;
      for (std::int64_t col = cols.begin; col < cols.end; ++col)
        target[col] = source[col * geometry.x.stride + cols.offset];
    }
  }

  ops::Im2col operation_;
};
Im2colLayer layer_of(const ops::Im2col&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_CONVOLUTION_HPP
