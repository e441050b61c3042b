#ifndef NUQ_CAFFE_UNKNOWN_FIELDS_HPP
#define NUQ_CAFFE_UNKNOWN_FIELDS_HPP

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A field of a prototxt that the schema does not have, or whose value its enumeration does not have.
struct UnknownField {
  static constexpr std::size_t outside_layers = (std::numeric_limits<std::size_t>::max)();

  std::string path;   ///< "pooling_param.pool", from its layer on, or from the network's own fields
  std::string value;  ///< the unknown value of an enumeration; empty where the field itself is unknown
  std::size_t begin;  ///< where it stands in the text, as half-open offsets
  std::size_t end;
  std::size_t layer = outside_layers;  ///< position of its layer among those of the text
  std::size_t rule_begin = 0;  ///< the inside of that layer's rule (`include`, `exclude`) that it is a condition of
  std::size_t rule_end = 0;

  [[nodiscard]] bool is_condition() const noexcept { return rule_end > rule_begin; }
};

/// The unknown fields of a prototxt, in order. Those inside an unknown field are not looked at. Throws as
/// `text_fields`.
NUQ_FUNCTION [[nodiscard]] std::vector<UnknownField> unknown_fields(std::string_view text);

/// The text without unknown values of enumerations, which protobuf's parser refuses. A rule (`include`, `exclude`) with
/// such a condition becomes one that no network's state meets.
NUQ_FUNCTION [[nodiscard]] std::string without_unknown_values(std::string_view text,
                                                              const std::vector<UnknownField>& fields);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/descriptor.h>
#include <cstdlib>
#include <utility>

#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Holds the fields of a text against the schema's messages.
class UnknownFieldFinder {
 public:
  NUQ_FUNCTION explicit UnknownFieldFinder(std::string_view text) : text_(text) {}

  NUQ_FUNCTION [[nodiscard]] std::vector<UnknownField> find() && {
    const google::protobuf::Descriptor& net = *schema::NetParameter::descriptor();
    std::size_t layers = 0;
    for (const TextField& field : text_fields(text_)) {
      const bool is_layer = field.is_message && (field.name == "layer" || field.name == "layers");
      layer_ = is_layer ? layers++ : UnknownField::outside_layers;
      check(field, net, std::string(), is_layer);
    }
    return std::move(found_);
  }

 private:
  /// The path of a layer's fields starts inside of it.
  NUQ_FUNCTION void check(const TextField& field, const google::protobuf::Descriptor& message,
                          const std::string& parent, bool is_layer = false) {
    const std::string path = parent + std::string(field.name);
    const google::protobuf::FieldDescriptor* const known = message.FindFieldByName(std::string(field.name));
    if (known == nullptr) {
      found_.push_back({path, {}, field.begin, field.end, layer_, rule_begin_, rule_end_});
    } else if (known->message_type() != nullptr && field.is_message) {
      const bool is_rule = path == "include" || path == "exclude";
      if (is_rule) {
        rule_begin_ = field.value_begin;
        rule_end_ = field.value_end;
      }
      for (const TextField& inner : text_fields(text_, field.value_begin, field.value_end)) {
        check(inner, *known->message_type(), is_layer ? std::string() : path + ".");
      }
      if (is_rule) rule_begin_ = rule_end_ = 0;
    } else if (known->enum_type() != nullptr) {
      check_value(field, *known->enum_type(), path);
    }
  }

  NUQ_FUNCTION void check_value(const TextField& field, const google::protobuf::EnumDescriptor& values,
                                const std::string& path) {
    std::string value(text_.substr(field.value_begin, field.value_end - field.value_begin));
    if (has_value(values, value)) return;
    found_.push_back({path, std::move(value), field.begin, field.end, layer_, rule_begin_, rule_end_});
  }

  /// By name or by number.
  NUQ_FUNCTION [[nodiscard]] static bool has_value(const google::protobuf::EnumDescriptor& values,
                                                   const std::string& value) {
    const bool is_number = !value.empty() && (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'));
    if (!is_number) return values.FindValueByName(value) != nullptr;
    return values.FindValueByNumber(static_cast<int>(std::strtol(value.c_str(), nullptr, 0))) != nullptr;
  }

  std::string_view text_;
  std::size_t layer_ = UnknownField::outside_layers;
  std::size_t rule_begin_ = 0;  // of the layer's rule that is looked at, if any
  std::size_t rule_end_ = 0;
  std::vector<UnknownField> found_;
};

}  // namespace detail

NUQ_DEFINITION std::vector<UnknownField> unknown_fields(std::string_view text) {
  return detail::UnknownFieldFinder(text).find();
}

NUQ_DEFINITION std::string without_unknown_values(std::string_view text, const std::vector<UnknownField>& fields) {
  TextEdits edits;
  std::size_t rule_begin = std::string::npos;  // of the last one that has been replaced
  for (const UnknownField& field : fields) {
    if (field.value.empty()) continue;
    if (!field.is_condition()) {
      edits.replace(field.begin, field.end, " ");
    } else if (field.rule_begin != std::exchange(rule_begin, field.rule_begin)) {
      edits.replace(field.rule_begin, field.rule_end, " min_level: 1 max_level: 0 ");
    }
  }
  return edits.apply(text);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_UNKNOWN_FIELDS_HPP
