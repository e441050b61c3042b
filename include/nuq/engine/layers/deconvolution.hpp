#ifndef NUQ_ENGINE_LAYERS_DECONVOLUTION_HPP
#define NUQ_ENGINE_LAYERS_DECONVOLUTION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/require_weights.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/kernels/gemm.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/kernels/scatter_windows.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/kernels/volume_planes.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Deconvolution (transposed convolution), any groups and dilation. A matrix product gives the windows of some input
/// rows, filters × input positions, which are then added up where they lie on the output. A task is a block of output
/// channels for a band of output rows and computes all windows that reach into its band: no two tasks write the same
/// values, and the order of additions depends on the layer alone. Where every output channel reads one input channel
/// the windows are added up plane by plane without a product. Volumes are computed as images that have the planes of a
/// window as output channels.
class DeconvolutionLayer {
 public:
  static constexpr bool in_place = false;

  /// Packs the weights. Throws ModelError when they are missing or not of the declared shape.
  NUQ_FUNCTION explicit DeconvolutionLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::TransposedConvolution>()), group_(operation_.group.value_or(1)) {
    require_blobs(layer, 1);
    const Tensor& weights = layer.node.blobs[0];
    weight_shape_ = weights.shape;
    if (weight_shape_.size() < 2 || group_ < 1 || weight_shape_[0] % group_ != 0) {
      layer.fail(ErrorCode::size_mismatch, "the weights have shape " + to_string(weight_shape_) + " for group " +
                                               std::to_string(group_) + ", wanted [in,out/group,kernel…]");
    }
    first_plane_axis_ = (std::max)(std::size_t{2}, weight_shape_.size() - 2);
    bias_ = trained_bias(layer, operation_.bias, static_cast<std::size_t>(group_ * weight_shape_[1]));
    if (weight_shape_[0] == group_) {
      plane_filters_ = weights.values;
    } else {
      pack_filters(weights);
    }
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const DeconvolutionGeometry geometry = deconvolution_geometry(operation_, call.layer, call.inputs[0].shape);
    require_weights(call, weight_shape_, geometry.weight_shape());
    for (std::size_t index = 0; index < call.inputs.size(); ++index) {
      const float* const input = call.inputs[index].values.data();
      float* const output = call.outputs[index].values.data();
      if (geometry.convolution.outer.empty()) {
        compute_images(geometry.convolution, input, output, call.workspace);
      } else {
        compute_volumes(geometry.convolution, input, output, call.workspace);
      }
    }
  }

 private:
  static constexpr std::int64_t rows_of_product = 2 * row_block;
  static constexpr std::int64_t columns_of_product = 512;

  /// Of images: a volume's output channels times the planes of a window.
  NUQ_FUNCTION [[nodiscard]] std::int64_t outputs_per_group() const noexcept {
    return extent_product(weight_shape_, 1, first_plane_axis_);
  }
  /// Of an image's window.
  NUQ_FUNCTION [[nodiscard]] std::int64_t taps() const noexcept {
    return extent_product(weight_shape_, first_plane_axis_, weight_shape_.size());
  }

  NUQ_FUNCTION void compute_images(const ConvolutionGeometry& geometry, const float* input, float* output,
                                   Workspace& workspace) const {
    if (plane_filters_.empty()) {
      multiply(geometry, input, output, workspace);
    } else {
      scatter_filters(geometry, input, output, workspace);
    }
  }

  /// Volume by volume, to need no more memory than one of them takes as images.
  NUQ_FUNCTION void compute_volumes(const ConvolutionGeometry& geometry, const float* input, float* output,
                                    Workspace& workspace) const {
    const VolumePlanes planes(geometry);
    const ConvolutionGeometry images = planes.of_images();
    const std::int64_t in_plane = images.y.output * images.x.output;
    const std::int64_t out_plane = images.y.input * images.x.input;
    const std::int64_t in_size = images.out_channels * images.batch * in_plane;
    const std::int64_t out_channel = planes.count() * out_plane;
    float* const positions_first = workspace.shared_scratch(in_size + images.batch * images.in_channels * out_plane);
    float* const results = positions_first + in_size;
    for (std::int64_t volume = 0; volume < geometry.batch; ++volume) {
      const std::vector<StridedAxis> axes = {
          {images.batch, in_plane}, {images.out_channels, images.batch * in_plane}, {in_plane, 1}};
      gather(workspace, axes, input + volume * in_size, positions_first);
      compute_images(images, positions_first, results, workspace);
      float* const target = output + volume * geometry.in_channels * out_channel;
      for (std::int64_t channel = 0; channel < geometry.in_channels; ++channel) {
        const float start = bias_.empty() ? 0.0F : bias_[static_cast<std::size_t>(channel)];
        std::fill_n(target + channel * out_channel, out_channel, start);
      }
      scatter_planes(workspace, planes, geometry.in_channels, out_plane, results, target);
    }
  }

  /// A product's left side: one row for each output channel of a block and each tap.
  NUQ_FUNCTION void pack_filters(const Tensor& weights) {
    const std::int64_t depth = weight_shape_[0] / group_;
    const std::int64_t depth_stride = outputs_per_group() * taps();
    block_ = even_piece(outputs_per_group(), (std::max)(std::int64_t{1}, rows_of_product / taps()), 1);
    for (std::int64_t group = 0; group < group_; ++group) {
      for (std::int64_t first = 0; first < outputs_per_group(); first += block_) {
        const float* const data = weights.values.data() + group * depth * depth_stride + first * taps();
        const std::int64_t rows = (std::min)(block_, outputs_per_group() - first) * taps();
        filters_.emplace_back(LineView{data, rows, depth, 1, depth_stride});
      }
    }
  }

  /// Output rows that a task computes: so many that windows which reach into two bands are few.
  NUQ_FUNCTION [[nodiscard]] static std::int64_t band_height(const ConvolutionGeometry& geometry) {
    const std::int64_t shared = (geometry.y.reach() - 1) / geometry.y.stride;
    const std::int64_t positions = (std::max)({std::int64_t{1}, columns_of_product / geometry.x.output, 4 * shared});
    return positions * geometry.y.stride;
  }

  NUQ_FUNCTION void multiply(const ConvolutionGeometry& geometry, const float* input, float* output,
                             Workspace& workspace) const {
    const std::int64_t height = band_height(geometry);
    const std::int64_t bands = (geometry.y.input + height - 1) / height;
    const std::int64_t blocks = static_cast<std::int64_t>(filters_.size());  // of all groups
    const std::int64_t blocks_per_group = blocks / group_;
    const std::int64_t in_image = geometry.out_channels * geometry.y.output * geometry.x.output;
    const std::int64_t out_plane = geometry.y.input * geometry.x.input;
    workspace.for_each_task(geometry.batch * blocks * bands, [&](std::int64_t task, std::size_t worker) {
      const std::int64_t block = task / bands % blocks;
      const std::int64_t image = task / bands / blocks;
      const std::int64_t first = block / blocks_per_group * outputs_per_group() + block % blocks_per_group * block_;
      const RowRange rows{task % bands * height, (std::min)(geometry.y.input, (task % bands + 1) * height)};
      compute_band(geometry, block, first, rows, input + image * in_image,
                   output + (image * geometry.in_channels + first) * out_plane, workspace, worker);
    });
  }

  /// The rows `rows` of the output channels of a block, `channel` and those behind it. `input` is an image, `output`
  /// the first of its output planes.
  NUQ_FUNCTION void compute_band(const ConvolutionGeometry& geometry, std::int64_t block, std::int64_t channel,
                                 const RowRange& rows, const float* input, float* output, Workspace& workspace,
                                 std::size_t worker) const {
    const RowPanels& filters = filters_[static_cast<std::size_t>(block)];
    const std::int64_t width = geometry.x.output;
    const RowRange positions = windows_over(geometry.y, rows);
    const LineView columns{
        input + (channel / outputs_per_group() * filters.depth() * geometry.y.output + positions.begin) * width,
        positions.count() * width, filters.depth(), 1, geometry.y.output * width};
    const std::int64_t stride = panel_count(columns.lines, tile_cols) * tile_cols;
    float* const windows = workspace.scratch(worker, (filters.lines() + depth_block) * stride);
    multiply_block(workspace.kernels(), filters, columns, windows, stride, windows + filters.lines() * stride);

    for (std::int64_t index = 0; index < filters.lines() / taps(); ++index) {
      float* const target = output + (index * geometry.y.input + rows.begin) * geometry.x.input;
      std::fill_n(target, rows.count() * geometry.x.input, bias_of(channel + index));
      const float* const own = windows + index * taps() * stride;
      const auto row_of = [&](std::int64_t ky, std::int64_t kx, std::int64_t position) {
        return own + (ky * geometry.x.kernel + kx) * stride + (position - positions.begin) * width;
      };
      scatter_windows(
          geometry, rows, row_of, [](std::int64_t, std::int64_t) { return 1.0F; }, target);
    }
  }

  /// windows[row × stride] = filters · columns; `packed` has room for depth_block × stride values.
  NUQ_FUNCTION static void multiply_block(const TileKernels& kernels, const RowPanels& filters, const LineView& columns,
                                          float* windows, std::int64_t stride, float* packed) {
    const ProductTarget target{windows, stride, stride, 0};
    for (std::int64_t begin = 0; begin < filters.depth(); begin += depth_block) {
      LineView part = columns;
      part.data += begin * columns.depth_stride;
      part.depth = (std::min)(depth_block, filters.depth() - begin);
      for (std::int64_t col = 0; col < columns.lines; col += tile_cols) {
        pack_panel<tile_cols>(part, col, packed + col * part.depth);
      }
      multiply_panels(kernels, part.depth, filters.view().from(begin, tile_rows), {packed, part.depth * tile_cols},
                      {0, filters.lines(), 0, stride}, target, {begin > 0, nullptr});
    }
  }

  NUQ_FUNCTION void scatter_filters(const ConvolutionGeometry& geometry, const float* input, float* output,
                                    Workspace& workspace) const {
    const std::int64_t in_plane = geometry.y.output * geometry.x.output;
    const std::int64_t out_plane = geometry.y.input * geometry.x.input;
    const std::int64_t planes = geometry.batch * geometry.in_channels;
    workspace.for_each_range(planes, out_plane, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t plane = begin; plane < end; ++plane) {
        const std::int64_t channel = plane % geometry.in_channels;
        const float* const source = input + plane / outputs_per_group() * in_plane;
        const float* const filter = plane_filters_.data() + channel * taps();
        const auto row_of = [&](std::int64_t, std::int64_t, std::int64_t position) {
          return source + position * geometry.x.output;
        };
        const auto weight_of = [&](std::int64_t ky, std::int64_t kx) { return filter[ky * geometry.x.kernel + kx]; };
        std::fill_n(output + plane * out_plane, out_plane, bias_of(channel));
        scatter_windows(geometry, {0, geometry.y.input}, row_of, weight_of, output + plane * out_plane);
      }
    });
  }

  /// What the windows of an image's output channel are added to; volumes get their bias when all planes are added up.
  NUQ_FUNCTION [[nodiscard]] float bias_of(std::int64_t channel) const {
    return bias_.empty() || weight_shape_.size() > 4 ? 0.0F : bias_[static_cast<std::size_t>(channel)];
  }

  ops::TransposedConvolution operation_;
  Shape weight_shape_;
  std::int64_t group_;
  std::size_t first_plane_axis_ = 2;  // of the weights: the axes from here on are an image's kernel
  std::int64_t block_ = 0;            // output channels of an element of `filters_`, the last of a group has fewer
  std::vector<RowPanels> filters_;    // by group and block; empty where `plane_filters_` is used
  std::vector<float> plane_filters_;  // [out × kh × kw]
  std::vector<float> bias_;
};
DeconvolutionLayer layer_of(const ops::TransposedConvolution&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_DECONVOLUTION_HPP
