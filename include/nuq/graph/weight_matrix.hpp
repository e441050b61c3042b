#ifndef NUQ_GRAPH_WEIGHT_MATRIX_HPP
#define NUQ_GRAPH_WEIGHT_MATRIX_HPP

#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// [first × second × inner] → [second × first × inner].
template <class T>
[[nodiscard]] std::vector<T> swap_leading_axes(ArrayView<const T> values, std::size_t first, std::size_t second) {
  std::vector<T> swapped;
  swapped.reserve(values.size());
  const std::size_t inner = values.empty() ? 0 : values.size() / (first * second);
  for (std::size_t j = 0; j < second; ++j) {
    for (std::size_t i = 0; i < first; ++i) {
      const T* const run = values.data() + (i * second + j) * inner;
      swapped.insert(swapped.end(), run, run + inner);
    }
  }
  return swapped;
}

/// A Deconvolution's filter is [in, out, kh, kw], with the output channels second.
NUQ_FUNCTION [[nodiscard]] bool has_input_first(const Node& node);

}  // namespace detail

/// The weights of a Convolution, Deconvolution (group 1) or InnerProduct as a matrix [out × in]: one row per output
/// channel. Refers to the node's own blob, except for Deconvolution, whose weights are copied into that order.
class WeightMatrix {
 public:
  /// `node` must live as long as the matrix. Throws ModelError missing the weights.
  NUQ_FUNCTION explicit WeightMatrix(const Node& node);

  NUQ_FUNCTION [[nodiscard]] MatrixView<const float> view() const noexcept;

 private:
  const std::vector<float>* weights_ = nullptr;
  std::vector<float> copy_;
  std::size_t rows_ = 0;
};

/// Puts the entries of a matrix [out × in] back into the order of the node's weight blob: the inverse of
/// `WeightMatrix`.
template <class T>
[[nodiscard]] std::vector<T> blob_layout(const Node& node, std::vector<T> matrix) {
  if (!detail::has_input_first(node)) return matrix;
  const Shape& shape = node.blobs.front().shape;
  return detail::swap_leading_axes<T>(matrix, static_cast<std::size_t>(shape[1]), static_cast<std::size_t>(shape[0]));
}

/// Of the weights of a Convolution or Deconvolution; 1 × 1 for an InnerProduct. All axes of a kernel but the last are
/// its rows.
NUQ_FUNCTION [[nodiscard]] KernelExtents kernel_of(const Node& node);

/// False for a layer of which only the input is quantized: Pooling.
NUQ_FUNCTION [[nodiscard]] bool quantizes_weights(const Node& node) noexcept;

/// Whether a layer has a single scale whatever its plan says.
NUQ_FUNCTION [[nodiscard]] bool has_one_scale(const Node& node) noexcept;

/// One scale per output channel unless the plan or the layer's type says otherwise.
NUQ_FUNCTION [[nodiscard]] Granularity granularity_of(const Node& node, const LayerPlan& plan) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <string>

#include "nuq/graph/ops/axis.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION bool has_input_first(const Node& node) {
  return is<ops::TransposedConvolution>(node);
}

}  // namespace detail

NUQ_DEFINITION WeightMatrix::WeightMatrix(const Node& node) {
  if (node.blobs.empty() || node.blobs.front().shape.size() < 2) {
    detail::fail(ModelError(ErrorCode::unsupported_layer, "layer '" + node.name + "': has no weight matrix"));
  }
  const Tensor& weights = node.blobs.front();
  const auto first = static_cast<std::size_t>(weights.shape[0]);
  const auto second = static_cast<std::size_t>(weights.shape[1]);
  weights_ = &weights.values;
  rows_ = first;
  if (detail::has_input_first(node)) {
    copy_ = detail::swap_leading_axes<float>(weights.values, first, second);
    rows_ = second;
  }
}

NUQ_DEFINITION MatrixView<const float> WeightMatrix::view() const noexcept {
  const std::vector<float>& values = copy_.empty() ? *weights_ : copy_;
  return {values.data(), rows_, rows_ == 0 ? 0 : values.size() / rows_};
}

NUQ_DEFINITION KernelExtents kernel_of(const Node& node) {
  const Shape& shape = node.blobs.front().shape;
  if (shape.size() < 3) return {};
  return {static_cast<std::size_t>(extent_product(shape, 2, shape.size() - 1)), static_cast<std::size_t>(shape.back())};
}

NUQ_DEFINITION bool quantizes_weights(const Node& node) noexcept {
  return !is<ops::Pooling>(node);
}

NUQ_DEFINITION bool has_one_scale(const Node& node) noexcept {
  return is<ops::InnerProduct>(node) || is<ops::Pooling>(node);
}

NUQ_DEFINITION Granularity granularity_of(const Node& node, const LayerPlan& plan) noexcept {
  return plan.channel_wise && !has_one_scale(node) ? Granularity::per_channel : Granularity::per_tensor;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_WEIGHT_MATRIX_HPP
