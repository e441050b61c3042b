#ifndef NUQ_EXAMPLES_CLI_POLICIES_HPP
#define NUQ_EXAMPLES_CLI_POLICIES_HPP

#include <cstdint>
#include <string>

#include "nuq/codebook/lloyd.hpp"
#include "nuq/codebook/optimal.hpp"
#include "nuq/codebook/uniform_step.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
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

/// Calls `use` with the NonUniformQuantizer of the named policies.
template <class Use>
auto with_quantizer(const std::string& codebook, const std::string& assigner, std::uint64_t seed, Use&& use) {
  if (assigner != "nearest") fail_name("--assigner", assigner, "nearest");
  if (codebook == "optimal") return use(nuq::NonUniformQuantizer<>{});
  if (codebook == "uniform-step")
    return use(nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::UniformStepCodebook>{});
  if (codebook == "lloyd") {
    nuq::LloydCodebook lloyd;
    lloyd.seed = seed;
    return use(nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::LloydCodebook>{nuq::AbsMaxQuantizer{}, lloyd});
  }
  fail_name("--codebook", codebook, "optimal, lloyd or uniform-step");
}

#endif  // NUQ_EXAMPLES_CLI_POLICIES_HPP
