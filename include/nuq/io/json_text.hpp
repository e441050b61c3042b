#ifndef NUQ_IO_JSON_TEXT_HPP
#define NUQ_IO_JSON_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How JSON text is laid out.
struct JsonStyle {
  int indent = -1;     ///< spaces per level; -1: everything in one line without spaces
  bool ascii = false;  ///< all beyond ASCII escaped by four hexadecimal digits
  bool rows = false;   ///< arrays of numbers in one line, whatever the indent
};

namespace detail {

struct JsonProblem {
  ErrorCode code = ErrorCode::malformed_file;
  std::string message;  ///< empty: there is none
};

NUQ_FUNCTION [[nodiscard]] Json parse_json_text(std::string_view text, JsonProblem& problem);

}  // namespace detail

/// Arrays and objects within each other that `parse_json` takes, so that whoever visits a value may call itself.
inline constexpr std::size_t max_json_depth = 256;

/// Parses JSON text of which no object may have a key twice. A byte order mark is skipped; U+EF80 … U+EFFF are the
/// bytes 0x80 … 0xFF, as `to_text` writes those that are no UTF-8. `file` is only named in messages. Throws E
/// (FormatError or ConfigError): malformed_file with line and column or for more than `max_json_depth` levels,
/// duplicate_name with the key.
template <class E = FormatError>
[[nodiscard]] Json parse_json(std::string_view text, const std::string& file) {
  detail::JsonProblem problem;
  Json json = detail::parse_json_text(text, problem);
  if (!problem.message.empty()) detail::fail(E(problem.code, file + ": " + problem.message));
  return json;
}

/// A value as JSON text without a line break at its end. Numbers are the shortest decimals that read back the same, NaN
/// and infinities become null. A byte 0xNN that is no UTF-8 becomes U+EFNN, of a private use area (MirBSD's OPTU
/// encodings map raw bytes so), and so does each byte of a character of that range: any parser takes the text, and
/// every name reads back the same.
NUQ_FUNCTION [[nodiscard]] std::string to_text(const Json& json, const JsonStyle& style = {});

/// The start of a value's text in ASCII, keys in order, for messages: what is longer ends in "..." after 200 bytes.
NUQ_FUNCTION [[nodiscard]] std::string excerpt(const Json& json);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Whether a character stands for a byte, that of its last eight bits.
[[nodiscard]] constexpr bool stands_for_byte(std::uint32_t code) noexcept {
  return code >= 0xEF80 && code <= 0xEFFF;
}

/// A parsed string with the bytes that its characters stand for: EE BE 80 … EE BF BF is UTF-8 for U+EF80 … U+EFFF.
NUQ_FUNCTION inline void restore_bytes(std::string& text) {
  for (std::size_t at = text.find('\xEE'); at != std::string::npos; at = text.find('\xEE', at + 1)) {
    const auto unit = [&text, at](std::size_t index) { return static_cast<unsigned char>(text[at + index]); };
    if (at + 3 > text.size() || (unit(1) != 0xBE && unit(1) != 0xBF)) continue;
    const auto byte = static_cast<char>((unit(1) & 0x3U) << 6U | (unit(2) & 0x3FU));
    text.replace(at, 3, 1, byte);
  }
}

/// Builds a value from the events of nlohmann's parser, whose interface names its members.
class JsonBuilder {
 public:
  explicit JsonBuilder(JsonProblem& problem) : problem_(&problem) {}

  [[nodiscard]] Json take() { return std::move(root_); }

