#ifndef NUQ_IO_JSON_HPP
#define NUQ_IO_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {
class JsonWriter;
}

/// A JSON value. The members of an object keep their order; looking one up takes time in proportion to their number.
class Json {
 public:
  /// A member of an object.
  struct Member;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : type_(Type::boolean) { number_.boolean = value; }
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Json(T value) : type_(std::is_signed_v<T> ? Type::signed_integer : Type::unsigned_integer) {
    if constexpr (std::is_signed_v<T>) {
      number_.signed_integer = value;
    } else {
      number_.unsigned_integer = value;
    }
  }
  Json(double value) : type_(Type::float64) { number_.float64 = value; }
  /// Written as the shortest decimal that reads back as the same float: 0.7, not 0.699999988.
  Json(float value) : type_(Type::float32) { number_.float32 = value; }
  NUQ_FUNCTION Json(std::string text) : type_(Type::string), text_(std::move(text)) {}
  NUQ_FUNCTION Json(const char* text) : Json(std::string(text)) {}
  /// An array.
  template <class T>
  Json(const std::vector<T>& elements) : type_(Type::array), elements_(elements.begin(), elements.end()) {}
  /// Null where there is no value.
  template <class T>
  Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json()) {}

  NUQ_FUNCTION [[nodiscard]] static Json array(std::initializer_list<Json> elements = {});
  NUQ_FUNCTION [[nodiscard]] static Json object(std::initializer_list<Member> members = {});

  Json(const Json& other) = default;
  Json(Json&& other) = default;
  Json& operator=(const Json& other) = default;
  Json& operator=(Json&& other) = default;
  /// Takes no more stack for deeper values.
  ~Json();

  [[nodiscard]] bool is_null() const noexcept { return type_ == Type::null; }
  [[nodiscard]] bool is_boolean() const noexcept { return type_ == Type::boolean; }
  NUQ_FUNCTION [[nodiscard]] bool is_integer() const noexcept {
    return type_ == Type::signed_integer || type_ == Type::unsigned_integer;
  }
  NUQ_FUNCTION [[nodiscard]] bool is_number() const noexcept {
    return is_integer() || type_ == Type::float64 || type_ == Type::float32;
  }
  [[nodiscard]] bool is_string() const noexcept { return type_ == Type::string; }
  NUQ_FUNCTION [[nodiscard]] bool is_string(std::string_view text) const noexcept {
    return is_string() && text_ == text;
  }
  [[nodiscard]] bool is_array() const noexcept { return type_ == Type::array; }
  [[nodiscard]] bool is_object() const noexcept { return type_ == Type::object; }

  /// Of a boolean; false for another value.
  NUQ_FUNCTION [[nodiscard]] bool boolean() const noexcept { return is_boolean() && number_.boolean; }
  /// Of an integer; 0 for another value. Those beyond int64 wrap around.
  NUQ_FUNCTION [[nodiscard]] std::int64_t integer() const noexcept;
  /// Of a number of any kind; 0 for another value.
  NUQ_FUNCTION [[nodiscard]] double number() const noexcept;
  /// Of a string; empty for another value.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Number of elements or members; 0 for a scalar.
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] bool empty() const noexcept { return elements_.empty(); }
  /// The elements of an array, or the members' values.
  [[nodiscard]] const Json* begin() const noexcept { return elements_.data(); }
  [[nodiscard]] const Json* end() const noexcept { return elements_.data() + elements_.size(); }
  /// `index` must be below size().
  [[nodiscard]] const Json& operator[](std::size_t index) const { return elements_[index]; }
  /// Keys of an object, in the order of its values.
  [[nodiscard]] const std::vector<std::string>& keys() const noexcept { return keys_; }
  /// The member of that name; nullptr where there is none, or no object.
  NUQ_FUNCTION [[nodiscard]] const Json* find(std::string_view key) const noexcept;

  /// Adds an element; null becomes an array.
  NUQ_FUNCTION void push_back(Json element);
  /// Gives an object's member a value, a new one at the end; null becomes an object.
  NUQ_FUNCTION void set(const std::string& key, Json value);
  /// Adds a member that the object does not have yet; null becomes an object.
  NUQ_FUNCTION void add(std::string key, Json value);

  friend bool operator==(const Json& left, const Json& right) { return left.equals(right); }
  friend bool operator!=(const Json& left, const Json& right) { return !left.equals(right); }

 private:
  friend class detail::JsonWriter;
  enum class Type { null, boolean, signed_integer, unsigned_integer, float64, float32, string, array, object };
  union Number {
    bool boolean;
    std::int64_t signed_integer;
    std::uint64_t unsigned_integer;
    double float64;
    float float32;
  };

  NUQ_FUNCTION [[nodiscard]] bool equals(const Json& other) const;

  Type type_ = Type::null;
  Number number_{};
  std::string text_;
  std::vector<Json> elements_;     ///< or an object's values
  std::vector<std::string> keys_;  ///< of an object
};

