#ifndef NUQ_AMCT_DETAIL_JSON_OBJECT_HPP
#define NUQ_AMCT_DETAIL_JSON_OBJECT_HPP

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An object of a configuration file, read key by key. A key that is absent keeps the reader's default; one of the
/// wrong type is a ConfigError `place: key: got …, wanted …`.
class JsonObject {
 public:
  /// `place` is the file, and the layer where there is one.
  JsonObject(const nlohmann::json& object, std::string place) : object_(&object), place_(std::move(place)) {}

  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  [[nodiscard]] bool has(const char* key) const { return object_->contains(key); }

  /// Refuses every key that is not among `keys`.
  void allow(std::initializer_list<const char*> keys) const {
    for (auto member = object_->begin(); member != object_->end(); ++member) {
      if (std::find(keys.begin(), keys.end(), member.key()) != keys.end()) continue;
      std::string allowed;
      for (const char* const key : keys) allowed += (allowed.empty() ? "" : ", ") + std::string(key);
      fail(ConfigError(ErrorCode::unknown_name,
                       place_ + ": unknown key '" + member.key() + "', wanted one of " + allowed));
    }
  }
  /// Refuses `key` where it does not apply.
  void refuse(const char* key, const std::string& reason) const {
    if (has(key)) fail(ConfigError(ErrorCode::invalid_argument, place_ + ": " + key + ": " + reason));
  }

  void read(const char* key, bool& value) const {
    if (!has(key)) return;
    const nlohmann::json& member = (*object_)[key];
    if (!member.is_boolean()) reject(key, "true or false");
    value = member.get<bool>();
  }
  void read(const char* key, int& value) const {
    if (!has(key)) return;
    const nlohmann::json& member = (*object_)[key];
    constexpr double limit = (std::numeric_limits<int>::max)();
    if (!member.is_number_integer() || std::fabs(member.get<double>()) > limit) reject(key, "an integer");
    value = member.get<int>();
  }
  void read(const char* key, float& value) const {
    if (has(key)) value = number((*object_)[key], key);
  }
  void read(const char* key, std::string& value) const {
    if (!has(key)) return;
    const nlohmann::json& member = (*object_)[key];
    if (!member.is_string()) reject(key, "a string");
    value = member.get<std::string>();
  }
  void read(const char* key, std::vector<std::string>& values) const {
    if (!has(key)) return;
    values.clear();
    for (const nlohmann::json& element : array(key)) {
      if (!element.is_string()) reject(key, "a list of strings");
      values.push_back(element.get<std::string>());
    }
  }
  /// Two numbers, [first, second].
  void read(const char* key, float& first, float& second) const {
    if (!has(key)) return;
    const nlohmann::json& pair = array(key);
    if (pair.size() != 2) reject(key, "a list of two numbers");
    first = number(pair[0], key);
    second = number(pair[1], key);
  }
  [[nodiscard]] std::optional<JsonObject> object(const char* key) const {
    if (!has(key)) return std::nullopt;
    const nlohmann::json& member = (*object_)[key];
    if (!member.is_object()) reject(key, "an object");
    return JsonObject(member, place_);
  }

  [[noreturn]] void reject(const char* key, const std::string& wanted) const {
    std::string got = (*object_)[key].dump(-1, ' ', true);
    if (got.size() > 60) got = got.substr(0, 57) + "...";
    fail(ConfigError(ErrorCode::invalid_argument, place_ + ": " + key + ": got " + got + ", wanted " + wanted));
  }

 private:
  [[nodiscard]] const nlohmann::json& array(const char* key) const {
    const nlohmann::json& member = (*object_)[key];
    if (!member.is_array()) reject(key, "a list");
    return member;
  }
  [[nodiscard]] float number(const nlohmann::json& member, const char* key) const {
    if (!member.is_number()) reject(key, "a number");
    const double value = member.get<double>();
    if (std::fabs(value) > static_cast<double>((std::numeric_limits<float>::max)())) reject(key, "a float32 number");
    return static_cast<float>(value);
  }

  const nlohmann::json* object_;
  std::string place_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_AMCT_DETAIL_JSON_OBJECT_HPP