  NUQ_FUNCTION bool null() { return put(Json()); }
  NUQ_FUNCTION bool boolean(bool value) { return put(value); }
  NUQ_FUNCTION bool number_integer(std::int64_t value) { return put(value); }
  NUQ_FUNCTION bool number_unsigned(std::uint64_t value) { return put(value); }
  NUQ_FUNCTION bool number_float(double value, const std::string&) { return put(value); }
  NUQ_FUNCTION bool string(std::string& text) {
    restore_bytes(text);
    return put(std::move(text));
  }
  template <class Binary>
  bool binary(const Binary&) {
    return false;
  }
  NUQ_FUNCTION bool start_array(std::size_t) { return open(Json::array()); }
  NUQ_FUNCTION bool start_object(std::size_t) { return open(Json::object()); }
  NUQ_FUNCTION bool end_array() { return close(); }
  NUQ_FUNCTION bool end_object() { return close(); }
  NUQ_FUNCTION bool key(std::string& name) {
    restore_bytes(name);
    if (open_.back().seen.insert(name).second) {
      open_.back().key = std::move(name);
      return true;
    }
    *problem_ = {ErrorCode::duplicate_name, "key '" + name + "' occurs twice in one object"};
    return false;
  }
  /// The message goes without the "[json.exception.…]" in front.
  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception& error) {
    const std::string message = error.what();
    const std::size_t end = message.find("] ");
    *problem_ = {ErrorCode::malformed_file, end == std::string::npos ? message : message.substr(end + 2)};
    return false;
  }

 private:
  struct Open {
    Json value;
    std::string key;             ///< of the member that comes next
    std::set<std::string> seen;  ///< keys so far
  };

  NUQ_FUNCTION bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else {
      open_.back().value.add(std::move(open_.back().key), std::move(value));
    }
    return true;
  }
  NUQ_FUNCTION bool open(Json empty) {
    if (open_.size() == max_json_depth) {
      *problem_ = {ErrorCode::malformed_file,
                   "arrays and objects are nested more than " + std::to_string(max_json_depth) + " levels deep"};
      return false;
    }
    open_.push_back({std::move(empty), {}, {}});
    return true;
  }
  NUQ_FUNCTION bool close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }

  Json root_;
  std::vector<Open> open_;  ///< arrays and objects around the next value
  JsonProblem* problem_;
};

/// The parser itself, because `json::sax_parse` brings the readers of all binary formats with it.
NUQ_DEFINITION Json parse_json_text(std::string_view text, JsonProblem& problem) {
  JsonBuilder builder(problem);
  auto input = nlohmann::detail::input_adapter(text.data(), text.data() + text.size());
  nlohmann::detail::parser<nlohmann::json, decltype(input)> parser(std::move(input));
  parser.sax_parse(&builder, true);
  return builder.take();
}

/// A code point at the start of a text, or what cannot be one.
struct Utf8Character {
  std::size_t size = 1;  ///< bytes; of the longest start of a character where there is none
  std::uint32_t code = 0xFFFD;
  bool is_valid = false;
};

