#ifndef NUQ_EXAMPLES_CLI_SIZE_LIMIT_HPP
#define NUQ_EXAMPLES_CLI_SIZE_LIMIT_HPP

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "nuq/amct/quant_config.hpp"
#include "nuq/graph/load_graph.hpp"

/// --max-bytes N or --ratio R: how large the weights of all quantizable layers may be.
struct SizeLimit {
  std::string bytes;  ///< "500000", "500k", "2M"
  std::optional<double> ratio;

  /// To a command or a group of options; `command` does not outlive this object.
  void add_to(CLI::App& command);

  [[nodiscard]] bool is_given() const noexcept { return !bytes.empty() || ratio.has_value(); }

  /// In bytes, a ratio by the float32 size of the layers that the configuration's scope has. Throws ConfigError
  /// invalid_argument.
  [[nodiscard]] std::uint64_t most_bytes(const std::string& model, const std::string& weights,
                                         const nuq::ReadOptions& network, const nuq::QuantConfig& config) const;
};

#endif  // NUQ_EXAMPLES_CLI_SIZE_LIMIT_HPP
