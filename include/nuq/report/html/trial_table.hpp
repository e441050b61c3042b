#ifndef NUQ_REPORT_HTML_TRIAL_TABLE_HPP
#define NUQ_REPORT_HTML_TRIAL_TABLE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A row for every trial of a search, in the order of visits. Empty where there are none.
NUQ_FUNCTION [[nodiscard]] std::string trial_table(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <optional>

#include "nuq/report/html/markup.hpp"
#include "nuq/report/html/search_picture.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string verdict_of(const Json& trial, bool is_answer) {
  std::string verdict = is_true(trial, "ended_early") ? "ended early, metric predicted"
                        : is_true(trial, "satisfied") ? "passes"
                                                      : "refused";
  if (is_on_front(trial)) verdict += ", on the front";
  return is_answer ? element("b", "", "the answer") + ", " + verdict : verdict;
}

NUQ_FUNCTION [[nodiscard]] inline std::string trial_row(const Json& trial, std::size_t visit, bool is_answer,
                                                        const MetricText& metric) {
  const auto numeric = [](const char* title, const std::string& content) {
    return element("td", "class=\"n\" data-label=\"" + std::string(title) + "\"", content);
  };
  const std::optional<double> error = number_in(trial, "error");
  std::string row = element("td", "class=\"n visit\" data-label=\"trial\"", std::to_string(visit));
  row += numeric("bytes", whole_in(trial, "bytes"));
  row += numeric("metric", data_in(trial, "metric", [&metric](double value) { return metric.of(value); }));
  row += numeric("± error", error ? data(*error, metric.of_change(*error)) : "");
  row +=
      numeric("price",
              number_in(trial, "price") ? data_in(trial, "price", [](double value) { return rounded(value, 3); }) : "");
  row += element("td", "class=\"row\" data-label=\"verdict\"", element("span", "", verdict_of(trial, is_answer)));
  row += element("td", "class=\"row\" data-label=\"configuration\"",
                 element("details", "",
                         "<summary>layers</summary>" +
                             element("div", "", element("code", "", escaped(text_in(trial, "configuration"), 20000)))));
  return element("tr", is_answer ? "class=\"chosen\"" : "", row) + "\n";
}

NUQ_DEFINITION std::string trial_table(const Json& report) {
  const Json& trials = member(report, "trials");
  if (trials.empty()) return {};
  const MetricText metric(report);
  const std::optional<std::size_t> answer = answer_of(report);
  std::string rows;
  for (std::size_t index = 0; index < trials.size(); ++index)
    rows += trial_row(trials[index], index + 1, answer && *answer == index, metric);
  return element("table", "class=\"cards\"",
                 "<thead><tr><th class=\"n\">trial</th><th class=\"n\">bytes</th><th class=\"n\">" +
                     escaped(metric.name()) +
                     "</th><th class=\"n\">± error</th><th class=\"n\">price per bit</th><th>verdict</th>"
                     "<th>configuration</th></tr></thead>" +
                     element("tbody", "", "\n" + rows));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_TRIAL_TABLE_HPP
