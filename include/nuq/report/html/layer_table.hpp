#ifndef NUQ_REPORT_HTML_LAYER_TABLE_HPP
#define NUQ_REPORT_HTML_LAYER_TABLE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// "20 × 1 × 5 × 5".
NUQ_FUNCTION [[nodiscard]] std::string shape_text(const Json& layer);

/// A row for every layer, to be sorted. Columns that the report knows nothing of are left out.
NUQ_FUNCTION [[nodiscard]] std::string layer_table(const Json& report);

/// What there is to see of the weights of each layer, folded but for the largest.
NUQ_FUNCTION [[nodiscard]] std::string layer_sections(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/bytes_picture.hpp"
#include "nuq/report/html/level_picture.hpp"
#include "nuq/report/html/markup.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string decibels(double value) {
  return with_minus(fixed_text(value, 1)) + "\u00A0dB";
}

/// A numeric column of the table.
struct LayerColumn {
  const char* key;
  const char* title;
  const char* meaning;
  bool has_bar;
  std::string (*show)(double);
  bool is_derived = false;  ///< from other members of the report
};

NUQ_FUNCTION [[nodiscard]] inline std::vector<LayerColumn> layer_columns() {
  const auto whole = [](double value) { return grouped(value); };
  const auto short_number = [](double value) { return rounded(value, 3); };
  const auto share = [](double value) { return percent(value); };
  return {{"weights", "weights", "number of weights", false, whole},
          {"levels", "levels", "different int8 levels that occur", true, whole},
          {"bits_per_weight", "bits / weight", "stored bits for each weight", true,
           [](double value) { return fixed_text(value, 2); }},
          {"bytes", "bytes", "stored bytes of the weights", true, whole},
          {"share", "share", "of the bytes of all layers", false, share, true},
          {"weight_snr_db", "weight SNR", "signal-to-noise ratio of the weights, in dB", true,
           [](double value) { return decibels(value); }},
          {"output_error", "output error", "predicted squared error of the layer's output", false, short_number},
          {"sensitivity", "sensitivity", "what such an error does at the network's output", false, short_number},
          {"harm_share", "harm", "share of the predicted error at the network's output", true, share, true}};
}

NUQ_FUNCTION [[nodiscard]] inline double total_of(const Json& layers, std::string_view key) {
  double total = 0.0;
  for (const Json& layer : layers) total += number_in(layer, key).value_or(0.0);
  return total;
}

/// The layers with their shares in the whole.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Json> with_shares(const Json& layers) {
  const double bytes = total_of(layers, "bytes");
  const double harm = total_of(layers, "harm");
  std::vector<Json> all;
  for (Json layer : layers) {
    const std::optional<double> own_bytes = number_in(layer, "bytes");
    const std::optional<double> own_harm = number_in(layer, "harm");
    if (own_bytes && bytes > 0.0) layer.set("share", *own_bytes / bytes);
    if (own_harm && harm > 0.0) layer.set("harm_share", *own_harm / harm);
    all.push_back(std::move(layer));
  }
  return all;
}

NUQ_FUNCTION [[nodiscard]] inline std::string layer_cell(const LayerColumn& column, const Json& layer, double largest) {
  const std::optional<double> value = number_in(layer, column.key);
  const std::string label = " data-label=\"" + std::string(column.title) + "\"";
  if (!value) {
    const bool is_float = std::string_view(column.key) == "levels";
    return element("td", "class=\"n\"" + label + " data-v=\"-1\"", is_float ? "float" : "");
  }
  const std::string shown = column.is_derived ? column.show(*value) : data(*value, column.show(*value));
  if (column.has_bar) return bar_cell(column.title, *value, *value / largest, shown);
  return element("td", "class=\"n\"" + label + " data-v=\"" + rounded(*value, 9) + "\"", shown);
}

NUQ_DEFINITION std::string shape_text(const Json& layer) {
  std::string text;
  for (const Json& extent : member(layer, "shape"))
    text += (text.empty() ? "" : " × ") + std::to_string(extent.integer());
  return text;
}