/// Source: RFC 3629, section 4. `text` is not empty.
NUQ_FUNCTION [[nodiscard]] inline Utf8Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t index) -> std::uint32_t { return static_cast<unsigned char>(text[index]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t code = lead & (0x7FU >> size);
  for (std::size_t index = 1; index < size; ++index) {
    const bool is_second = index == 1;
    const std::uint32_t smallest = is_second && lead == 0xE0 ? 0xA0 : is_second && lead == 0xF0 ? 0x90 : 0x80;
    const std::uint32_t largest = is_second && lead == 0xED ? 0x9F : is_second && lead == 0xF4 ? 0x8F : 0xBF;
    if (index >= text.size() || byte(index) < smallest || byte(index) > largest) return {index, 0xFFFD, false};
    code = code << 6U | (byte(index) & 0x3FU);
  }
  return {size, code, true};
}

/// Appends values to a text.
class JsonWriter {
 public:
  /// Ends soon after `limit` bytes.
  explicit JsonWriter(const JsonStyle& style, std::size_t limit = std::string::npos) : style_(style), limit_(limit) {}

  [[nodiscard]] std::string take() { return std::move(text_); }

  NUQ_FUNCTION void write(const Json& json, std::size_t margin) {
    using Type = Json::Type;
    if (json.type_ == Type::null) text_ += "null";
    if (json.type_ == Type::boolean) text_ += json.boolean() ? "true" : "false";
    if (json.type_ == Type::signed_integer) text_ += std::to_string(json.number_.signed_integer);
    if (json.type_ == Type::unsigned_integer) text_ += std::to_string(json.number_.unsigned_integer);
    if (json.type_ == Type::float64) write_float(json.number_.float64);
    if (json.type_ == Type::float32) write_float(json.number_.float32);
    if (json.type_ == Type::string) write_string(json.text_);
    if (json.type_ == Type::array || json.type_ == Type::object) write_structured(json, margin);
  }

 private:
  NUQ_FUNCTION void write_structured(const Json& json, std::size_t margin) {
    const bool is_row = style_.rows && json.is_array() &&
                        std::all_of(json.begin(), json.end(), [](const Json& element) { return element.is_number(); });
    const bool has_lines = style_.indent >= 0 && !is_row;
    const std::size_t inner = margin + (has_lines ? static_cast<std::size_t>(style_.indent) : 0);
    text_ += json.is_object() ? '{' : '[';
    for (std::size_t index = 0; index < json.size() && text_.size() <= limit_; ++index) {
      if (index > 0) text_ += is_row ? ", " : ",";
      if (has_lines) text_.append("\n").append(inner, ' ');
      if (json.is_object()) {
        write_string(json.keys_[index]);
        text_ += has_lines ? ": " : ":";
      }
      write(json.elements_[index], inner);
    }
    if (has_lines && !json.empty()) text_.append("\n").append(margin, ' ');
    text_ += json.is_object() ? '}' : ']';
  }

  /// As `json::dump` writes a number, which has no function of its own for it.
  template <class Float>
  void write_float(Float value) {
    if (!std::isfinite(value)) {
      text_ += "null";
      return;
    }
    std::array<char, 64> buffer{};
    text_.append(buffer.data(), nlohmann::detail::to_chars(buffer.data(), buffer.data() + buffer.size(), value));
  }

  NUQ_FUNCTION void write_string(std::string_view text) {
    text_ += '"';
    while (!text.empty() && text_.size() <= limit_) {
      const Utf8Character character = first_character(text);
      const std::string_view bytes = text.substr(0, character.size);
      if (!character.is_valid || stands_for_byte(character.code))
        write_bytes(bytes);
      else if (!write_escape(character.code))
        text_ += bytes;
      text.remove_prefix(character.size);
    }
    text_ += '"';
  }

  /// Bytes one by one, all of them 0x80 or more.
  NUQ_FUNCTION void write_bytes(std::string_view bytes) {
    for (const char byte : bytes) write_unit(0xEF00U | static_cast<unsigned char>(byte));
  }

  /// False where the character stands for itself.
  NUQ_FUNCTION bool write_escape(std::uint32_t code) {
    constexpr std::string_view escaped = "\b\t\n\f\r\"\\";
    constexpr std::string_view letters = "btnfr\"\\";
    const std::size_t found = code < 0x80 ? escaped.find(static_cast<char>(code)) : std::string_view::npos;
    if (found != std::string_view::npos) {
      text_ += {'\\', letters[found]};
      return true;
    }
    if (code > 0x1F && (!style_.ascii || code < 0x7F)) return false;
    if (code > 0xFFFF) write_unit(0xD7C0U + (code >> 10U));
    write_unit(code > 0xFFFF ? 0xDC00U + (code & 0x3FFU) : code);
    return true;
  }

  NUQ_FUNCTION void write_unit(std::uint32_t unit) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\u%04x", unit & 0xFFFFU);
    text_ += buffer.data();
  }

  JsonStyle style_;
  std::size_t limit_;
  std::string text_;
};

}  // namespace detail

NUQ_DEFINITION std::string to_text(const Json& json, const JsonStyle& style) {
  detail::JsonWriter writer(style);
  writer.write(json, 0);
  return writer.take();
}

NUQ_DEFINITION std::string excerpt(const Json& json) {
  constexpr std::size_t longest = 200;
  detail::JsonWriter writer({-1, true}, longest);
  writer.write(sorted_by_key(json), 0);
  std::string text = writer.take();
  if (text.size() > longest) text.replace(longest, std::string::npos, "...");
  return text;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_JSON_TEXT_HPP
