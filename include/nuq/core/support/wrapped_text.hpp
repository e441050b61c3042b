#ifndef NUQ_CORE_SUPPORT_WRAPPED_TEXT_HPP
#define NUQ_CORE_SUPPORT_WRAPPED_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Columns of a terminal that nobody has said the width of.
inline constexpr std::size_t usual_columns = 80;

/// Columns that UTF-8 text takes, one a character.
NUQ_FUNCTION [[nodiscard]] std::size_t columns_of_text(std::string_view text) noexcept;

/// Text in lines of at most `columns`, broken between words alone; all but the first begin with `indent` spaces. The
/// first goes on at column `start`, as a rule behind a title.
NUQ_FUNCTION [[nodiscard]] std::string wrapped_text(std::string_view text, std::size_t columns, std::size_t indent = 0,
                                                    std::size_t start = 0);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_DEFINITION std::size_t columns_of_text(std::string_view text) noexcept {
  std::size_t columns = 0;
  for (const char byte : text) columns += (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U ? 0 : 1;
  return columns;
}

NUQ_DEFINITION std::string wrapped_text(std::string_view text, std::size_t columns, std::size_t indent,
                                        std::size_t start) {
  std::string lines;
  std::size_t column = start;
  bool begins_line = true;
  while (!text.empty()) {
    const std::size_t end = (text.find(' ') == std::string_view::npos) ? text.size() : text.find(' ');
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == text.size() ? end : end + 1);
    if (word.empty()) continue;
    const std::size_t width = columns_of_text(word);
    const std::size_t space = begins_line ? 0 : 1;
    if (!begins_line && column + space + width > columns) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else {
      lines += std::string(space, ' ');
      column += space;
    }
    lines += word;
    column += width;
    begins_line = false;
  }
  return lines;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_SUPPORT_WRAPPED_TEXT_HPP
