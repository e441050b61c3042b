#ifndef NUQ_EXAMPLES_CLI_CONFIG_OPTIONS_HPP
#define NUQ_EXAMPLES_CLI_CONFIG_OPTIONS_HPP

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "nuq/amct/config_source.hpp"
#include "nuq/workflow/create_quant_config.hpp"

/// Wishes that `nuq config` and commands without a configuration have in common.
void add_config_wishes(CLI::App& command, nuq::QuantConfigRequest& request);

/// The layers that the patterns of --skip-layer mean take their place.
void resolve_skipped_layers(const ModelOptions& model, nuq::QuantConfigRequest& request);

/// -c CONFIG; without it, the wishes of which one is made in memory as `nuq config` does.
struct ConfigOptions {
  std::string file;
  std::string save;
  nuq::QuantConfigRequest request;

  void add_to(CLI::App& command);

  /// Reads or makes the configuration. One that is made is written to `save`, where that is named.
  [[nodiscard]] nuq::ConfigSource source(const ModelOptions& model) const;
};

/// The layers of a configuration that take NUQ.
std::vector<std::string> nuq_layers_of(const nuq::QuantConfig& config);

#endif  // NUQ_EXAMPLES_CLI_CONFIG_OPTIONS_HPP
