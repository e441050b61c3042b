#ifndef NUQ_AMCT_DETAIL_PLAN_RULES_HPP
#define NUQ_AMCT_DETAIL_PLAN_RULES_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// One rule of the configuration: ConfigError `place: key: got …, wanted …` unless it holds.
NUQ_FUNCTION void require(bool holds, const std::string& place, const std::string& key, const std::string& got,
                          const std::string& wanted);

/// The ranges of the AMCT manual's table of config.json. `place` is the file and the layer.
NUQ_FUNCTION void check_ranges(const ActivationPlan& plan, const std::string& place);

NUQ_FUNCTION void check_ranges(const LayerPlan& plan, const std::string& place);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void require(bool holds, const std::string& place, const std::string& key, const std::string& got,
                            const std::string& wanted) {
  if (!holds)
    fail(ConfigError(ErrorCode::invalid_argument, place + ": " + key + ": got " + got + ", wanted " + wanted));
}

NUQ_FUNCTION inline void require_percentile(float value, const std::string& place, const char* key) {
  require(is_finite(value) && value > 0.5F && value <= 1.0F, place, key, number_text(static_cast<double>(value)),
          "a number in (0.5, 1]");
}

NUQ_DEFINITION void check_ranges(const ActivationPlan& plan, const std::string& place) {
  constexpr double rounding = 1e-6;  // 0.6 = 1.3 − 0.7 holds for the decimals, not for their float32 values
  const double start = static_cast<double>(plan.search_range_start);
  const double end = static_cast<double>(plan.search_range_end);
  const double step = static_cast<double>(plan.search_step);
  const int bins = plan.num_of_bins;
  require_percentile(plan.max_percentile, place, "max_percentile");
  require_percentile(plan.min_percentile, place, "min_percentile");
  require(is_finite(start) && is_finite(end) && start > 0.0 && start < end, place, "search_range",
          "[" + number_text(start) + ", " + number_text(end) + "]", "0 < start < end");
  require(is_finite(step) && step > 0.0 && step <= end - start + rounding, place, "search_step", number_text(step),
          "a number in (0, " + number_text(end - start) + "], the width of search_range");
  require(bins == 1024 || bins == 2048 || bins == 4096 || bins == 8192, place, "num_of_bins", std::to_string(bins),
          "1024, 2048, 4096 or 8192");
}

NUQ_DEFINITION void check_ranges(const LayerPlan& plan, const std::string& place) {
  require(plan.num_steps >= 2 && plan.num_steps <= 256, place, "num_steps", std::to_string(plan.num_steps),
          "an integer in 2..256");
  require(plan.num_of_iteration >= 0 && plan.num_of_iteration <= 5, place, "num_of_iteration",
          std::to_string(plan.num_of_iteration), "an integer in 0..5");
  check_ranges(plan.activation, place);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_DETAIL_PLAN_RULES_HPP
