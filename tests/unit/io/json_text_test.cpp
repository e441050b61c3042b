#include "nuq/io/json_text.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nuq/core/support/random.hpp"

namespace io_json_text_test {

template <class E = nuq::FormatError>
std::string message_of(const std::string& text, nuq::ErrorCode code) {
  try {
    static_cast<void>(nuq::parse_json<E>(text, "x.json"));
  } catch (const E& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "";
}

TEST_CASE("JSON text is parsed") {
  using nuq::Json;
  const Json inner = Json::object({{"b", nullptr}});
  CHECK(nuq::parse_json(R"({"a": [1, {"b": null}], "c": {"b": 2}})", "x") ==
        Json::object({{"a", Json::array({1, inner})}, {"c", Json::object({{"b", 2}})}}));
  const Json numbers = nuq::parse_json("[-3, 18446744073709551615, 2.5, true, \"t\"]", "x");
  CHECK(numbers == Json::array({-3, std::numeric_limits<std::uint64_t>::max(), 2.5, true, "t"}));
  CHECK(numbers[0].integer() == -3);
  CHECK(numbers[1].number() == 18446744073709551615.0);
  CHECK_FALSE(numbers[2].is_integer());
}

TEST_CASE("a syntax error is reported with file, line and column") {
  const std::string message = message_of("{\"a\": 1,\n \"b\" 2}", nuq::ErrorCode::malformed_file);
  CHECK(message.find("nuq: x.json: parse error at line 2, column 6: syntax error") == 0);
  CHECK_FALSE(message_of("", nuq::ErrorCode::malformed_file).empty());
  CHECK_FALSE(message_of("{} {}", nuq::ErrorCode::malformed_file).empty());
  CHECK_FALSE(message_of("\"\xff\"", nuq::ErrorCode::malformed_file).empty());
  CHECK_FALSE(message_of("1e999", nuq::ErrorCode::malformed_file).empty());
}

TEST_CASE("a key may occur once in an object, and again in another") {
  CHECK(message_of(R"({"a": {"k": 1, "k": 2}})", nuq::ErrorCode::duplicate_name) ==
        "nuq: x.json: key 'k' occurs twice in one object");
  CHECK_FALSE(message_of(R"({"k": {"a": 1}, "k": 2})", nuq::ErrorCode::duplicate_name).empty());
  CHECK(nuq::parse_json(R"([{"k": {"k": 1}}, {"k": 2}])", "x").size() == 2);
}

TEST_CASE("the caller chooses the kind of error") {
  CHECK_FALSE(message_of<nuq::ConfigError>("{", nuq::ErrorCode::malformed_file).empty());
}

TEST_CASE("nesting is bounded, of arrays and of objects") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(nuq::parse_json(nested(256), "x").size() == 1);
  const std::string too_deep = "nuq: x.json: arrays and objects are nested more than 256 levels deep";
  CHECK(message_of(nested(257), nuq::ErrorCode::malformed_file) == too_deep);
  CHECK(message_of(std::string(1000000, '['), nuq::ErrorCode::malformed_file) == too_deep);
  std::string objects;
  for (int depth = 0; depth < 100000; ++depth) objects += "{\"a\":[";
  CHECK(message_of<nuq::ConfigError>(objects, nuq::ErrorCode::malformed_file) == too_deep);
}

TEST_CASE("an excerpt is a value's text, or its first 200 bytes") {
  CHECK(nuq::excerpt(nuq::parse_json(R"({"b": [1, "é"], "a": null})", "x")) == R"({"a":null,"b":[1,"\u00e9"]})");
  const std::string exactly = '"' + std::string(198, 'x') + '"';
  CHECK(nuq::excerpt(nuq::parse_json(exactly, "x")) == exactly);
  CHECK(nuq::excerpt(std::string(199, 'x')) == '"' + std::string(199, 'x') + "...");
  nuq::Json wide = nuq::Json::array();
  for (int value = 0; value < 1000; ++value) wide.push_back(value);
  CHECK(nuq::excerpt(wide) == nuq::to_text(wide).substr(0, 200) + "...");
  nuq::Json deep = nuq::Json::array();
  for (int depth = 1; depth < 250; ++depth) deep = nuq::Json::array({deep});
  CHECK(nuq::excerpt(deep) == std::string(200, '[') + "...");
}

TEST_CASE("the members of an object keep the order of the text") {
  const nuq::Json json = nuq::parse_json(R"({"z": 1, "a": {"y": 2, "b": 3}})", "x");
  CHECK(json.keys() == std::vector<std::string>{"z", "a"});
  CHECK(nuq::to_text(json) == R"({"z":1,"a":{"y":2,"b":3}})");
  CHECK(nuq::to_text(nuq::sorted_by_key(json)) == R"({"a":{"b":3,"y":2},"z":1})");
}

/// nlohmann's writer is the oracle.
void check_text(const nuq::Json& json, const nlohmann::ordered_json& wanted) {
  for (const int indent : {-1, 0, 2}) {
    for (const bool ascii : {false, true}) {
      CHECK(nuq::to_text(json, {indent, ascii}) ==
            wanted.dump(indent, ' ', ascii, nlohmann::ordered_json::error_handler_t::replace));
    }
  }
}

TEST_CASE("values are written as nlohmann writes them") {
  using nuq::Json;
  check_text(Json(), nullptr);
  check_text(Json::array(), nlohmann::ordered_json::array());
  check_text(Json::object(), nlohmann::ordered_json::object());
  check_text(Json::object({{"b", Json::array({1, Json::array(), Json::object()})}, {"a", Json::object({{"c", -2}})}}),
             {{"b", {1, nlohmann::ordered_json::array(), nlohmann::ordered_json::object()}}, {"a", {{"c", -2}}}});
  for (const double value : {0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 1e-5, 1.0 / 3.0, 5e-324, 1.7976931348623157e308,
                             std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    check_text(value, value);
  }
  CHECK(nuq::to_text(0.7F) == "0.7");
  CHECK(nuq::to_text(1e7F) == "1e+07");
}

/// Whether the bytes are one character of UTF-8, in the eyes of nlohmann's strict writer.
bool is_character(const std::string& text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  return text.size() == 1 || static_cast<unsigned char>(text[0]) >= 0x80;
}

/// A string as nlohmann writes it, and bytes that belong to no character as \uefNN.
std::string text_with_escaped_bytes(const std::string& text, bool ascii) {
  std::string wanted = "\"";
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = 1;
    while (size <= 4 && at + size <= text.size() && !is_character(text.substr(at, size))) ++size;
    if (size > 4 || at + size > text.size()) {
      constexpr char digits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[at]);
      wanted += std::string("\\uef") + digits[byte >> 4U] + digits[byte & 0xFU];
      at += 1;
    } else {
      const std::string character = nlohmann::json(text.substr(at, size)).dump(-1, ' ', ascii);
      wanted += character.substr(1, character.size() - 2);
      at += size;
    }
  }
  return wanted + "\"";
}

