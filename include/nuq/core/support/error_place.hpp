#ifndef NUQ_CORE_SUPPORT_ERROR_PLACE_HPP
#define NUQ_CORE_SUPPORT_ERROR_PLACE_HPP

#include <string>

#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Returns `body()`; puts `place` ("net.caffemodel: layer 'conv1'") in front of the message of a ModelError or
/// ConfigError from inside, which knows nothing of files and layers.
template <class Body>
decltype(auto) with_error_place(const std::string& place, Body&& body) {
#if NUQ_HAS_EXCEPTIONS
  try {
    return body();
  } catch (const ModelError& error) {
    fail(ModelError(error.code(), place + ": " + error.message()));
  } catch (const ConfigError& error) {
    fail(ConfigError(error.code(), place + ": " + error.message()));
  }
#else
  static_cast<void>(place);
  return body();
#endif
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ERROR_PLACE_HPP
