#ifndef NUQ_GRAPH_OPS_ELEMENTWISE_HPP
#define NUQ_GRAPH_OPS_ELEMENTWISE_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// How Eltwise joins its inputs.
enum class EltwiseMethod {
  sum,
  product,
  maximum,
  minimum,
  quotient,        ///< the first divided by the others
  power,           ///< the first to the power of the second
  stochastic_sum,  ///< of random inputs, which inference refuses
};

/// Combines its inputs element by element.
struct Eltwise {
  EltwiseMethod method = EltwiseMethod::sum;
  std::vector<float>
      coefficients{};      ///< factors of a sum, one for each input; none: ones. A maximum has no use for them
  bool broadcast = false;  ///< whether inputs are repeated to one shape (see `broadcast_shape`)
};

/// Inputs a, x and y: a·x + y with a factor in a for each channel of x.
struct Axpy {};

/// This family's part of `Operation`.
using ElementwiseOperations = OperationList<Eltwise, Axpy>;

}  // namespace ops

/// As messages call a method.
NUQ_FUNCTION [[nodiscard]] inline const char* name_of(ops::EltwiseMethod method) noexcept {
  switch (method) {
    case ops::EltwiseMethod::sum:
      return "SUM";
    case ops::EltwiseMethod::product:
      return "PROD";
    case ops::EltwiseMethod::maximum:
      return "MAX";
    case ops::EltwiseMethod::minimum:
      return "MIN";
    case ops::EltwiseMethod::quotient:
      return "DIV";
    case ops::EltwiseMethod::power:
      return "POW";
    case ops::EltwiseMethod::stochastic_sum:
      return "STOCHASTIC_SUM";
  }
  return "";
}

/// The factors of a sum, one per input, ones where none are given and for a maximum, which ignores them as Caffe does.
/// Throws ModelError when their number is another, or when a product has any.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> eltwise_coefficients(const ops::Eltwise& eltwise,
                                                                          const LayerContext& layer,
                                                                          std::size_t inputs) {
  const std::size_t count = eltwise.coefficients.size();
  if (count == 0) return std::vector<float>(inputs, 1.0F);
  if (eltwise.method == ops::EltwiseMethod::product) {
    layer.fail(ErrorCode::invalid_argument,
               std::string("coeff is given for ") + name_of(eltwise.method) + ", wanted it for SUM alone");
  }
  if (count != inputs) {
    layer.fail(ErrorCode::size_mismatch, "coeff has " + std::to_string(count) + " values, wanted one for each of " +
                                             std::to_string(inputs) + " inputs");
  }
  if (eltwise.method == ops::EltwiseMethod::maximum) return std::vector<float>(inputs, 1.0F);
  return eltwise.coefficients;
}

namespace ops {

/// All inputs must have one shape, the output's, or broadcast to it where that is allowed.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Eltwise& eltwise, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  const Shape& first = first_input(layer, inputs);
  Shape result = first;
  for (const Shape& input : inputs) {
    if (eltwise.broadcast) result = broadcast_shape(layer, result, input);
    if (eltwise.broadcast || input == first) continue;
    layer.fail(ErrorCode::size_mismatch,
               "Eltwise has the inputs " + to_string(first) + " and " + to_string(input) + ", wanted equal shapes");
  }
  static_cast<void>(eltwise_coefficients(eltwise, layer, inputs.size()));
  return {result};
}

/// Inputs: a factor for each channel, [N, C] or [N, C, 1, …], and two tensors of one shape, which is the output's.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Axpy&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 3, 3);
  const Shape& factors = inputs[0];
  const AxisSplit channels = channel_split(layer, inputs[1]);
  const bool fits = factors.size() >= 2 && factors[0] == channels.outer && factors[1] == channels.extent &&
                    extent_product(factors, 2, factors.size()) == 1;
  if (!fits || inputs[1] != inputs[2]) {
    layer.fail(ErrorCode::size_mismatch, "Axpy has the inputs " + to_string(factors) + ", " + to_string(inputs[1]) +
                                             " and " + to_string(inputs[2]) +
                                             ", wanted [N,C] or [N,C,1,1] and twice [N,C,…]");
  }
  return {inputs[1]};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_ELEMENTWISE_HPP
