#ifndef NUQ_REPORT_TABLE_HPP
#define NUQ_REPORT_TABLE_HPP

#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Rows of text in columns of equal width, two spaces apart.
class TextTable {
 public:
  struct Column {
    std::string title;
    bool numeric;  ///< aligned to the right
  };

  NUQ_FUNCTION explicit TextTable(std::vector<Column> columns);

  /// One cell per column.
  NUQ_FUNCTION void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  NUQ_FUNCTION [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

NUQ_FUNCTION [[nodiscard]] std::string two_decimals(double value);

}  // namespace detail

/// The report for a terminal: a line per layer, then metrics, sizes and whatever was remarkable.
NUQ_FUNCTION [[nodiscard]] std::string result_table(const RunReport& report);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cstddef>
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

NUQ_DEFINITION std::string TextTable::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = (std::max)(widths[column], row[column].size());
    }
  }
  std::string lines;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      const std::string space(widths[column] - row[column].size(), ' ');
      line += (column == 0 ? "" : "  ") + (columns_[column].numeric ? space + row[column] : row[column] + space);
    }
    lines += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  }
  return lines;
}

NUQ_DEFINITION std::string two_decimals(double value) {
  char text[320];  // the largest double has 309 digits before the point
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
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

NUQ_DEFINITION std::string result_table(const RunReport& report) {
  detail::TextTable layers({{"layer", false},
                            {"type", false},
                            {"shape", false},
                            {"weights", true},
                            {"levels", true},
                            {"bits/weight", true},
                            {"bytes", true},
                            {"reason", false}});
  for (const LayerReport& layer : report.layers) {
    layers.add({detail::printable_text(layer.name), detail::printable_text(layer.type), to_string(layer.shape),
                std::to_string(layer.weights), layer.levels ? std::to_string(*layer.levels) : "float",
                detail::two_decimals(layer.bits_per_weight), std::to_string(layer.bytes),
                layer.taken ? "" : detail::printable_message(layer.reason)});
  }
  std::string text = layers.text() + "\n";
  text += "weights: " + std::to_string(report.bytes) + " bytes, " + detail::two_decimals(report.ratio_float32) +
          "x smaller than float32, " + detail::two_decimals(report.ratio_int8) + "x smaller than int8\n";
  if (report.price) text += "price:   " + detail::number_text(*report.price) + " per bit\n";
  if (report.sizes) {
    text += "sizes:   " + std::to_string(report.sizes->packed) + " bytes packed, " +
            std::to_string(report.sizes->ascend) + " under the Ascend weight compressor\n";
  }
  if (report.evaluations > 0) {
    text += "metric:  " + detail::metric_text(report.original_metric) + " original, " +
            detail::metric_text(report.int8_metric) + " int8, " + detail::metric_text(report.metric) +
            detail::with_error(report.metric_error) + " result (" + (report.satisfied ? "satisfied" : "not satisfied") +
            detail::with_confidence(report.confidence) + "), evaluations: " + std::to_string(report.evaluations) + "\n";
  }
  if (report.confirmation) {
    text += "confirm: " + detail::metric_text(report.confirmation->original_metric) + " original, " +
            detail::metric_text(report.confirmation->metric) + detail::with_error(report.confirmation->error) +
            " result on the second set (" + (report.confirmation->satisfied ? "holds" : "does not hold") + ")\n";
  }
  if (!report.search_note.empty()) text += "note:    " + report.search_note + "\n";
  for (const std::string& warning : report.warnings) text += "warning: " + warning + "\n";
  return text;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_TABLE_HPP
