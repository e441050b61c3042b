#ifndef NUQ_GRAPH_OPS_LAYER_CONTEXT_HPP
#define NUQ_GRAPH_OPS_LAYER_CONTEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What the rules of an operation see of the layer that has it: names for messages, trained blobs, the number of
/// outputs. Refers to the layer.
struct LayerContext {
  const std::string& name;
  const std::string& type;  ///< as the network's own format calls it
  const std::vector<Tensor>& blobs;
  std::size_t outputs;
  std::string_view file;  ///< the network's file, may be empty

  /// Throws ModelError `file: layer 'name': problem`.
  NUQ_FUNCTION [[noreturn]] void fail(ErrorCode code, const std::string& problem) const {
    const std::string place = file.empty() ? std::string() : std::string(file) + ": ";
    detail::fail(ModelError(code, place + "layer '" + name + "': " + problem));
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_LAYER_CONTEXT_HPP
