#ifndef NUQ_WORKFLOW_DETAIL_SAY_HPP
#define NUQ_WORKFLOW_DETAIL_SAY_HPP

#include <cstdio>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Tells the user on standard error, in one line, that a result will differ from what was asked for.
NUQ_FUNCTION inline void say(const std::string& message) {
  std::fprintf(stderr, "[nuq] %s\n", message.c_str());
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_DETAIL_SAY_HPP
