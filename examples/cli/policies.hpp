#ifndef NUQ_EXAMPLES_CLI_POLICIES_HPP
#define NUQ_EXAMPLES_CLI_POLICIES_HPP

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "nuq/core/error.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/codebook/lloyd.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/size_model.hpp"

/// Policies by the names of the command line.

[[noreturn]] inline void fail_name(const std::string& option, const std::string& got, const std::string& wanted) {
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument, option + " '" + got + "': wanted " + wanted));
}

inline nuq::Target target_named(const std::string& name) {
  if (name == "packed") return nuq::Target::packed;
  if (name == "palette") return nuq::Target::palette;
  if (name == "ascend") return nuq::Target::ascend;
  fail_name("--target", name, "packed, palette or ascend");
}

inline nuq::BiasCorrection bias_correction_named(const std::string& name) {
  if (name == "on") return nuq::BiasCorrection::on;
  if (name == "off") return nuq::BiasCorrection::off;
  if (name == "auto") return nuq::BiasCorrection::automatic;
  fail_name("--bias-correction", name, "on, off or auto");
}

/// Names of policies; empty ones are chosen by the target.
struct PolicyNames {
  std::string target;
  std::string codebook;
  std::string assigner;
  std::string bias_correction = "auto";

  void add_to(CLI::App& command) {
    command
        .add_option(
            "--target", target,
            "what layers are compressed for: packed (entropy-coded), palette (few levels) or ascend (the vendor's "
            "compressor)")
        ->capture_default_str();
    command.add_option("--codebook", codebook, "optimal, lloyd or uniform-step; chosen by the target otherwise");
    command.add_option("--assigner", assigner, "feedback or nearest; chosen by the target otherwise");
    command
        .add_option("--bias-correction", bias_correction,
                    "on, off or auto: whether the biases of layers with few levels make up for their mean error on the "
                    "calibration data; auto: where that pays on data held out")
        ->capture_default_str();
  }
};

/// A codebook selector chosen by its name: one type, so that the library is compiled once for all.
struct NamedCodebook {
  enum class Kind { optimal, lloyd, uniform_step };
  Kind kind = Kind::optimal;
  std::uint64_t seed = 0;

  NamedCodebook() = default;
  NamedCodebook(const std::string& name, std::uint64_t random_seed) : seed(random_seed) {
    if (name == "lloyd") {
      kind = Kind::lloyd;
    } else if (name == "uniform-step") {
      kind = Kind::uniform_step;
    } else if (!name.empty() && name != "optimal") {
      fail_name("--codebook", name, "optimal, lloyd or uniform-step");
    }
  }

  [[nodiscard]] nuq::Codebook select(const nuq::LevelHistogram& histogram, int num_steps, int num_of_iteration) const {
    if (kind == Kind::uniform_step) return nuq::UniformStepCodebook{}.select(histogram, num_steps);
    if (kind == Kind::optimal) return nuq::OptimalCodebook{}.select(histogram, num_steps);
    nuq::LloydCodebook lloyd;
    lloyd.seed = seed;
    return lloyd.select(histogram, num_steps, num_of_iteration);
  }
  [[nodiscard]] nuq::Codebook select(const nuq::LevelHistogram& histogram, int num_steps) const {
    return select(histogram, num_steps, 1);
  }
};

/// A level assigner chosen by its name.
struct NamedAssigner {
  bool feeds_back = true;

  NamedAssigner() = default;
  explicit NamedAssigner(const std::string& name) : feeds_back(name != "nearest") {
    if (!name.empty() && name != "feedback" && name != "nearest") fail_name("--assigner", name, "feedback or nearest");
  }

  [[nodiscard]] nuq::Assignment assign(const nuq::LayerProblem& problem, const nuq::Codebook& codebook) const {
    return feeds_back ? nuq::ErrorFeedback{}.assign(problem, codebook) : nuq::NearestLevel{}.assign(problem, codebook);
  }
};

/// Calls `use` with the quantizer of the named policies. `counts_levels`: one without a price is wanted.
template <class Use>
auto with_quantizer(const PolicyNames& names, bool counts_levels, std::uint64_t seed, Use&& use) {
  const bool is_packed = target_named(names.target) == nuq::Target::packed;
  if (!names.codebook.empty() || !names.assigner.empty()) {
    return use(nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, NamedCodebook, NamedAssigner>{
        nuq::AbsMaxQuantizer{}, NamedCodebook(names.codebook, seed), NamedAssigner(names.assigner)});
  }
  return is_packed && !counts_levels ? use(nuq::RateQuantizer{}) : use(nuq::NonUniformQuantizer<>{});
}

#endif  // NUQ_EXAMPLES_CLI_POLICIES_HPP
