#ifndef NUQ_GRAPH_LAYER_ERROR_HPP
#define NUQ_GRAPH_LAYER_ERROR_HPP

#include <cstddef>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Throws ModelError `file: layer 'name': problem`.
NUQ_FUNCTION [[noreturn]] void fail_layer(ErrorCode code, const std::string& file, const std::string& layer,
                                          const std::string& problem);

/// What an error says of a layer, without the place.
NUQ_FUNCTION [[nodiscard]] std::string problem_of(const Error& error, const std::string& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void fail_layer(ErrorCode code, const std::string& file, const std::string& layer,
                               const std::string& problem) {
  fail(ModelError(code, file + ": layer '" + layer + "': " + problem));
}

NUQ_DEFINITION std::string problem_of(const Error& error, const std::string& layer) {
  const std::string message = error.message();
  const std::string place = "layer '" + layer + "': ";
  const std::size_t at = message.find(place);
  return at == std::string::npos ? message : message.substr(at + place.size());
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_LAYER_ERROR_HPP
