#ifndef NUQ_REPORT_TABLE_HPP
#define NUQ_REPORT_TABLE_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/support/wrapped_text.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Rows of text in columns of equal width, two spaces apart. Where they are too wide for the terminal, columns that can
/// be spared are left out, and a name in the first column that still leaves too little room has a line of its own.
class TextTable {
 public:
  struct Column {
    std::string title;
    bool numeric;           ///< aligned to the right
    bool is_spare = false;  ///< left out where there is no room
  };

  NUQ_FUNCTION explicit TextTable(std::vector<Column> columns);

  /// One cell per column.
  NUQ_FUNCTION void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  NUQ_FUNCTION [[nodiscard]] std::string text(std::size_t columns = usual_columns) const;

 private:
  /// Of each column; 0 for one that is left out.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::size_t> widths(std::size_t columns) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace detail

/// The report for a terminal of so many columns: a line per layer, why layers were left out, then metrics, sizes and
/// whatever was remarkable. No layers of a search that found nothing.
NUQ_FUNCTION [[nodiscard]] std::string result_table(const RunReport& report,
                                                    std::size_t columns = detail::usual_columns);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cstdio>
#include <optional>

#include "nuq/core/support/number_text.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/core/tensor.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  add(std::move(titles));
}

NUQ_DEFINITION std::vector<std::size_t> TextTable::widths(std::size_t columns) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = (std::max)(widths[column], columns_of_text(row[column]));
  }
  const auto width_of_rows = [&widths] {
    std::size_t sum = 0;
    for (const std::size_t width : widths) sum += width == 0 ? 0 : width + 2;
    return sum < 2 ? 0 : sum - 2;
  };
  for (std::size_t column = 0; column < widths.size(); ++column) {
    if (columns_[column].is_spare && width_of_rows() > columns) widths[column] = 0;
  }
  constexpr std::size_t least_name = 12;
  const std::size_t others = width_of_rows() - widths[0];
  if (width_of_rows() > columns)
    widths[0] = (std::min)(widths[0], (std::max)(least_name, columns > others ? columns - others : 0));
  return widths;
}

NUQ_DEFINITION std::string TextTable::text(std::size_t columns) const {
  const std::vector<std::size_t> wanted = widths(columns);
  std::string lines;
  for (const auto& row : rows_) {
    std::string line;
    if (columns_of_text(row[0]) > wanted[0]) lines += printable_text(row[0], columns) + "\n";
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (wanted[column] == 0) continue;
      const std::size_t width = columns_of_text(row[column]);
      const std::string cell = width > wanted[column] ? "" : row[column];
      const std::string space(wanted[column] - columns_of_text(cell), ' ');
      line += (column == 0 ? "" : "  ") + (columns_[column].numeric ? space + cell : cell + space);
    }
    lines += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  }
  return lines;
}

NUQ_FUNCTION [[nodiscard]] inline std::string metric_text(const std::optional<double>& metric) {
  return metric ? number_text(*metric) : "-";
}

NUQ_FUNCTION [[nodiscard]] inline std::string with_error(const std::optional<double>& error) {
  char text[32];
  if (error) std::snprintf(text, sizeof text, " +- %.2g", *error);
  return error ? text : "";
}

NUQ_FUNCTION [[nodiscard]] inline std::string with_confidence(const std::optional<double>& confidence) {
  return confidence ? ", confidence " + number_text(*confidence) : "";
}

}  // namespace detail

namespace detail {

/// Text behind a title, which all lines keep clear of.
NUQ_FUNCTION [[nodiscard]] inline std::string titled(std::string title, const std::string& text, std::size_t columns) {
  title.resize((std::max)(title.size() + 1, std::size_t{9}), ' ');
  return title + wrapped_text(text, columns, title.size(), title.size()) + "\n";
}

/// Why layers were not restricted to few levels: the layers of each reason together.
NUQ_FUNCTION [[nodiscard]] inline std::string reasons_text(const RunReport& report, std::size_t columns) {
  std::vector<std::string> reasons;
  std::vector<std::string> layers;  // of each reason
  for (const LayerReport& layer : report.layers) {
    if (layer.reason.empty()) continue;
    const auto index =
        static_cast<std::size_t>(std::find(reasons.begin(), reasons.end(), layer.reason) - reasons.begin());
    if (index == reasons.size()) {
      reasons.push_back(layer.reason);
      layers.push_back(printable_text(layer.name));
    } else {
      layers[index] += ", " + printable_text(layer.name);
    }
  }
  std::string text;
  for (std::size_t index = 0; index < reasons.size(); ++index)
    text += wrapped_text(layers[index] + ": " + printable_message(reasons[index]), columns, 2) + "\n";
  return text.empty() ? "" : "\n" + text;
}

NUQ_FUNCTION [[nodiscard]] inline std::string layers_text(const RunReport& report, std::size_t columns) {
  TextTable layers({{"layer", false},
                    {"type", false, true},
                    {"shape", false},
                    {"weights", true},
                    {"levels", true},
                    {"bits/wt", true},
                    {"bytes", true}});
  for (const LayerReport& layer : report.layers) {
    layers.add({printable_text(layer.name), printable_text(layer.type), to_string(layer.shape),
                std::to_string(layer.weights), layer.levels ? std::to_string(*layer.levels) : "float",
                fixed_text(layer.bits_per_weight, 2), std::to_string(layer.bytes)});
  }
  return layers.text(columns);
}

}  // namespace detail

NUQ_DEFINITION std::string result_table(const RunReport& report, std::size_t columns) {
  const bool has_result = report.satisfied || report.evaluations == 0;
  std::string text;
  if (has_result) text = detail::layers_text(report, columns) + detail::reasons_text(report, columns) + "\n";
  const auto add = [&text, columns](const char* title, const std::string& line) {
    text += detail::titled(title, line, columns);
  };
  if (has_result) {
    add("weights:", std::to_string(report.bytes) + " bytes, " + detail::fixed_text(report.ratio_float32, 2) +
                        "x smaller than float32, " + detail::fixed_text(report.ratio_int8, 2) + "x smaller than int8");
  }
  if (report.price) add("price:", detail::number_text(*report.price) + " per bit");
  if (report.sizes) {
    add("sizes:", std::to_string(report.sizes->packed) + " bytes packed, " + std::to_string(report.sizes->ascend) +
                      " under the Ascend weight compressor");
  }
  if (report.evaluations > 0) {
    add("metric:", detail::metric_text(report.original_metric) + " original, " +
                       detail::metric_text(report.int8_metric) + " int8, " + detail::metric_text(report.metric) +
                       detail::with_error(report.metric_error) + " result (" +
                       (report.satisfied ? "satisfied" : "not satisfied") + detail::with_confidence(report.confidence) +
                       "), evaluations: " + std::to_string(report.evaluations));
  }
  if (report.confirmation) {
    add("confirm:", detail::metric_text(report.confirmation->original_metric) + " original, " +
                        detail::metric_text(report.confirmation->metric) +
                        detail::with_error(report.confirmation->error) + " result on the second set (" +
                        (report.confirmation->satisfied ? "holds" : "does not hold") + ")");
  }
  if (!report.search_note.empty()) add("note:", report.search_note);
  for (const std::string& warning : report.warnings) add("warning:", warning);
  return text;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_TABLE_HPP
