#ifndef NUQ_AMCT_DETAIL_JSON_OBJECT_HPP
#define NUQ_AMCT_DETAIL_JSON_OBJECT_HPP

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An object of a configuration file, read key by key. A key that is absent keeps the reader's default; one of the
/// wrong type is a ConfigError `place: key: got …, wanted …`.
class JsonObject {
 public:
  /// `place` is the file, and the layer where there is one.
  NUQ_FUNCTION JsonObject(const Json& object, std::string place) : object_(&object), place_(std::move(place)) {}

  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  NUQ_FUNCTION [[nodiscard]] bool has(const char* key) const { return object_->find(key) != nullptr; }

  /// Refuses every key that is not among `keys`.
  NUQ_FUNCTION void allow(std::initializer_list<const char*> keys) const;
  /// Refuses `key` where it does not apply.
  NUQ_FUNCTION void refuse(const char* key, const std::string& reason) const;

  NUQ_FUNCTION void read(const char* key, bool& value) const;
  NUQ_FUNCTION void read(const char* key, int& value) const;
  NUQ_FUNCTION void read(const char* key, float& value) const;
  NUQ_FUNCTION void read(const char* key, std::string& value) const;
  NUQ_FUNCTION void read(const char* key, std::vector<std::string>& values) const;
  /// Two numbers, [first, second].
  NUQ_FUNCTION void read(const char* key, float& first, float& second) const;
  NUQ_FUNCTION [[nodiscard]] std::optional<JsonObject> object(const char* key) const;
  /// An object, or a list of objects that say the same, of which one is taken.
  NUQ_FUNCTION [[nodiscard]] std::optional<JsonObject> object_or_list(const char* key) const;

  NUQ_FUNCTION [[noreturn]] void reject(const char* key, const std::string& wanted) const;

 private:
  NUQ_FUNCTION [[nodiscard]] const Json& array(const char* key) const;
  NUQ_FUNCTION [[nodiscard]] float number(const Json& member, const char* key) const;

  const Json* object_;
  std::string place_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <algorithm>
#include <cmath>
#include <limits>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void JsonObject::allow(std::initializer_list<const char*> keys) const {
  std::vector<std::string> found = object_->keys();
  std::sort(found.begin(), found.end());
  for (const std::string& member : found) {
    if (std::find(keys.begin(), keys.end(), member) != keys.end()) continue;
    std::string allowed;
    for (const char* const key : keys) allowed += (allowed.empty() ? "" : ", ") + std::string(key);
    fail(ConfigError(ErrorCode::unknown_name, place_ + ": unknown key '" + member + "', wanted one of " + allowed));
  }
}

NUQ_DEFINITION void JsonObject::refuse(const char* key, const std::string& reason) const {
  if (has(key)) fail(ConfigError(ErrorCode::invalid_argument, place_ + ": " + key + ": " + reason));
}

NUQ_DEFINITION void JsonObject::read(const char* key, bool& value) const {
  if (!has(key)) return;
  const Json& member = *object_->find(key);
  if (!member.is_boolean()) reject(key, "true or false");
  value = member.boolean();
}

NUQ_DEFINITION void JsonObject::read(const char* key, int& value) const {
  if (!has(key)) return;
  const Json& member = *object_->find(key);
  constexpr double limit = (std::numeric_limits<int>::max)();
  if (!member.is_integer() || std::fabs(member.number()) > limit) reject(key, "an integer");
  value = static_cast<int>(member.integer());
}

NUQ_DEFINITION void JsonObject::read(const char* key, float& value) const {
  if (has(key)) value = number(*object_->find(key), key);
}

NUQ_DEFINITION void JsonObject::read(const char* key, std::string& value) const {
  if (!has(key)) return;
  const Json& member = *object_->find(key);
  if (!member.is_string()) reject(key, "a string");
  value = member.text();
}

NUQ_DEFINITION void JsonObject::read(const char* key, std::vector<std::string>& values) const {
  if (!has(key)) return;
  values.clear();
  for (const Json& element : array(key)) {
    if (!element.is_string()) reject(key, "a list of strings");
    values.push_back(element.text());
  }
}

NUQ_DEFINITION void JsonObject::read(const char* key, float& first, float& second) const {
  if (!has(key)) return;
  const Json& pair = array(key);
  if (pair.size() != 2) reject(key, "a list of two numbers");
  first = number(pair[0], key);
  second = number(pair[1], key);
}

NUQ_DEFINITION std::optional<JsonObject> JsonObject::object(const char* key) const {
  if (!has(key)) return std::nullopt;
  const Json& member = *object_->find(key);
  if (!member.is_object()) reject(key, "an object");
  return JsonObject(member, place_);
}

NUQ_DEFINITION std::optional<JsonObject> JsonObject::object_or_list(const char* key) const {
  if (!has(key) || !object_->find(key)->is_array()) return object(key);
  const Json& list = *object_->find(key);
  const auto differs = [&list](const Json& element) {
    return !element.is_object() || sorted_by_key(element) != sorted_by_key(list[0]);
  };
  if (list.empty() || std::any_of(list.begin(), list.end(), differs))
    reject(key, "an object, or a list of objects, one for each input, that say the same");
  return JsonObject(list[0], place_);
}

NUQ_DEFINITION void JsonObject::reject(const char* key, const std::string& wanted) const {
  const std::string got = excerpt(*object_->find(key));
  fail(ConfigError(ErrorCode::invalid_argument, place_ + ": " + key + ": got " + got + ", wanted " + wanted));
}

NUQ_DEFINITION const Json& JsonObject::array(const char* key) const {
  const Json& member = *object_->find(key);
  if (!member.is_array()) reject(key, "a list");
  return member;
}

NUQ_DEFINITION float JsonObject::number(const Json& member, const char* key) const {
  if (!member.is_number()) reject(key, "a number");
  const double value = member.number();
  if (std::fabs(value) > static_cast<double>((std::numeric_limits<float>::max)())) reject(key, "a float32 number");
  return static_cast<float>(value);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DETAIL_JSON_OBJECT_HPP
