#ifndef NUQ_GRAPH_PASSES_ELIGIBILITY_HPP
#define NUQ_GRAPH_PASSES_ELIGIBILITY_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Whether a layer's weights can be quantized to int8, and whether to a few of the int8 levels (NUQ).
struct Eligibility {
  bool quantizable = false;
  bool nuq = false;    ///< implies `quantizable`
  std::string reason;  ///< what stands in the way of `quantizable`, else of `nuq`; empty when nothing does
};

namespace detail {

NUQ_FUNCTION [[nodiscard]] std::string inner_product_obstacle(const ops::InnerProduct& product);

}  // namespace detail

/// Judges a layer's weights by the AMCT manual's tables of supported layers, but for a filter's dimensions, of which
/// there may be any number from 3 on. Uniform int8: Convolution, Deconvolution with dilation 1 and group 1,
/// InnerProduct with transpose false and axis 1. NUQ: of these Convolution with group 1 and dilation 1, and
/// InnerProduct. In the extended scope all of these take NUQ, and the depthwise types of forks are quantized as
/// Convolution is. Weights that layers share are quantized as all of these can be. In a graph without a weights file
/// the parameters decide alone.
NUQ_FUNCTION [[nodiscard]] Eligibility eligibility_of(const Graph& graph, const Node& node,
                                                      NuqScope scope = NuqScope::standard);

/// The same for a layer that a configuration or a record names. The input of a Pooling layer with pool AVE, not global,
/// is quantized there (AMCT manual), and nowhere else.
NUQ_FUNCTION [[nodiscard]] Eligibility eligibility_if_named(const Graph& graph, const Node& node, NuqScope scope);

