#ifndef NUQ_EXAMPLES_CLI_POLICIES_HPP
#define NUQ_EXAMPLES_CLI_POLICIES_HPP

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "nuq/amct/quant_config.hpp"
#include "nuq/ascend/quantizer.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/by_name.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/size_model.hpp"
#include "tool_report.hpp"

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

/// Names of policies; empty ones are chosen by the target, an empty target by the configuration.
struct PolicyNames {
  std::string target;
  nuq::QuantizerNames parts;
  std::string bias_correction = "auto";

  /// The target of a configuration where none is named.
  void follow(const nuq::QuantConfig& config) {
    if (target.empty()) target = nuq::target_name(nuq::usual_target(config.for_ascend));
  }

  void describe(ToolReport& report) const {
    report.set_if_any("target", target);
    report.set_if_any("codebook", parts.codebook);
    report.set_if_any("assigner", parts.assigner);
    report.set_if_any("scales", parts.scales);
    report.set("bias_correction", bias_correction);
  }

  void add_to(CLI::App& command) {
    command
        .add_option("--target", target,
                    "what layers are compressed for: packed (entropy-coded, one price per bit), palette (few levels) "
                    "or ascend (the vendor's compressor)")
        ->type_name("packed|palette|ascend")
        ->default_str("by the configuration");
    command
        .add_option("--codebook", parts.codebook,
                    "optimal, lloyd, uniform-step or entropy-constrained (a price per bit in place of the number of "
                    "levels alone); chosen by the target otherwise")
        ->type_name("optimal|lloyd|uniform-step|entropy-constrained");
    command.add_option("--assigner", parts.assigner, "feedback or nearest; chosen by the target otherwise")
        ->type_name("feedback|nearest");
    command
        .add_option("--scales", parts.scales,
                    "abs-max or mse (least squared error at the number of levels); chosen by the target otherwise")
        ->type_name("abs-max|mse");
    command
        .add_option("--bias-correction", bias_correction,
                    "on, off or auto: whether the biases of layers with few levels make up for their mean error on the "
                    "calibration data; auto: where that pays on data held out")
        ->type_name("on|off|auto")
        ->capture_default_str();
  }
};

/// The quantizer of the named policies. `counts_levels`: one without a price is wanted where no policy is named.
inline nuq::AnyLayerQuantizer quantizer_of(const PolicyNames& names, bool counts_levels, std::uint64_t seed) {
  const nuq::Target target = target_named(names.target);
  if (target == nuq::Target::ascend && names.parts.codebook == "entropy-constrained" && names.parts.scales.empty())
    return nuq::AscendQuantizer{};
  if (!names.parts.empty()) return nuq::quantizer_named(names.parts, seed);
  if (target == nuq::Target::packed && !counts_levels) return nuq::RateQuantizer{};
  return nuq::NonUniformQuantizer<>{};
}

#endif  // NUQ_EXAMPLES_CLI_POLICIES_HPP
