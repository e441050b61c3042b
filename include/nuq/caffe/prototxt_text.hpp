#ifndef NUQ_CAFFE_PROTOTXT_TEXT_HPP
#define NUQ_CAFFE_PROTOTXT_TEXT_HPP

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Where a value of a protobuf text-format message stands in the text, as half-open offsets.
struct TextField {
  std::string_view name;
  std::size_t begin = 0;        ///< first character of the name; of the value inside a list
  std::size_t end = 0;          ///< past the value and its separator, if any
  std::size_t value_begin = 0;  ///< a scalar with its quotes, or the inside of the braces
  std::size_t value_end = 0;
  bool is_message = false;
  bool in_list = false;  ///< one of several values of `name: [a, b]`
};

/// The fields of the message between two offsets of a text (by default the whole text), in order, a list's values one
/// by one. Whatever protobuf's text parser accepts is understood. Throws ModelError malformed_file where brackets or
/// quotes do not match.
NUQ_FUNCTION [[nodiscard]] std::vector<TextField> text_fields(std::string_view text, std::size_t begin = 0,
                                                              std::size_t end = std::string_view::npos);

/// The value under a path of field names: a scalar as it is written, with its quotes, or the inside of a message's
/// braces. Of a field that stands there more than once, the last; nothing where there is none. Throws as `text_fields`.
NUQ_FUNCTION [[nodiscard]] std::optional<std::string_view> text_value(std::string_view text,
                                                                      std::initializer_list<std::string_view> path);

/// Replacements in a text, applied together; everything between them stays verbatim.
class TextEdits {
 public:
  /// Replaces [begin, end); an empty range inserts. Insertions at one place keep their order; ranges must not overlap.
  NUQ_FUNCTION void replace(std::size_t begin, std::size_t end, std::string replacement);

  /// Inserts a new line `content` after offset `end`, behind a comment that ends the line there.
  NUQ_FUNCTION void insert_line_after(std::string_view text, std::size_t end, const std::string& content);

  /// Removes [begin, end) and, where it stands alone on its lines, the indentation before and the line break after it.
  NUQ_FUNCTION void remove_lines(std::string_view text, std::size_t begin, std::size_t end);

  NUQ_FUNCTION [[nodiscard]] std::string apply(std::string_view text) const;

 private:
  struct Edit {
    std::size_t begin;
    std::size_t end;
    std::string replacement;
  };

  NUQ_FUNCTION [[nodiscard]] static std::size_t skip_spaces(std::string_view text, std::size_t at);

  std::vector<Edit> edits_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <tuple>
#include <utility>

#include "nuq/core/support/byte_order_mark.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Finds the fields of a text-format message without a schema. Does not recurse, so deep nesting costs no stack.
class TextFieldScanner {
 public:
  NUQ_FUNCTION TextFieldScanner(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text.substr(0, end)), at_(begin) {
    if (at_ == 0) at_ = text_.size() - without_byte_order_mark(text_).size();
  }

  NUQ_FUNCTION [[nodiscard]] std::vector<TextField> scan() && {
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) scan_field();
    return std::move(fields_);
  }

 private:
  NUQ_FUNCTION void scan_field() {
    const std::size_t begin = at_;
    peek() == '[' ? skip_balanced() : skip_word();
    const std::string_view name = text_.substr(begin, at_ - begin);
    skip_blanks();
    if (peek() == ':') ++at_;
    skip_blanks();
    if (peek() == '[') return scan_list(name);
    scan_value(name);
    fields_.back().begin = begin;
    if (skip_separator()) fields_.back().end = at_;
  }

  NUQ_FUNCTION void scan_list(std::string_view name) {
    ++at_;
    for (skip_blanks(); peek() != ']'; skip_blanks()) {
      scan_value(name);
      fields_.back().in_list = true;
      static_cast<void>(skip_separator());
    }
    ++at_;
    static_cast<void>(skip_separator());
  }

  NUQ_FUNCTION void scan_value(std::string_view name) {
    const std::size_t begin = at_;
    const bool is_message = is_one_of(peek(), "{<");
    if (is_message)
      skip_balanced();
    else if (is_one_of(peek(), "\"'"))
      skip_strings();
    else
      skip_number_or_word();
    const std::size_t brace = is_message ? 1 : 0;
    fields_.push_back({name, begin, at_, begin + brace, at_ - brace, is_message, false});
  }

