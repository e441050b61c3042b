#ifndef NUQ_REPORT_HTML_COMPARISON_HPP
#define NUQ_REPORT_HTML_COMPARISON_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Two runs side by side: figures, searches, layers by name.
NUQ_FUNCTION [[nodiscard]] std::string comparison(const Json& first, const Json& second, const std::string& first_name,
                                                  const std::string& second_name);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/bytes_picture.hpp"
#include "nuq/report/html/layer_table.hpp"
#include "nuq/report/html/markup.hpp"
#include "nuq/report/html/search_picture.hpp"
#include "nuq/report/html/summary.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Two runs and what they are called.
struct ComparedRuns {
  const Json& first;
  const Json& second;
  std::string first_name;
  std::string second_name;

  NUQ_FUNCTION [[nodiscard]] std::string heads(const std::string& what) const {
    return element("thead", "",
                   element("tr", "",
                           element("th", "", what) + element("th", "class=\"n\"", "A") +
                               element("th", "class=\"n\"", "B") + element("th", "class=\"n\"", "B − A")));
  }
};

using ShowNumber = std::function<std::string(double)>;

/// A row of two numbers and their difference; empty where neither is known.
NUQ_FUNCTION [[nodiscard]] inline std::string compared_row(const std::string& what, std::optional<double> first,
                                                           std::optional<double> second, const ShowNumber& show,
                                                           const ShowNumber& show_change, bool is_volatile = false) {
  if (!first && !second) return {};
  const auto cell = [](const char* title, const std::string& content) {
    return element("td", "class=\"n\" data-label=\"" + std::string(title) + "\"", content);
  };
  const auto shown = [&show](std::optional<double> value) { return value ? data(*value, show(*value)) : "–"; };
  std::string change;
  if (first && second) change = (*second > *first ? "+" : "") + with_minus(show_change(*second - *first));
  return element("tr", is_volatile ? "data-run" : "",
                 element("td", "", what) + cell("A", shown(first)) + cell("B", shown(second)) + cell("B − A", change)) +
         "\n";
}

NUQ_FUNCTION [[nodiscard]] inline std::string compared_figures(const ComparedRuns& runs) {
  const MetricText text(runs.first);
  const auto whole = [](double value) { return grouped(value); };
  const auto times = [](double value) { return fixed_text(value, 2); };
  const auto metric = [&text](double value) { return text.of(value); };
  const auto change = [&text](double value) { return text.of_change(value); };
  std::string rows;
  const auto add = [&](const std::string& what, const char* key, const ShowNumber& show, const ShowNumber& show_change,
                       bool is_volatile = false) {
    rows += compared_row(what, number_in(runs.first, key), number_in(runs.second, key), show, show_change, is_volatile);
  };
  add("bytes of the weights", "bytes", whole, whole);
  rows += compared_row("bytes of the packed file", number_in(member(runs.first, "packed_file"), "bytes"),
                       number_in(member(runs.second, "packed_file"), "bytes"), whole, whole);
  add("times smaller than float32", "ratio_float32", times, times);
  add(escaped(text.name()) + ", float", "original_metric", metric, change);
  add("uniform int8", "int8_metric", metric, change);
  add("the result", "metric", metric, change);
  add("its standard error", "metric_error", change, change);
  add("evaluations", "evaluations", whole, whole);
  add(
      "seconds", "seconds", [](double value) { return rounded(value, 3); },
      [](double value) { return rounded(value, 3); }, true);
  return element("table", "class=\"cards\"", runs.heads("figure") + element("tbody", "", "\n" + rows));
}

NUQ_FUNCTION [[nodiscard]] inline std::string compared_layers(const ComparedRuns& runs) {
  const Json none;
  std::map<std::string, const Json*> by_name;
  for (const Json& layer : member(runs.second, "layers")) by_name[text_in(layer, "name")] = &layer;
  double largest = 1.0;
  for (const Json* const run : {&runs.first, &runs.second}) {
    for (const Json& layer : member(*run, "layers"))
      largest = (std::max)(largest, number_in(layer, "bytes").value_or(0.0));
  }
  std::string rows;
  const auto add = [&](const Json& a, const Json& b) {
    const Json& named = a.is_object() ? a : b;
    std::string row =
        element("td", "data-v=\"" + escaped(text_in(named, "name")) + "\"", name_markup(text_in(named, "name")));
    const auto cell = [&row](const char* title, const Json& layer, const char* key, int places) {
      const std::optional<double> value = number_in(layer, key);
      row += element("td",
                     "class=\"n\" data-label=\"" + std::string(title) + "\" data-v=\"" +
                         (value ? rounded(*value, 9) : "-1") + "\"",
                     value ? data(*value, with_minus(fixed_text(*value, places))) : "–");
    };
    const auto bytes = [&](const char* title, const Json& layer) {
      const std::optional<double> value = number_in(layer, "bytes");
      row += value ? bar_cell(title, *value, *value / largest, data(*value, grouped(*value)))
                   : element("td", "class=\"n\" data-label=\"" + std::string(title) + "\" data-v=\"-1\"", "–");
    };
    cell("levels A", a, "levels", 0);
    cell("levels B", b, "levels", 0);
    bytes("bytes A", a);
    bytes("bytes B", b);
    const double change = number_in(b, "bytes").value_or(0.0) - number_in(a, "bytes").value_or(0.0);
    row += element("td", "class=\"n\" data-label=\"B − A\" data-v=\"" + rounded(change, 9) + "\"",
                   (change > 0.0 ? "+" : "") + grouped(change));
    cell("SNR A", a, "weight_snr_db", 1);
    cell("SNR B", b, "weight_snr_db", 1);
    rows += element("tr", "", row) + "\n";
  };
  for (const Json& layer : member(runs.first, "layers")) {
    const auto other = by_name.find(text_in(layer, "name"));
    add(layer, other == by_name.end() ? none : *other->second);
    if (other != by_name.end()) by_name.erase(other);
  }
  for (const Json& layer : member(runs.second, "layers")) {
    if (by_name.count(text_in(layer, "name")) > 0) add(none, layer);
  }
  return element("table", "class=\"sortable cards\"",
                 "<thead><tr><th>layer</th><th class=\"n\">levels A</th><th class=\"n\">levels B</th>"
                 "<th class=\"n\">bytes A</th><th class=\"n\">bytes B</th><th class=\"n\">B − A</th>"
                 "<th class=\"n\">weight SNR A, dB</th><th class=\"n\">weight SNR B, dB</th></tr></thead>" +
                     element("tbody", "", "\n" + rows));
}

NUQ_DEFINITION std::string comparison(const Json& first, const Json& second, const std::string& first_name,
                                      const std::string& second_name) {
  const ComparedRuns runs{first, second, first_name, second_name};
  const auto column = [](const char* letter, const std::string& name, const Json& report) {
    return element("section", "",
                   element("h2", "", std::string(letter) + " " + outcome_chip(report)) +
                       element("p", "class=\"quiet\"", name_markup(name)) + lead(report) + warnings_of_report(report) +
                       search_picture(report) + bytes_picture(report));
  };
  return compared_figures(runs) + "\n" +
         element("div", "class=\"pair\"",
                 "\n" + column("A", first_name, first) + "\n" + column("B", second_name, second)) +
         "\n<h2>Layers</h2>\n" + scrolled(compared_layers(runs)) + "\n";
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_COMPARISON_HPP
