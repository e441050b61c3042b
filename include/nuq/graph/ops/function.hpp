#ifndef NUQ_GRAPH_OPS_FUNCTION_HPP
#define NUQ_GRAPH_OPS_FUNCTION_HPP

#include <functional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// An operation that the graph has no word for: whoever names it brings along how it is computed, from its inputs
/// alone. Both are called by several threads at a time.
struct Function {
  std::function<std::vector<Shape>(const LayerContext& layer, const std::vector<Shape>& inputs)> shapes{};
  /// `outputs` have the shapes that `shapes` gives, and zeros.
  std::function<void(const LayerContext& layer, ArrayView<const TensorView> inputs, std::vector<Tensor>& outputs)>
      compute{};
};

/// This family's part of `Operation`.
using Functions = OperationList<Function>;

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Function& function, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return function.shapes(layer, inputs);
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_FUNCTION_HPP
