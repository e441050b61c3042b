#ifndef NUQ_CORE_SUPPORT_ENDS_WITH_HPP
#define NUQ_CORE_SUPPORT_ENDS_WITH_HPP

#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// As C++20's std::string_view::ends_with.
NUQ_FUNCTION [[nodiscard]] inline bool ends_with(std::string_view text, std::string_view ending) noexcept {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ENDS_WITH_HPP
