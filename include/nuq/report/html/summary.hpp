#ifndef NUQ_REPORT_HTML_SUMMARY_HPP
#define NUQ_REPORT_HTML_SUMMARY_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What the network is called: by its file, or where the report does not tell by those that were written.
NUQ_FUNCTION [[nodiscard]] std::string network_name(const Json& report);

/// How a run ended, in a word.
NUQ_FUNCTION [[nodiscard]] std::string outcome_chip(const Json& report);

/// The result in words.
NUQ_FUNCTION [[nodiscard]] std::string lead(const Json& report);

/// The result in a handful of numbers.
NUQ_FUNCTION [[nodiscard]] std::string key_figures(const Json& report);

/// Warnings and notes; empty where there are none.
NUQ_FUNCTION [[nodiscard]] std::string warnings_of_report(const Json& report);

/// What was tried in a search that found nothing, and what may be tried next; empty for other reports.
NUQ_FUNCTION [[nodiscard]] std::string refusal(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/markup.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline bool is_search(const Json& report) {
  return number_in(report, "evaluations").value_or(0.0) > 0.0;
}

NUQ_FUNCTION [[nodiscard]] inline bool is_refused(const Json& report) {
  return is_search(report) && !is_true(report, "satisfied");
}

NUQ_FUNCTION [[nodiscard]] inline std::string last_part(const std::string& path) {
  const std::size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

NUQ_DEFINITION std::string network_name(const Json& report) {
  for (const Json& input : member(report, "inputs")) {
    if (text_in(input, "role") == "weights") return last_part(text_in(input, "path"));
  }
  for (const Json& file : member(report, "files")) return last_part(text_in(file, "path"));
  return "a network";
}

NUQ_DEFINITION std::string outcome_chip(const Json& report) {
  if (is_refused(report)) return element("span", "class=\"chip bad\"", "nothing satisfies");
  if (is_search(report)) return element("span", "class=\"chip good\"", "satisfied");
  return element("span", "class=\"chip\"", "quantized as configured");
}

NUQ_FUNCTION [[nodiscard]] inline std::string lead_of_size(const Json& report) {
  const double bytes = number_in(report, "bytes").value_or(0.0);
  const double ratio = number_in(report, "ratio_float32").value_or(0.0);
  if (!(bytes > 0.0)) return {};
  std::size_t layers = 0;
  std::size_t in_float = 0;
  for (const Json& layer : member(report, "layers")) ++(number_in(layer, "levels") ? layers : in_float);
  return "The weights of " + std::to_string(layers) + (layers == 1 ? " quantized layer" : " quantized layers") +
         (in_float > 0 ? " and " + std::to_string(in_float) + " in float" : "") + " take " +
         element("b", "", data(bytes, grouped(bytes))) + " bytes, " +
         element("b", "", data(ratio, fixed_text(ratio, 1) + " times")) + " less than the " +
         grouped(std::round(bytes * ratio)) + " of float32. ";
}

NUQ_FUNCTION [[nodiscard]] inline std::string lead_of_metric(const Json& report) {
  const std::optional<double> original = number_in(report, "original_metric");
  const std::optional<double> metric = number_in(report, "metric");
  if (!original || !metric) return "No accuracy was measured: the run had no evaluator. ";
  const MetricText text(report);
  std::string sentence =
      "The " + escaped(text.name()) + " goes from " + text.of(*original) + " to " + element("b", "", text.of(*metric));
  const std::optional<double> error = number_in(report, "metric_error");
  sentence += ", a change of " + text.of_change(*metric - *original);
  if (error) sentence += " with a standard error of " + text.of_change(*error);
  const std::optional<double> limit = limit_of(report);
  if (limit) sentence += "; " + text.of(*limit) + " is the limit";
  sentence += ". ";
  const std::optional<double> confidence = number_in(report, "confidence");
  if (confidence)
    sentence += "The true loss is within the limit with a confidence of " +
                data(*confidence, rounded(100.0 * *confidence, 3) + " %") + ". ";
  const Json& confirmation = member(report, "confirmation");
  const std::optional<double> confirmed = number_in(confirmation, "metric");
  if (confirmed) {
    sentence += "On a second set of data it is " + text.of(*confirmed);
    const std::optional<double> before = number_in(confirmation, "original_metric");
    if (before) sentence += " after " + text.of(*before);
    sentence += is_true(confirmation, "satisfied") ? ", which holds. " : ", which does not hold. ";
  }
  return sentence;
}

NUQ_DEFINITION std::string lead(const Json& report) {
  std::string text;
  if (is_refused(report)) {
    text = "No configuration was good enough: nothing was written but the report. ";
  } else {
    text = lead_of_size(report) + lead_of_metric(report);
  }
  if (is_true(report, "weights_only")) text += "Activations stay in float. ";
  return element("p", "class=\"lead\"", text);
}

NUQ_FUNCTION [[nodiscard]] inline std::string figure(const std::string& number, const std::string& meaning,
                                                     bool is_volatile = false) {
  return element("div", is_volatile ? "class=\"figure\" data-run" : "class=\"figure\"",
                 element("b", "", number) + element("span", "", meaning)) +
         "\n";
}

NUQ_FUNCTION [[nodiscard]] inline std::string duration_text(double seconds) {
  if (seconds < 99.5) return rounded(seconds, 3) + " s";
  const double minutes = std::round(seconds / 60.0);
  return minutes < 120.0 ? fixed_text(minutes, 0) + " min" : fixed_text(seconds / 3600.0, 1) + " h";
}

/// Whether a metric is that of a trial which ended early.
NUQ_FUNCTION [[nodiscard]] inline bool is_predicted(const Json& report, std::string_view key) {
  const Json& metric = member(report, key);
  for (const Json& trial : member(report, "trials")) {
    if (is_true(trial, "ended_early") && member(trial, "metric") == metric) return true;
  }
  return false;
}

NUQ_DEFINITION std::string key_figures(const Json& report) {
  const MetricText text(report);
  const auto in_metric = [&text](double value) { return text.of(value); };
  std::string figures;
  const std::optional<double> bytes = number_in(report, "bytes");
  if (bytes && !is_refused(report)) {
    figures += figure(data(*bytes, short_bytes(*bytes)), "weights, " + data_in(report, "ratio_int8", [](double ratio) {
                                                           return fixed_text(ratio, 2);
                                                         }) + " times smaller than int8");
    const std::optional<double> file = number_in(member(report, "packed_file"), "bytes");
    if (file) figures += figure(data(*file, short_bytes(*file)), "the packed file with everything in it");
  }
  if (number_in(report, "original_metric")) {
    figures += figure(data_in(report, "original_metric", in_metric), escaped(text.name()) + ", float");
    if (number_in(report, "int8_metric")) {
      figures += figure(data_in(report, "int8_metric", in_metric),
                        is_predicted(report, "int8_metric") ? "uniform int8, predicted" : "uniform int8");
    }
    if (number_in(report, "metric") && !is_refused(report)) {
      const std::optional<double> error = number_in(report, "metric_error");
      figures += figure(data_in(report, "metric", in_metric),
                        error ? "the result, ±\u00A0" + data(*error, text.of_change(*error)) : "the result");
    }
  }
  if (is_search(report)) figures += figure(whole_in(report, "evaluations"), "evaluations asked for");
  const std::optional<double> seconds = number_in(report, "seconds");
  if (seconds) figures += figure(data(*seconds, duration_text(*seconds)), "for the whole run", true);
  return element("div", "class=\"figures\"", "\n" + figures) + "\n";
}

NUQ_DEFINITION std::string warnings_of_report(const Json& report) {
  std::string entries;
  const auto add = [&entries](const std::string& text) {
    if (!text.empty()) entries += element("li", "", escaped(text, 2000)) + "\n";
  };
  add(text_in(report, "search_note"));
  for (const Json& warning : member(report, "warnings")) add(warning.text());
  if (entries.empty()) return {};
  return element("div", "class=\"warnings\"", "<b>Worth knowing</b>\n" + element("ul", "", entries)) + "\n";
}

/// The least loss of all trials, of those that were measured to their end where there are some.
struct SmallestDrop {
  double drop = 0.0;
  bool is_guess = false;
};

NUQ_FUNCTION [[nodiscard]] inline std::optional<SmallestDrop> smallest_drop(const Json& report) {
  const std::optional<double> original = number_in(report, "original_metric");
  std::optional<SmallestDrop> least;
  for (const Json& trial : member(report, "trials")) {
    const std::optional<double> metric = number_in(trial, "metric");
    if (!metric || !original) continue;
    const SmallestDrop drop{*original - *metric, is_true(trial, "ended_early")};
    const bool is_better = !least || (drop.is_guess == least->is_guess ? drop.drop < least->drop : least->is_guess);
    if (is_better) least = drop;
  }
  return least;
}

NUQ_DEFINITION std::string refusal(const Json& report) {
  if (!is_refused(report)) return {};
  const MetricText text(report);
  const std::optional<SmallestDrop> least = smallest_drop(report);
  const std::optional<double> limit = number_in(member(report, "options"), "max_drop");
  std::string tried =
      "Tried: " + std::to_string(member(report, "trials").size()) + " configurations beside the original";
  if (least) {
    tried +=
        least->is_guess ? "; all ended early, and the smallest drop predicted was " : "; the smallest drop seen was ";
    tried += element("b", "", text.of_change(least->drop));
  }
  if (limit) tried += ", " + data(*limit, text.of_change(*limit)) + " was allowed";
  std::string next;
  const auto advise = [&next](const std::string& advice) { next += element("li", "", advice) + "\n"; };
  if (least && least->drop > 0.0)
    advise("Allow a drop of " + element("code", "", "--max-drop " + rounded(1.1 * least->drop, 2)) +
           " or more, if the application bears it.");
  if (!is_true(report, "weights_only"))
    advise("Leave the activations in float: " + element("code", "", "--weights-only") + ".");
  if (!is_true(member(report, "options"), "calibration"))
    advise("Give calibration data, which the weights are fitted to: " +
           element("code", "", "--calibration DATASET.json") + ".");
  advise("Evaluate on more samples, or with " + element("code", "", "--confidence 0") +
         ", where the standard error is as large as the drop that is allowed.");
  advise("Give the search more evaluations: " + element("code", "", "--max-evaluations N") + ".");
  advise("Leave the most sensitive layers in float: " + element("code", "", "nuq rollback") + ".");
  return element("p", "", tried + ".") + element("h3", "", "What to try next") + element("ul", "", "\n" + next) + "\n";
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_SUMMARY_HPP
