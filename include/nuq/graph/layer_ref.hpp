#ifndef NUQ_GRAPH_LAYER_REF_HPP
#define NUQ_GRAPH_LAYER_REF_HPP

#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer as an engine loads it: the whole node, and the file that messages name. Converts from a `Node`; refers to
/// both.
struct LayerRef : LayerContext {
  NUQ_FUNCTION LayerRef(const Node& layer, std::string_view model_file = {})
      : LayerContext{layer.name, layer.type, layer.blobs, layer.outputs.size(), model_file}, node(layer) {}

  /// The operation of a layer that is known to have one of this kind.
  template <class Op>
  [[nodiscard]] const Op& operation() const {
    return node.operation.get<Op>();
  }
  /// What the network's own format says of a layer of unknown type; empty for others.
  NUQ_FUNCTION [[nodiscard]] std::string_view text() const noexcept;

  const Node& node;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string_view LayerRef::text() const noexcept {
  const auto* const unknown = node.operation.get_if<ops::Unknown>();
  return unknown == nullptr ? std::string_view() : std::string_view(unknown->text);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_LAYER_REF_HPP
