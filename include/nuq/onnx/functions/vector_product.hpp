#ifndef NUQ_ONNX_FUNCTIONS_VECTOR_PRODUCT_HPP
#define NUQ_ONNX_FUNCTIONS_VECTOR_PRODUCT_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The product of a row with matrices, or of matrices (or a row) with a column; one value is [1].
NUQ_FUNCTION [[nodiscard]] inline ops::Function vector_product(bool is_row) {
  ops::Function function;
  function.shapes = [is_row](const LayerContext& layer, const std::vector<Shape>& inputs) {
    const Shape& vector = inputs[is_row ? 0 : 1];
    Shape shape = inputs[is_row ? 1 : 0];
    const std::size_t summed = is_row && shape.size() > 1 ? shape.size() - 2 : shape.size() - 1;
    if (vector.size() != 1 || shape[summed] != vector[0]) {
      layer.fail(ErrorCode::size_mismatch, layer.type + " has the inputs " + to_string(inputs[0]) + " and " +
                                               to_string(inputs[1]) + ", wanted as many values to sum up");
    }
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(summed));
    if (shape.empty()) shape = {1};
    return std::vector<Shape>{shape};
  };
  function.compute = [is_row](const LayerContext&, ArrayView<const TensorView> inputs, std::vector<Tensor>& outputs) {
    const TensorView& vector = inputs[is_row ? 0 : 1];
    const TensorView& other = inputs[is_row ? 1 : 0];
    const std::size_t rank = other.shape.size();
    const std::size_t summed = is_row && rank > 1 ? rank - 2 : rank - 1;
    const AxisSplit split = split_at(other.shape, summed, summed + 1);
    for (std::int64_t at = 0; at < split.outer * split.inner; ++at) {
      const float* const values =
          other.values.data() + at / split.inner * split.extent * split.inner + at % split.inner;
      double sum = 0.0;
      for (std::int64_t step = 0; step < split.extent; ++step)
        sum += static_cast<double>(vector.values.data()[step]) * static_cast<double>(values[step * split.inner]);
      outputs.front().values[static_cast<std::size_t>(at)] = static_cast<float>(sum);
    }
  };
  return function;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_VECTOR_PRODUCT_HPP
