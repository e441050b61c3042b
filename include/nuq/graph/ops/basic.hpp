#ifndef NUQ_GRAPH_OPS_BASIC_HPP
#define NUQ_GRAPH_OPS_BASIC_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// An operation of a type that the library does not know: of the user's own, or never computed.
struct Unknown {
  std::string type{};
  std::string text{};  ///< what the network's own format says of the layer, for whoever knows the type
};

/// Provides values that the user sets; reads none.
struct Input {};

/// Writes its trained blob, of a declared shape; reads nothing.
struct Parameter {
  Shape shape{};
};

/// Hands its input on, since dropout is for training; multiplied, where training has not done that already.
struct Dropout {
  float factor = 1.0F;
};

/// Hands its input on to every output.
struct Split {};

/// Reads values that nobody else wants; has no outputs.
struct Silence {};

/// This family's part of `Operation`.
using BasicOperations = OperationList<Unknown, Input, Parameter, Dropout, Split, Silence>;

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Unknown&, std::size_t) {
  return std::nullopt;
}

/// Data layers may keep what they have learnt of the data.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Input&, std::size_t) {
  return std::nullopt;
}

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const Parameter&, std::size_t) {
  return 1;
}

/// Not known.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Unknown&, const LayerContext& layer,
                                                                   const std::vector<Shape>&) {
  return std::vector<Shape>(layer.outputs);
}

/// As declared, which is no matter of a rule.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Input&, const LayerContext& layer,
                                                                   const std::vector<Shape>&) {
  return std::vector<Shape>(layer.outputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Parameter& parameter,
                                                                   const LayerContext& layer,
                                                                   const std::vector<Shape>&) {
  if (parameter.shape.empty() || !is_valid_shape(parameter.shape)) {
    layer.fail(ErrorCode::invalid_argument,
               "parameter_param.shape is " + to_string(parameter.shape) + ", wanted at least one extent");
  }
  check_blobs(layer, {parameter.shape});
  return {parameter.shape};
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Dropout&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Split&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Silence&, const LayerContext&,
                                                                   const std::vector<Shape>&) {
  return {};
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_BASIC_HPP