/// One member of an object.
struct Json::Member {
  std::string key;
  Json value;
};

/// The same value with the members of all its objects in the order of their keys.
NUQ_FUNCTION [[nodiscard]] Json sorted_by_key(const Json& json);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Json Json::array(std::initializer_list<Json> elements) {
  Json json;
  json.type_ = Type::array;
  json.elements_ = elements;
  return json;
}

NUQ_DEFINITION Json Json::object(std::initializer_list<Member> members) {
  Json json;
  json.type_ = Type::object;
  for (const Member& member : members) json.add(member.key, member.value);
  return json;
}

NUQ_SPECIAL_MEMBER Json::~Json() {
  std::vector<Json> rest = std::move(elements_);
  while (!rest.empty()) {
    std::vector<Json> inner = std::move(rest.back().elements_);
    rest.pop_back();
    for (Json& element : inner) {
      if (!element.elements_.empty()) rest.push_back(std::move(element));
    }
  }
}

NUQ_DEFINITION std::int64_t Json::integer() const noexcept {
  if (type_ == Type::signed_integer) return number_.signed_integer;
  return type_ == Type::unsigned_integer ? static_cast<std::int64_t>(number_.unsigned_integer) : 0;
}

NUQ_DEFINITION double Json::number() const noexcept {
  if (type_ == Type::signed_integer) return static_cast<double>(number_.signed_integer);
  if (type_ == Type::unsigned_integer) return static_cast<double>(number_.unsigned_integer);
  if (type_ == Type::float32) return static_cast<double>(number_.float32);
  return type_ == Type::float64 ? number_.float64 : 0.0;
}

NUQ_DEFINITION const Json* Json::find(std::string_view key) const noexcept {
  for (std::size_t index = 0; index < keys_.size(); ++index) {
    if (keys_[index] == key) return &elements_[index];
  }
  return nullptr;
}

NUQ_DEFINITION void Json::push_back(Json element) {
  type_ = Type::array;
  elements_.push_back(std::move(element));
}

NUQ_DEFINITION void Json::set(const std::string& key, Json value) {
  for (std::size_t index = 0; index < keys_.size(); ++index) {
    if (keys_[index] != key) continue;
    elements_[index] = std::move(value);
    return;
  }
  add(key, std::move(value));
}

NUQ_DEFINITION void Json::add(std::string key, Json value) {
  type_ = Type::object;
  keys_.push_back(std::move(key));
  elements_.push_back(std::move(value));
}

NUQ_DEFINITION bool Json::equals(const Json& other) const {
  if (is_number() && other.is_number()) {
    return is_integer() && other.is_integer() ? integer() == other.integer()
                                              : !(number() < other.number()) && !(other.number() < number());
  }
  return type_ == other.type_ && boolean() == other.boolean() && text_ == other.text_ && keys_ == other.keys_ &&
         std::equal(begin(), end(), other.begin(), other.end());
}

NUQ_DEFINITION Json sorted_by_key(const Json& json) {
  if (json.is_array()) {
    Json sorted = Json::array();
    for (const Json& element : json) sorted.push_back(sorted_by_key(element));
    return sorted;
  }
  if (!json.is_object()) return json;
  std::vector<std::string> keys = json.keys();
  std::sort(keys.begin(), keys.end());
  Json sorted = Json::object();
  for (const std::string& key : keys) sorted.add(key, sorted_by_key(*json.find(key)));
  return sorted;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_JSON_HPP
