#ifndef NUQ_EXAMPLES_CLI_RECIPE_HPP
#define NUQ_EXAMPLES_CLI_RECIPE_HPP

#include <optional>
#include <string>

#include "command.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/report/size_model.hpp"

/// What a run did with each layer of a network, to be done with another network of the same layers.
struct Recipe {
  nuq::QuantConfig config;      ///< each layer's number of levels, int8, or not quantized
  std::optional<double> price;  ///< per bit, where layers had one; those of a search had their own, in `config`
  nuq::Target target = nuq::Target::palette;
};

/// Reads the report of a run. Throws ConfigError, naming them, where layers of the network are others than the report's
/// or have weights of another shape; FormatError for a file that is no report.
Recipe read_recipe(const std::string& report_file, const ModelOptions& model);

#endif  // NUQ_EXAMPLES_CLI_RECIPE_HPP
