#include "nuq/io/json_text.hpp"

#include <doctest/doctest.h>

#include <string>

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
  CHECK(nuq::parse_json(R"({"a": [1, {"b": null}], "c": {"b": 2}})", "x") ==
        nlohmann::json{{"a", {1, {{"b", nullptr}}}}, {"c", {{"b", 2}}}});
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

TEST_CASE("deep nesting does not exhaust the stack") {
  const std::string open(100000, '[');
  CHECK_FALSE(message_of(open, nuq::ErrorCode::malformed_file).empty());
  CHECK(nuq::parse_json(open + std::string(100000, ']'), "x").size() == 1);
}

}  // namespace io_json_text_test
