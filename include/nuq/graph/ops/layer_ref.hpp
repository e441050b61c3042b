#ifndef NUQ_GRAPH_OPS_LAYER_REF_HPP
#define NUQ_GRAPH_OPS_LAYER_REF_HPP

#include <string>
#include <string_view>

#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer as the layer rules see it: the node, and the file that messages name. Converts from a `Node`; refers to
/// both.
struct LayerRef {
  LayerRef(const Node& layer, std::string_view model_file = {}) : node(layer), file(model_file) {}

  [[nodiscard]] const schema::LayerParameter& parameter() const noexcept { return node.parameter; }

  /// Throws ModelError `file: layer 'name': problem`.
  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const {
    const std::string place = file.empty() ? std::string() : std::string(file) + ": ";
    detail::fail(ModelError(code, place + "layer '" + node.name + "': " + problem));
  }

  const Node& node;
  std::string_view file;
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_LAYER_REF_HPP
