#ifndef NUQ_CORE_SUPPORT_PRINTABLE_TEXT_HPP
#define NUQ_CORE_SUPPORT_PRINTABLE_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Longest word of a message, a name as a rule.
inline constexpr std::size_t most_word_bytes = 200;
inline constexpr std::size_t most_message_bytes = 2000;

/// Text from a file as it may go to a terminal: line breaks and tabs become spaces, other control characters and bytes
/// that are no UTF-8 become \xNN. Of more than `most_bytes` the middle is left out, of characters none.
NUQ_FUNCTION [[nodiscard]] std::string printable_text(std::string_view text, std::size_t most_bytes = most_word_bytes);

/// The same of a message, of which each word is cut, too.
NUQ_FUNCTION [[nodiscard]] std::string printable_message(std::string_view message);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Bytes of the character that begins a text, by RFC 3629; 0 where it is no UTF-8 or a control character.
NUQ_FUNCTION [[nodiscard]] inline std::size_t printable_bytes(std::string_view text) noexcept {
  const auto byte = [text](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(0);
  if (first < 0x80U) return first >= 0x20U && first != 0x7FU ? 1 : 0;
  const std::size_t size = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || size > text.size()) return 0;
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned char second = byte(1);
  const bool is_outside = (first == 0xE0U && second < 0xA0U) || (first == 0xEDU && second > 0x9FU) ||
                          (first == 0xF0U && second < 0x90U) || (first == 0xF4U && second > 0x8FU) ||
                          (first == 0xC2U && second < 0xA0U);  // the last: control characters beyond ASCII
  return is_outside ? 0 : size;
}

NUQ_FUNCTION [[nodiscard]] inline bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Leaves the middle out, a third of `most_bytes` at the end.
NUQ_FUNCTION [[nodiscard]] inline std::string shortened(const std::string& text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t head = most_bytes - most_bytes / 3;
  std::size_t tail = text.size() - most_bytes / 3;
  while (head > 0 && continues_character(text[head])) --head;
  while (tail < text.size() && continues_character(text[tail])) ++tail;
  return text.substr(0, head) + "…" + text.substr(tail);
}

NUQ_DEFINITION std::string printable_text(std::string_view text, std::size_t most_bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string printable;
  while (!text.empty()) {
    const std::size_t size = printable_bytes(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (size > 0) {
      printable += text.substr(0, size);
    } else if (byte == '\n' || byte == '\r' || byte == '\t') {
      printable += ' ';
    } else {
      printable += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xFU]};
    }
    text.remove_prefix(size > 0 ? size : 1);
  }
  return shortened(printable, most_bytes);
}

NUQ_DEFINITION std::string printable_message(std::string_view message) {
  std::string printable;
  while (!message.empty()) {
    const std::size_t end = message.find_first_of(" \n\r\t");
    printable += printable_text(message.substr(0, end));
    if (end != std::string_view::npos) printable += ' ';
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  }
  return shortened(printable, most_message_bytes);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_SUPPORT_PRINTABLE_TEXT_HPP
