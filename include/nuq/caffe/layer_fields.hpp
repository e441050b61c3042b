#ifndef NUQ_CAFFE_LAYER_FIELDS_HPP
#define NUQ_CAFFE_LAYER_FIELDS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/support/ends_with.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which of a layer type's parameters have a meaning here. Names are separated by blanks.
struct LayerFields {
  std::string_view parameter{};         ///< "pooling_param"; empty where the type has none
  std::string_view read{};              ///< its fields that are taken up
  std::string_view without_meaning{};   ///< its fields that do not count in inference: fillers, engines
  std::string_view second_parameter{};  ///< another message with fields of the same names, which some forks use
};

/// What a field that nobody takes up does to its layer.
enum class FieldEffect {
  none,      ///< it has no meaning in inference
  foreign,   ///< it belongs to layers of other types, which this one does not look at
  not_read,  ///< it may change what is computed
};

/// The effect of a field, given by its path in the layer, that the schema does not know or has no such value for.
NUQ_FUNCTION [[nodiscard]] FieldEffect effect_of_unknown(std::string_view path, const LayerFields& fields);

/// A field of the schema that a layer sets although its type does not take it up.
struct UnreadField {
  std::string path;
  FieldEffect effect;  ///< foreign or not_read
};

/// The fields of a layer of the present format that nobody takes up and that are not at their defaults.
NUQ_FUNCTION [[nodiscard]] std::vector<UnreadField> unread_fields(const schema::LayerParameter& layer,
                                                                  const LayerFields& fields);

/// Whether the user knows that a field of a layer type means nothing.
NUQ_FUNCTION [[nodiscard]] bool is_ignored(const ReadOptions& options, std::string_view type, std::string_view path);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <algorithm>
#include <cstddef>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Read for layers of all types.
inline constexpr std::string_view fields_of_all_layers = "name type bottom top phase include exclude param blobs";

/// About training, storage and how the work is done.
inline constexpr std::string_view fields_without_meaning =
    "loss_weight propagate_down loss_param transform_param forward_type backward_type forward_math backward_math debug "
    "cudnn_math_override engine quantization_param";

/// Whether `names`, separated by blanks, hold `name`.
NUQ_FUNCTION [[nodiscard]] inline bool holds_name(std::string_view names, std::string_view name) {
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = (std::min)(names.find(' ', at), names.size());
    if (names.substr(at, end - at) == name) return true;
    at = end + 1;
  }
  return false;
}

NUQ_FUNCTION [[nodiscard]] inline bool is_own_parameter(std::string_view name, const LayerFields& fields) {
  return !name.empty() && (name == fields.parameter || name == fields.second_parameter);
}

/// Whether a field that is set has the value that it would have anyway.
NUQ_FUNCTION [[nodiscard]] inline bool is_at_default(const google::protobuf::Message& message,
                                                     const google::protobuf::FieldDescriptor& field) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& values = *message.GetReflection();
  if (field.is_repeated()) return false;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      return values.GetInt32(message, &field) == field.default_value_int32();
    case Field::CPPTYPE_UINT32:
      return values.GetUInt32(message, &field) == field.default_value_uint32();
    case Field::CPPTYPE_BOOL:
      return values.GetBool(message, &field) == field.default_value_bool();
    case Field::CPPTYPE_ENUM:
      return values.GetEnum(message, &field) == field.default_value_enum();
    case Field::CPPTYPE_FLOAT:
      return !(values.GetFloat(message, &field) < field.default_value_float()) &&
             !(values.GetFloat(message, &field) > field.default_value_float());
    case Field::CPPTYPE_STRING:
      return values.GetString(message, &field) == field.default_value_string();
    default:
      return false;
  }
}

/// The names of the fields that are set to something else than their defaults.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::string> set_fields(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::vector<std::string> names;
  for (const google::protobuf::FieldDescriptor* const field : fields) {
    if (!is_at_default(message, *field)) names.emplace_back(field->name());
  }
  return names;
}

NUQ_FUNCTION [[nodiscard]] inline FieldEffect effect_in_parameter(std::string_view name, const LayerFields& fields) {
  return holds_name(fields.without_meaning, name) ? FieldEffect::none : FieldEffect::not_read;
}

}  // namespace detail

NUQ_DEFINITION FieldEffect effect_of_unknown(std::string_view path, const LayerFields& fields) {
  const std::size_t dot = path.find('.');
  const std::string_view first = path.substr(0, dot);
  if (detail::is_own_parameter(first, fields) && dot != std::string_view::npos) {
    const std::string_view rest = path.substr(dot + 1);
    return detail::effect_in_parameter(rest.substr(0, rest.find('.')), fields);
  }
  if (detail::holds_name(detail::fields_of_all_layers, first) ||
      detail::holds_name(detail::fields_without_meaning, first)) {
    return FieldEffect::none;
  }
  const bool is_known = schema::LayerParameter::descriptor()->FindFieldByName(std::string(first)) != nullptr;
  return is_known ? FieldEffect::foreign : FieldEffect::not_read;
}

NUQ_DEFINITION bool is_ignored(const ReadOptions& options, std::string_view type, std::string_view path) {
  return std::any_of(options.ignored_fields.begin(), options.ignored_fields.end(), [=](std::string_view ignored) {
    if (ignored.substr(0, type.size()) != type || ignored.substr(type.size(), 1) != ".") return false;
    const std::string_view field = ignored.substr(type.size() + 1);
    if (field == path) return true;
    return detail::ends_with(path, "." + std::string(field));
  });
}

NUQ_DEFINITION std::vector<UnreadField> unread_fields(const schema::LayerParameter& layer, const LayerFields& fields) {
  std::vector<UnreadField> unread;
  const google::protobuf::Reflection& values = *layer.GetReflection();
  for (const std::string& name : detail::set_fields(layer)) {
    if (detail::holds_name(detail::fields_of_all_layers, name) ||
        detail::holds_name(detail::fields_without_meaning, name)) {
      continue;
    }
    if (!detail::is_own_parameter(name, fields)) {
      unread.push_back({name, FieldEffect::foreign});
      continue;
    }
    const auto* const parameter = layer.GetDescriptor()->FindFieldByName(name);
    for (const std::string& inner : detail::set_fields(values.GetMessage(layer, parameter))) {
      if (detail::holds_name(fields.read, inner)) continue;
      const FieldEffect effect = detail::effect_in_parameter(inner, fields);
      if (effect != FieldEffect::none) unread.push_back({name + "." + inner, effect});
    }
  }
  return unread;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_LAYER_FIELDS_HPP
