#ifndef NUQ_CAFFE_MIXED_SYNTAX_HPP
#define NUQ_CAFFE_MIXED_SYNTAX_HPP

#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// For a prototxt that cannot be parsed: which of its layers mixes the present syntax (`layer`, quoted types) with the
/// older one (`layers`, types in capitals), and where, in words; empty where none does.
NUQ_FUNCTION [[nodiscard]] std::string mixed_syntax_of(std::string_view text);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <vector>

#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/core/error.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What is wrong with a field of a layer, of the present format or the older one.
NUQ_FUNCTION [[nodiscard]] inline std::string mixed_field(std::string_view text, const TextField& field,
                                                          bool is_present) {
  const std::string value(text.substr(field.value_begin, field.value_end - field.value_begin));
  const bool is_quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
  if (field.name == "type" && is_quoted != is_present) {
    return is_present ? "type " + value + " belongs to the older `layers`, wanted a quoted type such as \"Convolution\""
                      : "type " + value + " belongs to `layer`, wanted one of the older types such as CONVOLUTION";
  }
  if (field.name == "param" && field.is_message != is_present) {
    return is_present ? "param " + value + " belongs to the older `layers`, wanted `param { name: … }`"
                      : "`param { … }` belongs to `layer`, wanted the parameter's name or `blobs_lr`";
  }
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline std::string mixed_syntax_of_layer(std::string_view text, const TextField& layer) {
  const bool is_present = layer.name == "layer";
  std::string name;
  std::string problem;
  for (const TextField& field : text_fields(text, layer.value_begin, layer.value_end)) {
    if (field.name == "name") name = text.substr(field.value_begin, field.value_end - field.value_begin);
    if (problem.empty()) problem = mixed_field(text, field, is_present);
  }
  if (name.size() > 1) name = name.substr(1, name.size() - 2);
  return problem.empty() ? problem : "layer '" + name + "': " + problem;
}

}  // namespace detail

NUQ_DEFINITION std::string mixed_syntax_of(std::string_view text) {
  try {
    for (const TextField& field : text_fields(text)) {
      if (!field.is_message || (field.name != "layer" && field.name != "layers")) continue;
      const std::string problem = detail::mixed_syntax_of_layer(text, field);
      if (!problem.empty()) return problem;
    }
  } catch (const ModelError&) {  // brackets or quotes do not match: the parser's own message says where
  }
  return {};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_MIXED_SYNTAX_HPP
