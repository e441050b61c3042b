#ifndef NUQ_REPORT_HTML_BYTES_PICTURE_HPP
#define NUQ_REPORT_HTML_BYTES_PICTURE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The weights in float32, in int8 and as they are stored now, to one scale. Empty where nothing is stored.
NUQ_FUNCTION [[nodiscard]] std::string size_bars(const Json& report);

/// What the bytes of the packed file are spent on. Empty where the report does not tell.
NUQ_FUNCTION [[nodiscard]] std::string bytes_picture(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/markup.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string percent(double share) {
  return fixed_text(100.0 * share, share < 0.0995 ? 1 : 0) + "\u00A0%";
}

/// A cell with a number, by which it is sorted, and a bar of `share` of its width behind it.
NUQ_FUNCTION [[nodiscard]] inline std::string bar_cell(std::string_view title, double value, double share,
                                                       std::string_view content) {
  return element("td",
                 "class=\"n mark\" data-label=\"" + std::string(title) + "\" data-v=\"" + rounded(value, 9) +
                     "\" style=\"--v:" + coordinate((std::max)(0.0, 100.0 * share)) + "%\"",
                 content);
}

NUQ_DEFINITION std::string size_bars(const Json& report) {
  const std::optional<double> bytes = number_in(report, "bytes");
  const std::optional<double> ratio = number_in(report, "ratio_float32");
  if (!bytes || !ratio || !(*bytes > 0.0) || !(*ratio > 0.0)) return {};
  const double whole = *bytes * *ratio;
  std::string rows;
  const auto add = [&](std::string_view name, double size) {
    rows += element("tr", "",
                    element("td", "", name) + bar_cell("bytes", size, size / whole, grouped(size)) +
                        element("td", "class=\"n\"", percent(size / whole))) +
            "\n";
  };
  add("float32", whole);
  add("int8, uncoded", whole / 4.0);
  add("as stored", *bytes);
  return "<h3>The weights</h3>\n" +
         element("table", "class=\"sizes\"",
                 "<thead><tr><th>weights</th><th class=\"n\">bytes</th><th class=\"n\">of float32</th></tr></thead>" +
                     element("tbody", "", rows));
}

NUQ_DEFINITION std::string bytes_picture(const Json& report) {
  struct Part {
    const char* key;
    const char* meaning;
  };
  constexpr std::array<Part, 7> parts{{{"indices", "indices: which level each weight has"},
                                       {"tables", "tables: which levels there are, and how often"},
                                       {"scales", "scales"},
                                       {"float_weights", "values of other layers"},
                                       {"biases", "biases and the like"},
                                       {"text", "the network's description"},
                                       {"directory", "directory: names, shapes, checksums"}}};
  const Json& file = member(report, "packed_file");
  const std::optional<double> whole = number_in(file, "bytes");
  if (!whole || !(*whole > 0.0)) return {};
  std::string bar;
  std::string rows;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const std::optional<double> bytes = number_in(file, parts[index].key);
    if (!bytes || !(*bytes > 0.0)) continue;
    const std::string colour = "c" + std::to_string(index);
    bar += element("i",
                   "class=\"" + colour + "\" style=\"width:" + fixed_text(100.0 * *bytes / *whole, 3) + "%\" title=\"" +
                       parts[index].meaning + "\"",
                   "");
    rows += element("tr", "",
                    element("td", "", element("span", "class=\"key " + colour + "\"", "") + parts[index].meaning) +
                        element("td", "class=\"n\"", data(*bytes, grouped(*bytes))) +
                        element("td", "class=\"n\"", percent(*bytes / *whole))) +
            "\n";
  }
  rows += element("tr", "",
                  "<td><b>the packed file</b></td>" + element("td", "class=\"n\"", data(*whole, grouped(*whole))) +
                      element("td", "class=\"n\"", "100 %"));
  return "<h3>The packed file</h3>\n" +
         element("div", "class=\"stack\" role=\"img\" aria-label=\"bytes of the packed file by kind\"", bar) +
         element("table", "class=\"sizes\"",
                 "<thead><tr><th>part</th><th class=\"n\">bytes</th><th class=\"n\">share</th></tr></thead>" +
                     element("tbody", "", rows));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_BYTES_PICTURE_HPP
