#ifndef NUQ_AMCT_CONFIG_SOURCE_HPP
#define NUQ_AMCT_CONFIG_SOURCE_HPP

#include <string>
#include <utility>

#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Where the configuration of a network comes from: a config.json, or memory (`make_quant_config`).
class ConfigSource {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for each of these
  ConfigSource(std::string file) : file_(std::move(file)) {}
  ConfigSource(const char* file) : file_(file) {}
  ConfigSource(QuantConfig config) : config_(std::move(config)), is_in_memory_(true) {}
  // NOLINTEND(google-explicit-constructor)

  /// Empty for a configuration in memory.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  /// Throws ConfigError or FormatError for a file that is none.
  NUQ_FUNCTION [[nodiscard]] QuantConfig read() const;

  /// SHA-256 of the file's content, or of what would be written.
  NUQ_FUNCTION [[nodiscard]] std::string hash() const;

 private:
  std::string file_;
  QuantConfig config_;
  bool is_in_memory_ = false;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/amct/quant_config_json.hpp"
#include "nuq/io/sha256.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION QuantConfig ConfigSource::read() const {
  return is_in_memory_ ? config_ : read_quant_config(file_);
}

NUQ_DEFINITION std::string ConfigSource::hash() const {
  return is_in_memory_ ? sha256(to_json(config_)) : sha256_of_file(file_);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_CONFIG_SOURCE_HPP
