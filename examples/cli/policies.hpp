#ifndef NUQ_EXAMPLES_CLI_POLICIES_HPP
#define NUQ_EXAMPLES_CLI_POLICIES_HPP

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "nuq/assign/error_feedback.hpp"
#include "nuq/assign/nearest_level.hpp"
#include "nuq/codebook/lloyd.hpp"
#include "nuq/codebook/optimal.hpp"
#include "nuq/codebook/uniform_step.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/rate/target.hpp"

/// Policies by the names of the command line.

[[noreturn]] inline void fail_name(const std::string& option, const std::string& got, const std::string& wanted) {
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument, option + " '" + got + "': wanted " + wanted));
}

inline nuq::Target target_named(const std::string& name) {
  if (name == "packed") return nuq::Target::packed;
  if (name == "palette") return nuq::Target::palette;
  fail_name("--target", name, "packed or palette");
}

/// Names of policies; empty ones are chosen by the target.
struct PolicyNames {
  std::string target;
  std::string codebook;
  std::string assigner;

  void add_to(CLI::App& command) {
    command
        .add_option("--target", target,
                    "what layers are compressed for: packed (entropy-coded indices) or palette (few levels)")
        ->capture_default_str();
    command.add_option("--codebook", codebook, "optimal, lloyd or uniform-step; chosen by the target otherwise");
    command.add_option("--assigner", assigner, "feedback or nearest; chosen by the target otherwise");
  }
};

/// Calls `use` with a NonUniformQuantizer of a named codebook selector.
template <class Assigner, class Use>
auto with_codebook(const std::string& codebook, std::uint64_t seed, Use&& use) {
  using nuq::AbsMaxQuantizer;
  if (codebook.empty() || codebook == "optimal")
    return use(nuq::NonUniformQuantizer<AbsMaxQuantizer, nuq::OptimalCodebook, Assigner>{});
  if (codebook == "uniform-step")
    return use(nuq::NonUniformQuantizer<AbsMaxQuantizer, nuq::UniformStepCodebook, Assigner>{});
  if (codebook == "lloyd") {
    nuq::LloydCodebook lloyd;
    lloyd.seed = seed;
    return use(nuq::NonUniformQuantizer<AbsMaxQuantizer, nuq::LloydCodebook, Assigner>{AbsMaxQuantizer{}, lloyd});
  }
  fail_name("--codebook", codebook, "optimal, lloyd or uniform-step");
}

/// Calls `use` with the quantizer of the named policies. `counts_levels`: one without a price is wanted.
template <class Use>
auto with_quantizer(const PolicyNames& names, bool counts_levels, std::uint64_t seed, Use&& use) {
  const bool by_target = names.codebook.empty() && names.assigner.empty() && !counts_levels;
  if (by_target && target_named(names.target) == nuq::Target::packed) return use(nuq::RateQuantizer{});
  if (names.assigner == "nearest") return with_codebook<nuq::NearestLevel>(names.codebook, seed, use);
  if (names.assigner.empty() || names.assigner == "feedback")
    return with_codebook<nuq::ErrorFeedback>(names.codebook, seed, use);
  fail_name("--assigner", names.assigner, "feedback or nearest");
}

#endif  // NUQ_EXAMPLES_CLI_POLICIES_HPP
