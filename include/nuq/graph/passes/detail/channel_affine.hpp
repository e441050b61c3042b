#ifndef NUQ_GRAPH_PASSES_DETAIL_CHANNEL_AFFINE_HPP
#define NUQ_GRAPH_PASSES_DETAIL_CHANNEL_AFFINE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = x.
NUQ_FUNCTION [[nodiscard]] ChannelAffine identity_affine(std::size_t channels);

/// `second` after `first`.
NUQ_FUNCTION [[nodiscard]] ChannelAffine composed(ChannelAffine first, const ChannelAffine& second);

/// True if a padding of zeros stays one of zeros.
NUQ_FUNCTION [[nodiscard]] bool keeps_zero(const ChannelAffine& affine);

/// Where the channels of a blob are.
struct ChannelPlace {
  std::size_t channels;
  std::int64_t axis = 1;
  std::int64_t rank = 0;  ///< number of axes; 0 where that is not known
};

/// True for a Scale or Bias along the channels alone, whose axis may be counted from the end.
template <class Op>
[[nodiscard]] bool is_per_channel(const Op& op, const ChannelPlace& at) {
  return (op.axis == at.axis || op.axis + at.rank == at.axis) && op.num_axes == 1;
}

/// What a BatchNorm, Scale or Bias computes for each channel; nothing for other layers, along other axes, without
/// trained blobs, and for what is no such map. Throws ModelError for statistics that cannot be used.
NUQ_FUNCTION [[nodiscard]] std::optional<ChannelAffine> affine_of(const LayerRef& layer, const ChannelPlace& at);

/// What a Power of exponent 1 computes, the same for all channels; nothing for other layers.
NUQ_FUNCTION [[nodiscard]] std::optional<ChannelAffine> affine_of_power(const Node& node, std::size_t channels);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <algorithm>
#include <vector>

#include "nuq/core/tensor.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION ChannelAffine identity_affine(std::size_t channels) {
  return {std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
}

NUQ_DEFINITION ChannelAffine composed(ChannelAffine first, const ChannelAffine& second) {
  for (std::size_t channel = 0; channel < first.factor.size(); ++channel) {
    first.factor[channel] *= second.factor[channel];
    first.offset[channel] = first.offset[channel] * second.factor[channel] + second.offset[channel];
  }
  return first;
}

NUQ_DEFINITION bool keeps_zero(const ChannelAffine& affine) {
  return std::all_of(affine.offset.begin(), affine.offset.end(), [](double offset) { return offset == 0.0; });
}

/// True for exactly `count` blobs of one value per channel.
NUQ_FUNCTION [[nodiscard]] inline bool has_channel_blobs(const Node& node, std::size_t count, std::size_t channels) {
  return node.blobs.size() == count && std::all_of(node.blobs.begin(), node.blobs.end(),
                                                   [&](const Tensor& blob) { return blob.values.size() == channels; });
}

/// Blobs {γ} or {γ, β}: y = γ · x + β.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ChannelAffine> scale_affine(const ops::Scale& scale, const Node& node,
                                                                            const ChannelPlace& at) {
  const std::size_t blobs = scale.bias ? 2 : 1;
  if (!is_per_channel(scale, at) || !has_channel_blobs(node, blobs, at.channels)) return std::nullopt;
  ChannelAffine affine = identity_affine(at.channels);
  affine.factor.assign(node.blobs[0].values.begin(), node.blobs[0].values.end());
  if (blobs == 2) affine.offset.assign(node.blobs[1].values.begin(), node.blobs[1].values.end());
  return affine;
}

/// Blob {β}: y = x + β.
NUQ_FUNCTION [[nodiscard]] inline std::optional<ChannelAffine> bias_affine(const ops::Bias& bias, const Node& node,
                                                                           const ChannelPlace& at) {
  if (!is_per_channel(bias, at) || !has_channel_blobs(node, 1, at.channels)) return std::nullopt;
  ChannelAffine affine = identity_affine(at.channels);
  affine.offset.assign(node.blobs[0].values.begin(), node.blobs[0].values.end());
  return affine;
}

NUQ_DEFINITION std::optional<ChannelAffine> affine_of(const LayerRef& layer, const ChannelPlace& at) {
  const Node& node = layer.node;
  if (!node.obstacle.empty()) return std::nullopt;
  if (const auto* scale = node.operation.get_if<ops::Scale>()) return scale_affine(*scale, node, at);
  if (const auto* bias = node.operation.get_if<ops::Bias>()) return bias_affine(*bias, node, at);
  const auto* const norm = node.operation.get_if<ops::BatchNorm>();
  if (norm == nullptr || norm->batch_statistics || norm->relu || at.axis != 1) return std::nullopt;
  if (node.blobs.empty() || node.blobs.front().values.size() != at.channels) return std::nullopt;
  return batch_norm_affine(*norm, layer);
}

NUQ_DEFINITION std::optional<ChannelAffine> affine_of_power(const Node& node, std::size_t channels) {
  const auto* const power = node.operation.get_if<ops::Power>();
  if (power == nullptr || power->power != 1.0F || !node.obstacle.empty()) return std::nullopt;
  return ChannelAffine{std::vector<double>(channels, static_cast<double>(power->scale)),
                       std::vector<double>(channels, static_cast<double>(power->shift))};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_DETAIL_CHANNEL_AFFINE_HPP
