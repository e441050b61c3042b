#ifndef NUQ_GRAPH_OPS_ELTWISE_HPP
#define NUQ_GRAPH_OPS_ELTWISE_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The factors of a SUM, one per input: `coeff`, or ones. Throws ModelError when their number is another, or for PROD
/// and MAX.
[[nodiscard]] inline std::vector<float> eltwise_coefficients(const LayerRef& layer, std::size_t inputs) {
  const schema::EltwiseParameter& parameter = layer.parameter().eltwise_param();
  const std::size_t count = static_cast<std::size_t>(parameter.coeff_size());
  if (count == 0) return std::vector<float>(inputs, 1.0F);
  if (parameter.operation() != schema::EltwiseParameter::SUM) {
    layer.fail(ErrorCode::invalid_argument, "coeff is given for " +
                                                schema::EltwiseParameter::EltwiseOp_Name(parameter.operation()) +
                                                ", wanted it for SUM alone");
  }
  if (count != inputs) {
    layer.fail(ErrorCode::size_mismatch, "coeff has " + std::to_string(count) + " values, wanted one for each of " +
                                             std::to_string(inputs) + " inputs");
  }
  return {parameter.coeff().begin(), parameter.coeff().end()};
}

/// All inputs must have one shape, the output's.
[[nodiscard]] inline std::vector<Shape> eltwise_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  const Shape& first = first_input(layer, inputs);
  for (const Shape& input : inputs) {
    if (input == first) continue;
    layer.fail(ErrorCode::size_mismatch,
               "Eltwise has the inputs " + to_string(first) + " and " + to_string(input) + ", wanted equal shapes");
  }
  static_cast<void>(eltwise_coefficients(layer, inputs.size()));
  return {first};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_ELTWISE_HPP
