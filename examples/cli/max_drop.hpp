#ifndef NUQ_EXAMPLES_CLI_MAX_DROP_HPP
#define NUQ_EXAMPLES_CLI_MAX_DROP_HPP

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "nuq/core/error.hpp"

/// How far a metric may fall: by a number in its own unit, or by per cent of the original's.
struct MaxDrop {
  double amount = (std::numeric_limits<double>::infinity)();
  bool is_relative = false;  ///< `amount` is a part of the original's metric

  [[nodiscard]] bool allows(double original_metric, double new_metric) const noexcept {
    const double most = is_relative ? amount * std::abs(original_metric) : amount;
    return original_metric - new_metric <= most + 1e-9;
  }
};

/// "0.01" or "1%". Throws ConfigError invalid_argument.
inline MaxDrop parse_max_drop(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool is_relative = std::string(end) == "%";
  if (text.empty() || end == text.c_str() || (*end != '\0' && !is_relative) || std::isnan(number)) {
    nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                                       "--max-drop " + text + ": wanted a number such as 0.01, or 1%"));
  }
  return {is_relative ? number / 100.0 : number, is_relative};
}

/// --max-drop; `max_drop` lives as long as `command`.
inline CLI::Option* add_max_drop(CLI::App& command, MaxDrop& max_drop) {
  return command
      .add_option_function<std::string>(
          "--max-drop", [&max_drop](const std::string& text) { max_drop = parse_max_drop(text); },
          "largest accepted drop: in the metric's unit, or with % relative to the original's metric")
      ->type_name("X[%]");
}

#endif  // NUQ_EXAMPLES_CLI_MAX_DROP_HPP
