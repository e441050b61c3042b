#ifndef NUQ_AMCT_SIMPLIFIED_CONFIG_HPP
#define NUQ_AMCT_SIMPLIFIED_CONFIG_HPP

#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Reads the text of a simplified configuration (AMCT manual: `AMCTConfig`, the file given as `config_defination`). A
/// field written twice keeps its last value, and of two algorithms in one place the last one wins, as in the vendor's
/// tools. Throws ConfigError malformed_file with `file:line:column`.
NUQ_FUNCTION [[nodiscard]] schema::AMCTConfig parse_simplified_config(std::string_view text, const std::string& file);

/// `parse_simplified_config` of a file. Throws FormatError file_not_readable as well.
NUQ_FUNCTION [[nodiscard]] schema::AMCTConfig read_simplified_config(const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/caffe/text_message.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION schema::AMCTConfig parse_simplified_config(std::string_view text, const std::string& file) {
  return detail::parse_text_message<ConfigError, schema::AMCTConfig>(text, file,
                                                                     detail::SecondValue::replaces_the_first);
}

NUQ_DEFINITION schema::AMCTConfig read_simplified_config(const std::string& file) {
  const MappedFile content(file);
  return parse_simplified_config(content.bytes(), file);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_SIMPLIFIED_CONFIG_HPP
