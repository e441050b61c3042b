#ifndef NUQ_ENGINE_LAYERS_INNER_PRODUCT_HPP
#define NUQ_ENGINE_LAYERS_INNER_PRODUCT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/detail/require_weights.hpp"
#include "nuq/engine/kernels/gemm.hpp"
#include "nuq/engine/kernels/panels.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Y[rows × out] = X[rows × in] · Wᵀ + bias.
class InnerProductLayer {
 public:
  static constexpr bool in_place = false;

  /// Packs the weights. Throws ModelError when they are missing or not a matrix.
  NUQ_FUNCTION explicit InnerProductLayer(const LayerRef& layer) : operation_(layer.operation<ops::InnerProduct>()) {
    require_blobs(layer, 1);
    const Tensor& weights = layer.node.blobs[0];
    weight_shape_ = weights.shape;
    if (weight_shape_.size() != 2) {
      layer.fail(ErrorCode::size_mismatch, "the weights have shape " + to_string(weight_shape_) + ", wanted a matrix");
    }
    const std::int64_t in = weight_shape_[operation_.transposed_weights ? 0 : 1];
    const std::int64_t out = weight_shape_[operation_.transposed_weights ? 1 : 0];
    if (operation_.transposed_weights) {
      weights_ = ColumnPanels(LineView{weights.values.data(), out, in, 1, out});
    } else {
      weights_ = ColumnPanels(LineView{weights.values.data(), out, in, in, 1});
    }
    bias_ = trained_bias(layer, operation_.bias, static_cast<std::size_t>(out));
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const InnerProductGeometry geometry = inner_product_geometry(operation_, call.layer, call.inputs[0].shape);
    require_weights(call, weight_shape_, geometry.weight_shape());
    float* const output = call.outputs[0].values.data();
    if (!bias_.empty()) {
      for (std::int64_t row = 0; row < geometry.rows; ++row) {
        std::copy(bias_.begin(), bias_.end(), output + row * geometry.out);
      }
    }
    const PanelView rows = pack_rows(geometry, call.inputs[0].values.data(), call.workspace);
    gemm(call.workspace, rows, geometry.rows, weights_.view(), geometry.out, geometry.in, output, geometry.out,
         !bias_.empty());
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static PanelView pack_rows(const InnerProductGeometry& geometry, const float* input,
                                                        Workspace& workspace) {
    const LineView matrix{input, geometry.rows, geometry.in, geometry.in, 1};
    const std::int64_t panels = panel_count(geometry.rows, tile_rows);
    const std::int64_t panel_size = tile_rows * geometry.in;
    float* const packed = workspace.shared_scratch(panels * panel_size);
    workspace.for_each_range(panels, panel_size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t panel = begin; panel < end; ++panel) {
        pack_panel<tile_rows>(matrix, panel * tile_rows, packed + panel * panel_size);
      }
    });
    return {packed, panel_size};
  }

  ops::InnerProduct operation_;
  Shape weight_shape_;
  ColumnPanels weights_;
  std::vector<float> bias_;
};
InnerProductLayer layer_of(const ops::InnerProduct&);

/// Y = A · B for each item of a batch.
class MatMulLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit MatMulLayer(const LayerRef& layer) : operation_(layer.operation<ops::MatMul>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const TensorView& left = call.inputs[0];
    const TensorView& right = call.inputs[1];
    const MatMulGeometry geometry = mat_mul_geometry(operation_, call.layer, left.shape, right.shape);
    const BroadcastOffsets left_item(batch_of(left.shape), geometry.batch);
    const BroadcastOffsets right_item(batch_of(right.shape), geometry.batch);
    const std::int64_t rows = geometry.rows;
    const std::int64_t depth = geometry.depth;
    const std::int64_t cols = geometry.cols;
    const std::int64_t items = extent_product(geometry.batch, 0, geometry.batch.size());
    for (std::int64_t item = 0; item < items; ++item) {
      const float* const a = left.values.data() + left_item(item) * rows * depth;
      const float* const b = right.values.data() + right_item(item) * depth * cols;
      const RowPanels left_panels(operation_.transposed_left ? LineView{a, rows, depth, 1, rows}
                                                             : LineView{a, rows, depth, depth, 1});
      const ColumnPanels right_panels(operation_.transposed_right ? LineView{b, cols, depth, depth, 1}
                                                                  : LineView{b, cols, depth, 1, cols});
      gemm(call.workspace, left_panels.view(), rows, right_panels.view(), cols, depth,
           call.outputs[0].values.data() + item * rows * cols, cols, false);
    }
  }

 private:
  [[nodiscard]] static Shape batch_of(const Shape& shape) { return {shape.begin(), shape.end() - 2}; }

  ops::MatMul operation_;
};
MatMulLayer layer_of(const ops::MatMul&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_INNER_PRODUCT_HPP