NUQ_DEFINITION std::string layer_table(const Json& report) {
  const std::vector<Json> layers = with_shares(member(report, "layers"));
  if (layers.empty())
    return element("p", "class=\"quiet\"", "The network has no layer whose weights could be quantized.");
  const auto is_known = [&layers](const char* key) {
    return std::any_of(layers.begin(), layers.end(),
                       [key](const Json& layer) { return number_in(layer, key).has_value(); });
  };
  const bool has_reasons =
      std::any_of(layers.begin(), layers.end(), [](const Json& layer) { return !text_in(layer, "reason").empty(); });
  std::vector<LayerColumn> columns;
  std::vector<double> largest;
  for (const LayerColumn& column : layer_columns()) {
    if (!is_known(column.key)) continue;
    columns.push_back(column);
    largest.push_back(1e-300);
    for (const Json& layer : layers)
      largest.back() = (std::max)(largest.back(), number_in(layer, column.key).value_or(0.0));
  }
  std::string heads = "<th>layer</th><th>shape</th>";
  for (const LayerColumn& column : columns)
    heads += element("th", "class=\"n\" title=\"" + std::string(column.meaning) + "\"", column.title);
  if (has_reasons) heads += "<th>remark</th>";
  std::string rows;
  for (const Json& layer : layers) {
    std::string row = element("td", "data-v=\"" + escaped(text_in(layer, "name")) + "\"",
                              element("span", "",
                                      name_markup(text_in(layer, "name")) + " " +
                                          element("span", "class=\"small\"", escaped(text_in(layer, "type")))));
    row += element("td", "class=\"row shape\" data-label=\"shape\"", shape_text(layer));
    for (std::size_t column = 0; column < columns.size(); ++column)
      row += layer_cell(columns[column], layer, largest[column]);
    if (has_reasons)
      row += element("td", "class=\"reason small\" data-label=\"remark\"", escaped(text_in(layer, "reason"), 400));
    rows += element("tr", "", row) + "\n";
  }
  return element("table", "class=\"sortable cards\"",
                 element("thead", "", element("tr", "", heads)) + element("tbody", "", "\n" + rows));
}

NUQ_FUNCTION [[nodiscard]] inline std::string layer_facts(const Json& layer) {
  std::string text;
  const auto add = [&text](const std::string& sentence) { text += element("p", "", sentence); };
  const std::string& reason = text_in(layer, "reason");
  if (!reason.empty()) add(escaped(reason, 400) + ".");
  const Json& stored = member(layer, "stored");
  if (stored.is_object()) {
    const auto bytes = [&stored](const char* key) { return whole_in(stored, key); };
    const std::string& coding = text_in(stored, "coding");
    const bool has_levels = number_in(stored, "values").value_or(0.0) <= 0.0;
    add("Stored as " + escaped(coding) + ": " +
        (has_levels ? bytes("indices") + " bytes of indices, " + bytes("tables") + " of tables, " + bytes("scales") +
                          " of scales."
                    : bytes("values") + " bytes."));
  }
  std::optional<double> scales = number_in(layer, "scales");
  if (scales && number_in(stored, "scales")) scales = *number_in(stored, "scales") / 4.0;
  if (scales)
    add(*scales > 1.0 ? grouped(*scales) + " scales, one for each output channel." : "One scale for the layer.");
  if (number_in(layer, "sampled_weights"))
    add("Histogram and errors are those of " + whole_in(layer, "sampled_weights") + " of its weights, in whole rows.");
  return text;
}

NUQ_DEFINITION std::string layer_sections(const Json& report) {
  std::string sections;
  const Json& layers = member(report, "layers");
  double largest = 0.0;
  for (const Json& layer : layers) largest = (std::max)(largest, number_in(layer, "bytes").value_or(0.0));
  for (const Json& layer : layers) {
    const std::string picture = level_picture(layer);
    if (picture.empty()) continue;
    const std::optional<double> levels = number_in(layer, "levels");
    const std::optional<double> snr = number_in(layer, "weight_snr_db");
    std::string summary = name_markup(text_in(layer, "name")) + " <span class=\"small\">" + shape_text(layer);
    summary += levels ? ", " + grouped(*levels) + " levels" : ", float";
    if (snr) summary += ", " + decibels(*snr);
    summary += "</span>";
    const bool is_largest = largest > 0.0 && number_in(layer, "bytes").value_or(0.0) >= largest;
    sections += element("details", is_largest ? "open" : "",
                        element("summary", "", summary) +
                            element("div", "class=\"layer\"",
                                    picture + element("div", "", layer_facts(layer) + level_table(layer)))) +
                "\n";
  }
  return sections;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_LAYER_TABLE_HPP
