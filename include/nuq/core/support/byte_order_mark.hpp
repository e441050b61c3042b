#ifndef NUQ_CORE_SUPPORT_BYTE_ORDER_MARK_HPP
#define NUQ_CORE_SUPPORT_BYTE_ORDER_MARK_HPP

#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A text without the UTF-8 byte order mark that some editors put in front.
[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view text) noexcept {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.substr(0, mark.size()) == mark ? text.substr(mark.size()) : text;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_BYTE_ORDER_MARK_HPP