  /// Skips blanks and one separator; back to where it was if there is none.
  NUQ_FUNCTION [[nodiscard]] bool skip_separator() {
    const std::size_t begin = at_;
    skip_blanks();
    const bool found = is_one_of(peek(), ",;");
    at_ = found ? at_ + 1 : begin;
    return found;
  }
  NUQ_FUNCTION void skip_blanks() {
    while (at_ < text_.size() && is_one_of(peek(), "# \t\n\r\v\f")) {
      at_ = peek() == '#' ? (std::min)(text_.find('\n', at_), text_.size()) : at_ + 1;
    }
  }
  NUQ_FUNCTION void skip_word() {
    const std::size_t begin = at_;
    while (is_word(peek())) ++at_;
    if (at_ == begin) fail_here("unexpected character or end");
  }
  NUQ_FUNCTION void skip_number_or_word() {
    if (peek() == '-') ++at_;
    skip_blanks();
    skip_word();
  }
  /// A string, and those right after it, which belong to the same value.
  NUQ_FUNCTION void skip_strings() {
    std::size_t end = at_;
    while (is_one_of(peek(), "\"'")) {
      skip_string();
      end = at_;
      skip_blanks();
    }
    at_ = end;
  }
  NUQ_FUNCTION void skip_string() {
    const char quote = text_[at_++];
    while (peek() != quote) {
      if (at_ >= text_.size() || peek() == '\n') fail_here("unterminated string");
      at_ += peek() == '\\' ? 2U : 1U;
    }
    ++at_;
  }
  NUQ_FUNCTION void skip_balanced() {
    int depth = 0;
    do {
      skip_blanks();
      if (at_ >= text_.size()) fail_here("unclosed bracket");
      if (is_one_of(peek(), "\"'")) {
        skip_string();
        continue;
      }
      if (is_one_of(peek(), "{<[")) ++depth;
      if (is_one_of(peek(), "}>]")) --depth;
      ++at_;
    } while (depth > 0);
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  NUQ_FUNCTION [[nodiscard]] static bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
  }
  NUQ_FUNCTION [[nodiscard]] static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || is_one_of(c, "_.-+");
  }
  NUQ_FUNCTION [[noreturn]] void fail_here(const char* problem) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    fail(ModelError(ErrorCode::malformed_file, "prototxt line " + std::to_string(line) + ": " + problem));
  }

  std::string_view text_;
  std::size_t at_;
  std::vector<TextField> fields_;
};

}  // namespace detail

NUQ_DEFINITION std::vector<TextField> text_fields(std::string_view text, std::size_t begin, std::size_t end) {
  return detail::TextFieldScanner(text, begin, end).scan();
}

NUQ_DEFINITION std::optional<std::string_view> text_value(std::string_view text,
                                                          std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    const std::vector<TextField> fields = text_fields(text);
    const auto field =
        std::find_if(fields.rbegin(), fields.rend(), [name](const TextField& f) { return f.name == name; });
    if (field == fields.rend()) return std::nullopt;
    text = text.substr(field->value_begin, field->value_end - field->value_begin);
  }
  return text;
}

NUQ_DEFINITION void TextEdits::replace(std::size_t begin, std::size_t end, std::string replacement) {
  edits_.push_back({begin, end, std::move(replacement)});
}

NUQ_DEFINITION void TextEdits::insert_line_after(std::string_view text, std::size_t end, const std::string& content) {
  const std::size_t rest = skip_spaces(text, end);
  if (rest < text.size() && text[rest] == '#') {
    end = (std::min)(text.find('\n', rest), text.size());
    if (text[end - 1] == '\r') --end;
  }
  replace(end, end, "\n" + content);
}

NUQ_DEFINITION void TextEdits::remove_lines(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t before = text.substr(0, begin).find_last_not_of(" \t");
  const std::size_t line_begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t line_end = skip_spaces(text, end);
  const bool alone =
      (line_begin == 0 || text[line_begin - 1] == '\n') && (line_end == text.size() || text[line_end] == '\n');
  if (alone)
    replace(line_begin, (std::min)(line_end + 1, text.size()), "");
  else
    replace(begin, end, "");
}

NUQ_DEFINITION std::string TextEdits::apply(std::string_view text) const {
  std::vector<Edit> sorted = edits_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Edit& a, const Edit& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::string result;
  std::size_t at = 0;
  for (const Edit& edit : sorted) {
    result.append(text.substr(at, edit.begin - at)).append(edit.replacement);
    at = edit.end;
  }
  return result.append(text.substr(at));
}

NUQ_DEFINITION std::size_t TextEdits::skip_spaces(std::string_view text, std::size_t at) {
  return (std::min)(text.find_first_not_of(" \t\r", at), text.size());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_PROTOTXT_TEXT_HPP
