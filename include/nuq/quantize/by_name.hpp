#ifndef NUQ_QUANTIZE_BY_NAME_HPP
#define NUQ_QUANTIZE_BY_NAME_HPP

#include <cstdint>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/lloyd.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/mse_scale.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A CodebookSelector chosen by its name when the program runs.
class NamedCodebook {
 public:
  NamedCodebook() = default;
  /// `name`: "optimal" (also ""), "lloyd" or "uniform-step"; `seed`: of Lloyd's first levels. Throws ConfigError
  /// invalid_argument.
  NUQ_FUNCTION explicit NamedCodebook(const std::string& name, std::uint64_t seed = 0);

  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps,
                                             int num_of_iteration) const;
  NUQ_FUNCTION [[nodiscard]] Codebook select(const LevelHistogram& histogram, int num_steps) const;

 private:
  enum class Kind { optimal, lloyd, uniform_step };
  Kind kind_ = Kind::optimal;
  std::uint64_t seed_ = 0;
};

/// A LevelAssigner chosen by its name when the program runs.
class NamedAssigner {
 public:
  NamedAssigner() = default;
  /// `name`: "feedback" (also "") or "nearest". Throws ConfigError invalid_argument.
  NUQ_FUNCTION explicit NamedAssigner(const std::string& name);

  NUQ_FUNCTION [[nodiscard]] Assignment assign(const LayerProblem& problem, const Codebook& codebook) const;

 private:
  bool feeds_back_ = true;
};

/// The parts of a quantizer by their names; an empty one is the default.
struct QuantizerNames {
  std::string scales;    ///< "abs-max" (default) or "mse"
  std::string codebook;  ///< "optimal" (default), "lloyd", "uniform-step" or "entropy-constrained", which has a price
  std::string assigner;  ///< "feedback" (default) or "nearest"

  [[nodiscard]] bool empty() const noexcept { return scales.empty() && codebook.empty() && assigner.empty(); }
};

/// The LayerQuantizer of named parts. `seed`: of policies that draw random numbers. Throws ConfigError invalid_argument
/// for a name that no part has.
NUQ_FUNCTION [[nodiscard]] AnyLayerQuantizer quantizer_named(const QuantizerNames& names, std::uint64_t seed = 0);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <utility>

#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/assign/rate_constrained_error_feedback.hpp"
#include "nuq/quantize/codebook/entropy_constrained.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] inline void fail_policy_name(const std::string& policy, const std::string& got,
                                                       const std::string& wanted) {
  fail(ConfigError(ErrorCode::invalid_argument, policy + " '" + got + "': wanted " + wanted));
}

}  // namespace detail

NUQ_DEFINITION NamedCodebook::NamedCodebook(const std::string& name, std::uint64_t seed) : seed_(seed) {
  if (name == "lloyd") {
    kind_ = Kind::lloyd;
  } else if (name == "uniform-step") {
    kind_ = Kind::uniform_step;
  } else if (!name.empty() && name != "optimal") {
    detail::fail_policy_name("codebook", name, "optimal, lloyd, uniform-step or entropy-constrained");
  }
}

NUQ_DEFINITION Codebook NamedCodebook::select(const LevelHistogram& histogram, int num_steps,
                                              int num_of_iteration) const {
  if (kind_ == Kind::uniform_step) return UniformStepCodebook{}.select(histogram, num_steps);
  if (kind_ == Kind::optimal) return OptimalCodebook{}.select(histogram, num_steps);
  LloydCodebook lloyd;
  lloyd.seed = seed_;
  return lloyd.select(histogram, num_steps, num_of_iteration);
}

NUQ_DEFINITION Codebook NamedCodebook::select(const LevelHistogram& histogram, int num_steps) const {
  return select(histogram, num_steps, 1);
}

NUQ_DEFINITION NamedAssigner::NamedAssigner(const std::string& name) : feeds_back_(name != "nearest") {
  if (!name.empty() && name != "feedback" && name != "nearest")
    detail::fail_policy_name("assigner", name, "feedback or nearest");
}

NUQ_DEFINITION Assignment NamedAssigner::assign(const LayerProblem& problem, const Codebook& codebook) const {
  return feeds_back_ ? ErrorFeedback{}.assign(problem, codebook) : NearestLevel{}.assign(problem, codebook);
}

namespace detail {

/// With the rest of the parts, beside weight quantizers of this type.
template <class Scales>
[[nodiscard]] AnyLayerQuantizer quantizer_of_scales(const QuantizerNames& names, std::uint64_t seed) {
  NamedAssigner assigner(names.assigner);
  if (names.codebook != "entropy-constrained")
    return NonUniformQuantizer<Scales, NamedCodebook, NamedAssigner>{Scales{}, NamedCodebook(names.codebook, seed),
                                                                     std::move(assigner)};
  if (names.assigner == "nearest")
    fail_policy_name("assigner", names.assigner, "feedback, for levels that know what bits cost");
  return NonUniformQuantizer<Scales, EntropyConstrainedCodebook<EntropyRate>,
                             RateConstrainedErrorFeedback<EntropyRate>>{};
}

}  // namespace detail

NUQ_DEFINITION AnyLayerQuantizer quantizer_named(const QuantizerNames& names, std::uint64_t seed) {
  if (names.scales == "mse") return detail::quantizer_of_scales<MseScaleQuantizer>(names, seed);
  if (!names.scales.empty() && names.scales != "abs-max")
    detail::fail_policy_name("scales", names.scales, "abs-max or mse");
  return detail::quantizer_of_scales<AbsMaxQuantizer>(names, seed);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_BY_NAME_HPP