/// What stands in the way of quantizing the input of a layer whose weights can be quantized: a filter that is not 4-D,
/// which the vendor's layers do not know. Such a layer is quantized weights-only, and stays in float where inputs are
/// quantized too. Empty where nothing does.
NUQ_FUNCTION [[nodiscard]] std::string input_quantization_obstacle(const Graph& graph, const Node& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>
#include <cstdint>

#include "nuq/graph/shared_weights.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Dimensions of a convolution's filter: of the blob where there is one, otherwise as the parameters and the input say.
NUQ_FUNCTION [[nodiscard]] inline std::size_t filter_dimensions(const Graph& graph, const Node& node) {
  if (!node.blobs.empty()) return node.blobs.front().shape.size();
  const ops::ConvolutionAttributes* const convolution = convolution_of(node);
  if (convolution != nullptr && convolution->window.kernel.size() > 1) return 2 + convolution->window.kernel.size();
  const std::size_t input = node.inputs.empty() ? 0 : graph.values[node.inputs.front()].shape.size();
  return input == 0 ? 4 : input;
}

NUQ_FUNCTION [[nodiscard]] inline std::string axis_obstacle(const Graph& graph, const Node& node) {
  const ops::ConvolutionAttributes* const convolution = convolution_of(node);
  if (convolution == nullptr || convolution->axis == 1) return {};
  const std::size_t rank = node.inputs.empty() ? 0 : graph.values[node.inputs.front()].shape.size();
  if (convolution->axis + static_cast<std::int64_t>(rank) == 1) return {};
  return "axis " + std::to_string(convolution->axis) + ": only axis 1 is supported";
}

NUQ_FUNCTION [[nodiscard]] inline std::string dilation_obstacle(const ops::ConvolutionAttributes& convolution,
                                                                const std::string& who) {
  for (const std::int64_t dilation : convolution.window.dilations) {
    if (dilation != 1) return "dilation " + std::to_string(dilation) + ": only dilation 1 is supported by " + who;
  }
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline std::string group_obstacle(const ops::ConvolutionAttributes& convolution,
                                                             const std::string& who) {
  const std::int64_t group = convolution.group.value_or(1);
  if (group == 1) return {};
  return "group " + std::to_string(group) + ": only group 1 is supported by " + who;
}

NUQ_DEFINITION std::string inner_product_obstacle(const ops::InnerProduct& product) {
  if (product.transposed_weights) return "transposed weights: only transpose: false is supported";
  if (product.axis != 1 && !product.matrix_product)
    return "axis " + std::to_string(product.axis) + ": only axis 1 is supported";
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline std::string type_obstacle(const Node& node, NuqScope scope) {
  if (has_weight_matrix(node)) return {};
  if (is_depthwise(node)) {
    return scope == NuqScope::extended ? "" : "layer type '" + node.type + "' is quantized in the extended scope alone";
  }
  if (is<ops::Pooling>(node) || is<ops::Eltwise>(node)) {
    return "layer type '" + node.type + "' has no weights and is computed as it stands";
  }
  if (!node.blobs.empty()) return "the weights of layer type '" + node.type + "' are not quantized";
  return "layer type '" + node.type + "' has no weights to quantize";
}

NUQ_FUNCTION [[nodiscard]] inline std::string quantization_obstacle(const Graph& graph, const Node& node,
                                                                    NuqScope scope) {
  if (!node.weights_obstacle.empty()) return node.weights_obstacle;
  if (const std::string obstacle = type_obstacle(node, scope); !obstacle.empty()) return obstacle;
  const bool has_weights_file = !graph.weights_file().empty();
  if (has_weights_file && node.blobs.empty()) return "the weights file has no blobs for it";
  if (node.inputs.size() > 1) return "it has " + std::to_string(node.inputs.size()) + " inputs: only one is supported";
  if (const auto* product = node.operation.get_if<ops::InnerProduct>()) return inner_product_obstacle(*product);
  if (const std::string obstacle = axis_obstacle(graph, node); !obstacle.empty()) return obstacle;
  if (const std::size_t dimensions = filter_dimensions(graph, node); dimensions < 3) {
    return "its filter has " + std::to_string(dimensions) + " dimensions: at least 3 are supported";
  }
  if (const auto* convolution = convolution_of(node); convolution->relu) {
    return "it ends in a ReLU of its own: only layers without one are supported";
  }
  const auto* const transposed = node.operation.get_if<ops::TransposedConvolution>();
  if (transposed == nullptr) return {};
  const std::string dilation = dilation_obstacle(*transposed, "the quantization of Deconvolution");
  return dilation.empty() ? group_obstacle(*transposed, "the quantization of Deconvolution") : dilation;
}

/// Of a layer that can be quantized.
NUQ_FUNCTION [[nodiscard]] inline std::string nuq_obstacle(const Node& node, NuqScope scope) {
  const auto* const convolution = node.operation.get_if<ops::Convolution>();
  if (scope == NuqScope::extended || is<ops::InnerProduct>(node)) return {};
  if (convolution == nullptr) return "Deconvolution: only Convolution and InnerProduct are supported by NUQ";
  const std::string group = group_obstacle(*convolution, "NUQ");
  return group.empty() ? dilation_obstacle(*convolution, "NUQ") : group;
}

/// Of a layer without regard to others that share its weights.
NUQ_FUNCTION [[nodiscard]] inline Eligibility eligibility_alone(const Graph& graph, const Node& node, NuqScope scope) {
  const std::string obstacle = quantization_obstacle(graph, node, scope);
  if (!obstacle.empty()) return {false, false, obstacle};
  const std::string few_levels_obstacle = nuq_obstacle(node, scope);
  return {true, few_levels_obstacle.empty(), few_levels_obstacle};
}

NUQ_FUNCTION [[nodiscard]] inline std::string reason_of_use(const Node& use, const Eligibility& eligibility) {
  return "it shares its weights with layer '" + use.name + "': " + eligibility.reason;
}

/// Of a Pooling layer: only its input can be quantized.
NUQ_FUNCTION [[nodiscard]] inline Eligibility pooling_eligibility(const ops::Pooling& pooling) {
  if (pooling.method != ops::PoolMethod::average) return {false, false, "Pooling: only pool AVE is supported"};
  if (pooling.global) return {false, false, "global_pooling: only Pooling with a kernel is supported"};
  return {true, false, "Pooling has no weights"};
}

}  // namespace detail

NUQ_DEFINITION Eligibility eligibility_of(const Graph& graph, const Node& node, NuqScope scope) {
  const Eligibility alone = detail::eligibility_alone(graph, node, scope);
  if (!alone.quantizable) return alone;
  if (const std::string obstacle = sharing_obstacle(graph, node); !obstacle.empty()) return {false, false, obstacle};
  Eligibility together = alone;
  for (const Node* const use : nodes_of_same_weights(graph, node)) {
    const Eligibility of_use = detail::eligibility_alone(graph, *use, scope);
    if (of_use.nuq) continue;
    const std::string reason = use == &node ? of_use.reason : detail::reason_of_use(*use, of_use);
    if (!of_use.quantizable) return {false, false, reason};
    if (together.nuq) together = {true, false, reason};
  }
  return together;
}

NUQ_DEFINITION Eligibility eligibility_if_named(const Graph& graph, const Node& node, NuqScope scope) {
  const auto* const pooling = node.operation.get_if<ops::Pooling>();
  return pooling != nullptr ? detail::pooling_eligibility(*pooling) : eligibility_of(graph, node, scope);
}

NUQ_DEFINITION std::string input_quantization_obstacle(const Graph& graph, const Node& node) {
  if (convolution_of(node) == nullptr) return {};
  const std::size_t dimensions = detail::filter_dimensions(graph, node);
  if (dimensions == 4) return {};
  return "its input cannot be quantized: its filter has " + std::to_string(dimensions) +
         " dimensions: only 4 are supported";
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_ELIGIBILITY_HPP
