#ifndef NUQ_ENGINE_DETAIL_LAYER_WORK_HPP
#define NUQ_ENGINE_DETAIL_LAYER_WORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/multiplications.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// About how many multiply-adds a layer takes, to tell whether it is worth several threads.
class LayerWork {
 public:
  /// Of a node with its blobs. Nothing is known of the user's own layers: they count as large.
  NUQ_FUNCTION LayerWork(const Node& node, const CustomLayers& custom) {
    is_custom_ = std::any_of(custom.loaders.begin(), custom.loaders.end(),
                             [&](const CustomLayerLoader& loader) { return loader.type == node.type; });
    is_scattered_ = is<ops::TransposedConvolution>(node);
    weights_per_value_ = weights_per_value(node);
  }

  /// For tensors of given sizes.
  NUQ_FUNCTION [[nodiscard]] std::int64_t operator()(ArrayView<const TensorView> inputs,
                                                     ArrayView<const TensorView> outputs) const {
    if (is_custom_) return (std::numeric_limits<std::int64_t>::max)();
    if (weights_per_value_ > 0) return weights_per_value_ * size_of(is_scattered_ ? inputs : outputs);
    return work_per_plain_value * (size_of(inputs) + size_of(outputs));
  }

 private:
  /// Of layers without weights, for each value read or written: a window's maximum takes about as long.
  static constexpr std::int64_t work_per_plain_value = 32;

  NUQ_FUNCTION [[nodiscard]] static std::int64_t size_of(ArrayView<const TensorView> tensors) noexcept {
    std::size_t size = 0;
    for (const TensorView& tensor : tensors) size += tensor.values.size();
    return static_cast<std::int64_t>(size);
  }

  bool is_custom_ = false;
  bool is_scattered_ = false;           // every input value, not every output value, meets the weights
  std::int64_t weights_per_value_ = 0;  // 0: a layer without weights
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_LAYER_WORK_HPP