TEST_CASE("strings are written as nlohmann writes them, bytes that are no UTF-8 for private use, and read back") {
  std::vector<std::string> texts = {"",
                                    "plain",
                                    "\b\t\n\f\r\"\\/",
                                    std::string("\0\x1f\x7f", 3),
                                    "\xC3\xA9",
                                    "\xF0\x9F\x98\x80",
                                    "\xE2\x82",
                                    "\xE2\x82"
                                    "A",
                                    "\xED\xA0\x80",
                                    "\xF4\x90\x80\x80",
                                    "\xC0\xAF",
                                    "\xFF"};
  const std::string bytes = "A\"\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF";
  nuq::detail::RandomEngine random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int index = 0; index < 6; ++index) text += bytes[nuq::detail::uniform_below(random, bytes.size())];
    texts.push_back(text);
  }
  for (const std::string& text : texts) {
    for (const bool ascii : {false, true}) {
      const std::string written = nuq::to_text(text, {-1, ascii});
      CHECK(written == text_with_escaped_bytes(text, ascii));
      CHECK(nuq::parse_json(written, "x").text() == text);
    }
  }
}

TEST_CASE("U+EF80 to U+EFFF are bytes, in keys too, escaped or not, and nothing else changes") {
  const nuq::Json json = nuq::parse_json(
      "{\"\\uEFBE\\uefed1\": \"\\\\uef80\", \"a\": \"\xEE\xBD\xBF\xEF\x80\x80\", \"b\": \"A\xEE\xBE\x80\xEE\xBF\xBF\"}",
      "x");
  CHECK(json.keys() == std::vector<std::string>{"\xBE\xED"
                                                "1",
                                                "a", "b"});
  CHECK(json[0].is_string("\\uef80"));
  CHECK(json[1].is_string("\xEE\xBD\xBF\xEF\x80\x80"));  // U+EF7F and U+F000
  CHECK(json[2].is_string("A\x80\xFF"));
  CHECK(nuq::parse_json(nuq::to_text(json), "x") == json);
}

TEST_CASE("a character that would stand for a byte is written byte by byte") {
  const std::string name = "\xEE\xBE\x80";
  CHECK(nuq::to_text(name) == R"("\uefee\uefbe\uef80")");
  CHECK(nuq::parse_json(nuq::to_text(name), "x").text() == name);
}

TEST_CASE("a byte order mark in front is skipped") {
  CHECK(nuq::parse_json("\xEF\xBB\xBF{\"a\": 1}", "x") == nuq::Json::object({{"a", 1}}));
  CHECK(nuq::parse_json("\xEF\xBB\xBF{\"\\uef80\": 1}", "x").keys() == std::vector<std::string>{"\x80"});
}

TEST_CASE("arrays of numbers may stand in one line, others never do") {
  const nuq::Json json = nuq::Json::object({{"a", nuq::Json::array({1, -2.5})}, {"b", nuq::Json::array({1, "x"})}});
  CHECK(nuq::to_text(json, {1, false, true}) == "{\n \"a\": [1, -2.5],\n \"b\": [\n  1,\n  \"x\"\n ]\n}");
  CHECK(nuq::to_text(json, {1}).find("[\n  1,\n  -2.5\n ]") != std::string::npos);
  CHECK(nuq::to_text(nuq::Json::array(), {1, false, true}) == "[]");
}

}  // namespace io_json_text_test
