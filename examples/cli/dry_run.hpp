#ifndef NUQ_EXAMPLES_CLI_DRY_RUN_HPP
#define NUQ_EXAMPLES_CLI_DRY_RUN_HPP

#include <string>

#include "command.hpp"
#include "nuq/amct/quant_config.hpp"

/// What is known of a job before it is done.
struct DryRun {
  std::string data;     ///< dataset that the network is run over, or empty
  std::string purpose;  ///< of one such pass: "evaluation"
  int passes = 1;       ///< at most
};

/// Prints what the layers take at several numbers of levels, really quantized to the nearest ones, and about how long
/// the job will take. Writes nothing.
void print_dry_run(const ModelOptions& model, const nuq::QuantConfig& config, const DryRun& job,
                   const Session& session);

#endif  // NUQ_EXAMPLES_CLI_DRY_RUN_HPP
