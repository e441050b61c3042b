#ifndef NUQ_IO_JSON_TEXT_HPP
#define NUQ_IO_JSON_TEXT_HPP

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// nlohmann's message without the "[json.exception.…]" in front.
[[nodiscard]] inline std::string json_problem(const std::string& message) {
  const std::size_t end = message.find("] ");
  return end == std::string::npos ? message : message.substr(end + 2);
}

}  // namespace detail

/// Parses JSON text of which no object may have a key twice. `file` is only named in messages. Throws E (FormatError or
/// ConfigError): malformed_file with line and column, duplicate_name with the key.
template <class E = FormatError>
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& file) {
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto check_keys = [&keys, &file](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      detail::fail(
          E(ErrorCode::duplicate_name, file + ": key '" + parsed.get<std::string>() + "' occurs twice in one object"));
    }
    return true;
  };
#if NUQ_HAS_EXCEPTIONS
  try {
    return Json::parse(text, check_keys);
  } catch (const Json::exception& error) {
    detail::fail(E(ErrorCode::malformed_file, file + ": " + detail::json_problem(error.what())));
  }
#else
  return Json::parse(text, check_keys);
#endif
}

NUQ_NAMESPACE_END

#endif  // NUQ_IO_JSON_TEXT_HPP
