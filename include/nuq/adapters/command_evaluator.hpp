#ifndef NUQ_ADAPTERS_COMMAND_EVALUATOR_HPP
#define NUQ_ADAPTERS_COMMAND_EVALUATOR_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/adapters/detail/child_process.hpp"
#include "nuq/adapters/detail/process_text.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// One word for the shell, whatever it holds: 'text', with each ' as '\''.
[[nodiscard]] inline std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'') {
      quoted += R"('\'')";
    } else {
      quoted += character;
    }
  }
  return quoted + "'";
}

/// The command with {model}, {weights} and {batch_num} replaced, in one pass: what replaces them is not searched.
[[nodiscard]] inline std::string filled_in(const std::string& command, const std::string& model_file,
                                           const std::string& weights_file, int batch_num) {
  const std::array<std::pair<std::string_view, std::string>, 3> values = {{{"{model}", shell_quoted(model_file)},
                                                                           {"{weights}", shell_quoted(weights_file)},
                                                                           {"{batch_num}", std::to_string(batch_num)}}};
  std::string filled;
  for (std::size_t position = 0; position < command.size();) {
    const auto is_here = [&](const auto& value) {
      return command.compare(position, value.first.size(), value.first) == 0;
    };
    const auto found = std::find_if(values.begin(), values.end(), is_here);
    filled += found == values.end() ? std::string(1, command[position]) : found->second;
    position += found == values.end() ? 1 : found->first.size();
  }
  return filled;
}

/// Reads one finite number with nothing but white space around it, whatever the locale. Returns NaN for any other text.
[[nodiscard]] inline double number_alone(const std::string& line) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::istringstream stream(line);
  stream.imbue(std::locale::classic());
  double number = none;
  const bool is_alone = (stream >> number) && (stream >> std::ws).eof();
  return is_alone && line.size() <= LastLine::max_bytes && std::isfinite(number) ? number : none;
}

/// How messages begin.
[[nodiscard]] inline std::string command_place(const std::string& command) {
  return "evaluation command '" + printable_text(command, std::string::npos) + "': ";
}

/// See `metric_of_command`.
[[nodiscard]] inline double metric_of_limited_command(const std::string& command, const CommandLimits& limits) {
  constexpr std::size_t quoted_bytes = 80;
  const auto refuse = [&command](const std::string& problem) {
    fail(EvaluationError(ErrorCode::evaluation_failed, command_place(command) + problem));
  };
  const CommandResult result = run_shell_command(command, limits);
  const std::string problem = problem_of(result, limits.timeout_seconds);
  if (!problem.empty()) refuse(problem);
  const std::string wanted = ", wanted the metric: one finite number alone on the last line of standard output";
  if (result.last_line.empty()) refuse("printed nothing" + wanted);
  const double metric = number_alone(result.last_line);
  if (std::isnan(metric)) refuse("last line is '" + printable_text(result.last_line, quoted_bytes) + "'" + wanted);
  return metric;
}

}  // namespace detail

/// Runs a command by `/bin/sh -c`, its standard input empty, its standard error ours, and returns the number that is
/// the last non-blank line of its standard output. After `timeout_seconds` > 0 all its processes are ended (SIGTERM,
/// SIGKILL 2 s later). Throws EvaluationError, naming the command, where it cannot be started, exits with a code other
/// than 0, is killed, takes too long, or ends with any line but one finite number alone.
[[nodiscard]] inline double metric_of_command(const std::string& command,
                                              double timeout_seconds = std::numeric_limits<double>::infinity()) {
  return detail::metric_of_limited_command(command, {timeout_seconds, {}});
}

/// What a `CommandEvaluator` runs, and which metrics it accepts.
struct CommandOptions {
  /// For /bin/sh. {model}, {weights} and {batch_num} stand for the files' names, quoted (put no quotes around them),
  /// and the number of batches, 0: all. Other braces stay.
  std::string command;
  double max_drop = 0.0;         ///< by how much the metric may get worse, in its own unit
  bool larger_is_better = true;  ///< false for an error or a loss
  double timeout_seconds = std::numeric_limits<double>::infinity();  ///< of one evaluation, > 0
  /// Asked several times a second, by all threads that evaluate; true ends the command's processes and throws. A
  /// program that has Ctrl-C end its search says so here: the signal does not reach the command.
  std::function<bool()> stop_requested;
};

/// An evaluator in any language: a program that prints the metric on the last line of its standard output, such as
///
///     python3 evaluate.py {model} {weights} {batch_num}
///
/// What it leaves running in the background when it ends is left alone. Needs a POSIX system.
class CommandEvaluator : public AutoNuqEvaluatorBase<CommandEvaluator> {
 public:
  /// `eval_model` may be called by several threads at once: each call has its own process.
  static constexpr bool is_thread_safe = true;

  /// Throws ConfigError invalid_argument: a command without {model} and {weights}, numbers out of range.
  explicit CommandEvaluator(CommandOptions options) : options_(std::move(options)) {
    const std::string& command = options_.command;
    const auto names = [&command](const char* file) { return command.find(file) != std::string::npos; };
    if (!names("{model}") && !names("{weights}")) {
      refuse("names no {model}, wanted {model} and {weights} for the files");
    }
    if (std::isnan(options_.max_drop)) refuse("max_drop: got nan, wanted a number");
    if (!(options_.timeout_seconds > 0.0)) {
      refuse("timeout: got " + detail::number_text(options_.timeout_seconds) + " s, wanted more than 0");
    }
  }

  /// Runs the command on a model. Throws EvaluationError as `metric_of_command`, and when it is stopped.
  [[nodiscard]] double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) const {
    return detail::metric_of_limited_command(detail::filled_in(options_.command, model_file, weights_file, batch_num),
                                             {options_.timeout_seconds, options_.stop_requested});
  }

  /// While the metric gets worse by `max_drop` at most; 1e-9 more counts as rounding.
  [[nodiscard]] bool is_satisfied(double original_metric, double new_metric) const {
    const double drop = options_.larger_is_better ? original_metric - new_metric : new_metric - original_metric;
    return drop <= options_.max_drop + 1e-9;
  }

  /// What distinguishes this evaluator from others: its command.
  [[nodiscard]] std::string label() const { return options_.command; }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    detail::fail(ConfigError(ErrorCode::invalid_argument, detail::command_place(options_.command) + problem));
  }

  CommandOptions options_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_COMMAND_EVALUATOR_HPP
