#ifndef NUQ_GRAPH_LAYER_ERROR_HPP
#define NUQ_GRAPH_LAYER_ERROR_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Throws ModelError `file: layer 'name': problem`.
NUQ_FUNCTION [[noreturn]] void fail_layer(ErrorCode code, const std::string& file, const std::string& layer,
                                          const std::string& problem);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void fail_layer(ErrorCode code, const std::string& file, const std::string& layer,
                               const std::string& problem) {
  fail(ModelError(code, file + ": layer '" + layer + "': " + problem));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_LAYER_ERROR_HPP
