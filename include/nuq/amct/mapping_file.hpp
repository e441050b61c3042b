#ifndef NUQ_AMCT_MAPPING_FILE_HPP
#define NUQ_AMCT_MAPPING_FILE_HPP

#include <set>
#include <string>
#include <string_view>

#include "nuq/amct/compressible_layers.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The names that belong to operators flagged `_fe_weight_compress` in a mapping file, the JSON that the vendor's
/// compiler writes for a uniformly quantized deploy model (AMCT manual). Anything else in the file is passed over.
/// Throws ConfigError malformed_file: no JSON, or without a list of operators.
NUQ_FUNCTION [[nodiscard]] std::set<std::string> compressible_layers(std::string_view json, const std::string& file);

/// `compressible_layers` of a file. Throws FormatError file_not_readable as well.
NUQ_FUNCTION [[nodiscard]] CompressibleLayers read_mapping_file(const std::string& file);

/// Finds the mapping file that a configuration names: as named (relative to the working directory), then relative to
/// the configuration's folder, then by its base name in that folder. Throws ConfigError file_not_readable listing all
/// three.
NUQ_FUNCTION [[nodiscard]] std::string find_mapping_file(const std::string& named, const std::string& config_file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <filesystem>
#include <system_error>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline const Json& absent_json() {
  static const Json null;
  return null;
}

/// A member of what may be an object; null where there is none. A loop over null or a scalar has no elements.
NUQ_FUNCTION [[nodiscard]] inline const Json& json_member(const Json& value, const char* key) {
  const Json* const member = value.find(key);
  return member == nullptr ? absent_json() : *member;
}

/// The value of an operator's attribute; null where there is none.
NUQ_FUNCTION [[nodiscard]] inline const Json& operator_attribute(const Json& op, const char* key) {
  for (const Json& attribute : json_member(op, "attr")) {
    if (json_member(attribute, "key").is_string(key)) return json_member(attribute, "value");
  }
  return absent_json();
}

/// {"b":true}, or an integer other than 0.
NUQ_FUNCTION [[nodiscard]] inline bool is_flagged(const Json& op) {
  const Json& flag = operator_attribute(op, "_fe_weight_compress");
  const Json& integer = json_member(flag, "i");
  return json_member(flag, "b").boolean() || integer.integer() != 0;
}

/// The layers an operator was made of; its own name where the list is absent or empty.
NUQ_FUNCTION [[nodiscard]] inline std::set<std::string> original_layers(const Json& op) {
  std::set<std::string> names;
  const Json& list = json_member(operator_attribute(op, "_datadump_original_op_names"), "list");
  const Json& originals = json_member(list, "s");
  if (originals.is_string()) names.insert(originals.text());
  for (const Json& name : originals) {
    if (name.is_string()) names.insert(name.text());
  }
  if (names.empty() && json_member(op, "name").is_string()) names.insert(json_member(op, "name").text());
  return names;
}

}  // namespace detail

NUQ_DEFINITION std::set<std::string> compressible_layers(std::string_view json, const std::string& file) {
  const Json root = parse_json<ConfigError>(json, file);
  const Json& graphs = detail::json_member(root, "graph");
  if (!graphs.is_array()) {
    detail::fail(ConfigError(ErrorCode::malformed_file,
                             file + ": has no list 'graph', wanted the JSON that `atc --mode=1` writes"));
  }
  std::set<std::string> names;
  for (const Json& graph : graphs) {
    for (const Json& op : detail::json_member(graph, "op")) {
      if (detail::is_flagged(op)) names.merge(detail::original_layers(op));
    }
  }
  return names;
}

NUQ_DEFINITION CompressibleLayers read_mapping_file(const std::string& file) {
  const MappedFile content(file);
  return {compressible_layers(content.bytes(), file), file};
}

NUQ_DEFINITION std::string find_mapping_file(const std::string& named, const std::string& config_file) {
  const std::filesystem::path path(named);
  const std::filesystem::path folder = std::filesystem::path(config_file).parent_path();
  std::string tried;
  for (const std::filesystem::path& candidate : {path, folder / path, folder / path.filename()}) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate.string();
    tried += (tried.empty() ? "'" : ", '") + candidate.string() + "'";
  }
  detail::fail(
      ConfigError(ErrorCode::file_not_readable, config_file + ": mapping_file: no such file: looked for " + tried));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_MAPPING_FILE_HPP
