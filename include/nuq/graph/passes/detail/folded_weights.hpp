#ifndef NUQ_GRAPH_PASSES_DETAIL_FOLDED_WEIGHTS_HPP
#define NUQ_GRAPH_PASSES_DETAIL_FOLDED_WEIGHTS_HPP

#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How the weights of a Convolution or InnerProduct [out, in / group, kernel…] or of a Deconvolution [in, out / group,
/// kernel…] lie in memory.
struct WeightLayout {
  NUQ_FUNCTION explicit WeightLayout(const Node& node)
      : transposed(is<ops::TransposedConvolution>(node)),
        groups(groups_of(node)),
        rows(static_cast<std::size_t>(node.blobs.front().shape[0])),
        columns(static_cast<std::size_t>(node.blobs.front().shape[1])),
        rank(node.blobs.front().shape.size()),
        kernel(node.blobs.front().values.size() / (rows * columns)) {}

  NUQ_FUNCTION [[nodiscard]] static std::size_t groups_of(const Node& node);
  [[nodiscard]] std::size_t outputs() const noexcept { return transposed ? columns * groups : rows; }
  [[nodiscard]] std::size_t inputs() const noexcept { return transposed ? rows : columns * groups; }

  bool transposed;
  std::size_t groups;
  std::size_t rows;
  std::size_t columns;  ///< of one group
  std::size_t rank;     ///< axes, as many as those of the layer's input and output
  std::size_t kernel;   ///< weights between one input and one output channel
};

/// A layer's bias, zero where it has none.
NUQ_FUNCTION [[nodiscard]] std::vector<double> bias_of(const Node& node, std::size_t outputs);

/// Puts `affine`, one value per output channel, behind a layer: W' = W · factor and b' = b · factor + offset, in
/// double. False, and nothing changed, if a result is not finite.
NUQ_FUNCTION [[nodiscard]] bool fold_behind(Node& node, const ChannelAffine& affine);

/// Puts `affine`, one value per input channel, in front of a Convolution without padding or an InnerProduct:
/// W' = W · factor and b'[o] = b[o] + Σ W[o, i, …] · offset[i], in double. Exact for all layers where every offset is
/// 0. False, and nothing changed, if a result is not finite. A product of matrices without a bias stays so.
NUQ_FUNCTION [[nodiscard]] bool fold_before(Node& node, const ChannelAffine& affine);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <cstdint>
#include <utility>

#include "nuq/core/finite.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/quantize/scales/row_scales.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::size_t WeightLayout::groups_of(const Node& node) {
  const ops::ConvolutionAttributes* const convolution = convolution_of(node);
  return convolution == nullptr ? 1 : static_cast<std::size_t>(convolution->group.value_or(1));
}

/// Calls visit(output channel, input channel, index of the first weight) for each kernel, in the order of memory.
template <class Visit>
void for_each_kernel(const WeightLayout& layout, Visit&& visit) {
  std::size_t first = 0;
  for (std::size_t row = 0; row < layout.rows; ++row) {
    const std::size_t group_begin = row / (layout.rows / layout.groups) * layout.columns;
    for (std::size_t column = group_begin; column < group_begin + layout.columns; ++column) {
      layout.transposed ? visit(column, row, first) : visit(row, column, first);
      first += layout.kernel;
    }
  }
}

/// Calls visit(output channel, index of the first weight, weights) for each run of weights of one output channel.
template <class Visit>
void for_each_output_run(const WeightLayout& layout, Visit&& visit) {
  if (layout.transposed) {
    for_each_kernel(layout,
                    [&](std::size_t output, std::size_t, std::size_t first) { visit(output, first, layout.kernel); });
    return;
  }
  const std::size_t run = layout.columns * layout.kernel;
  for (std::size_t row = 0; row < layout.rows; ++row) visit(row, row * run, run);
}

NUQ_DEFINITION std::vector<double> bias_of(const Node& node, std::size_t outputs) {
  if (node.blobs.size() < 2) return std::vector<double>(outputs, 0.0);
  return {node.blobs[1].values.begin(), node.blobs[1].values.end()};
}

template <class Op>
void declare_bias_of(Node& node) {
  if (!is<Op>(node)) return;
  Op operation = node.operation.get<Op>();
  operation.bias = true;
  node.operation = std::move(operation);
}

/// Marks an inner product or a convolution as one with a bias.
NUQ_FUNCTION inline void declare_bias(Node& node) {
  declare_bias_of<ops::InnerProduct>(node);
  declare_bias_of<ops::Convolution>(node);
  declare_bias_of<ops::TransposedConvolution>(node);
}

/// Gives a layer a bias. False, and nothing changed, if a value is not finite.
NUQ_FUNCTION [[nodiscard]] inline bool take_over(Node& node, const std::vector<double>& bias) {
  Tensor rounded(node.blobs.size() < 2 ? Shape{static_cast<std::int64_t>(bias.size())} : node.blobs[1].shape);
  std::transform(bias.begin(), bias.end(), rounded.values.begin(),
                 [](double value) { return static_cast<float>(value); });
  if (!all_finite(rounded.values)) return false;
  node.blobs.resize(2);
  node.blobs[1] = std::move(rounded);
  declare_bias(node);
  return true;
}

NUQ_DEFINITION bool fold_behind(Node& node, const ChannelAffine& affine) {
  const WeightLayout layout(node);
  const auto scaled = [](float weight, double factor) {
    return static_cast<float>(static_cast<double>(weight) * factor);
  };
  bool stays_finite = true;  // rounding is monotone: where the largest is finite, all are
  for_each_output_run(layout, [&](std::size_t output, std::size_t first, std::size_t count) {
    const float largest = largest_magnitude({node.blobs.front().values.data() + first, count});
    stays_finite = stays_finite && is_finite(scaled(largest, affine.factor[output]));
  });
  std::vector<double> bias = bias_of(node, layout.outputs());
  for (std::size_t output = 0; output < bias.size(); ++output)
    bias[output] = bias[output] * affine.factor[output] + affine.offset[output];
  if (!stays_finite || !take_over(node, bias)) return false;
  for_each_output_run(layout, [&](std::size_t output, std::size_t first, std::size_t count) {
    float* const begin = node.blobs.front().values.data() + first;
    std::transform(begin, begin + count, begin,
                   [&scaled, factor = affine.factor[output]](float weight) { return scaled(weight, factor); });
  });
  return true;
}

NUQ_DEFINITION bool fold_before(Node& node, const ChannelAffine& affine) {
  const WeightLayout layout(node);
  Tensor weights = node.blobs.front();
  std::vector<double> bias = bias_of(node, layout.outputs());
  for_each_kernel(layout, [&](std::size_t output, std::size_t input, std::size_t first) {
    double sum = 0.0;
    for (std::size_t index = first; index < first + layout.kernel; ++index) {
      float& weight = weights.values[index];
      sum += static_cast<double>(weight);
      weight = static_cast<float>(static_cast<double>(weight) * affine.factor[input]);
    }
    bias[output] += sum * affine.offset[input];
  });
  const auto* const product = node.operation.get_if<ops::InnerProduct>();
  const bool stays_without_bias = product != nullptr && product->matrix_product && !product->bias;
  if (!all_finite(weights.values) || !(stays_without_bias || take_over(node, bias))) return false;
  node.blobs[0] = std::move(weights);
  return true;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_DETAIL_FOLDED_WEIGHTS_HPP
