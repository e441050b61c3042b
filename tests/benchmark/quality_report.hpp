#ifndef NUQ_TESTS_BENCHMARK_QUALITY_REPORT_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_REPORT_HPP

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "nuq/report/table.hpp"
#include "quality_bars.hpp"
#include "quality_plot.hpp"
#include "quality_row.hpp"
#include "quality_small_layers.hpp"
#include "quality_time.hpp"

[[nodiscard]] inline const char* metric_name(const QualityResult& result) {
  return result.in_decibels ? "PSNR (dB)" : "top1";
}

/// A line per method and number of levels.
[[nodiscard]] inline std::string quality_table(const QualityResult& result) {
  nuq::detail::TextTable table({{"method", false},
                                {"levels", true},
                                {metric_name(result), true},
                                {"damage", true},
                                {"output error", true},
                                {"bits/weight", true},
                                {"entropy bytes", true},
                                {"palette bytes", true},
                                {"file bytes", true},
                                {"seconds", true}});
  for (const QualityRow& row : result.rows) {
    table.add({row.note.empty() ? row.method : row.method + " (" + row.note + ")", std::to_string(row.levels),
               formatted("%.4f", row.judgement.metric), formatted("%.3e", row.judgement.damage),
               formatted("%.5f", row.judgement.relative_error), formatted("%.3f", row.bits),
               formatted("%.0f", row.entropy_bytes), formatted("%.0f", row.palette_bytes),
               formatted("%.0f", row.file_bytes), formatted("%.2f", row.seconds)});
  }
  return table.text();
}

[[nodiscard]] inline std::string bars_table(const std::vector<QualityBar>& bars) {
  nuq::detail::TextTable table({{"bar", false}, {"value", true}});
  for (const QualityBar& bar : bars) table.add({bar.name, formatted("%.3f", bar.value)});
  return table.text();
}

[[nodiscard]] inline std::string summary_table(const std::vector<BarSummary>& bars) {
  nuq::detail::TextTable table(
      {{"bar", false}, {"networks", true}, {"median", true}, {"worst", true}, {"worst network", false}});
  for (const BarSummary& bar : bars) {
    table.add({bar.name, std::to_string(bar.networks), formatted("%.3f", bar.median), formatted("%.3f", bar.worst),
               bar.worst_network});
  }
  return table.text();
}

/// Gaps are ascending.
[[nodiscard]] inline std::string gaps_table(const AssignmentGaps& gaps) {
  nuq::detail::TextTable table({{"above the least error", false}, {"median", true}, {"90%", true}, {"worst", true}});
  const auto add = [&table](const std::string& assigner, const std::vector<double>& values) {
    table.add({assigner, formatted("%.2f%%", values[values.size() / 2]),
               formatted("%.2f%%", values[values.size() * 9 / 10]), formatted("%.2f%%", values.back())});
  };
  add("nearest level", gaps.nearest);
  add("error feedback", gaps.feedback);
  return table.text();
}

/// Metric and damage against bits per weight, a line per method.
[[nodiscard]] inline std::string quality_plot(const QualityResult& result) {
  PlotPanel metric{"bits per weight", metric_name(result), false, {}};
  PlotPanel damage{"bits per weight", "damage", true, {}};
  const auto add = [](PlotPanel& panel, const QualityRow& row, double value) {
    const bool is_new = panel.lines.empty() || panel.lines.back().name != row.method;
    if (is_new) panel.lines.push_back({row.method, {}});
    if (!panel.logarithmic || value > 0.0) panel.lines.back().points.emplace_back(row.bits, value);
  };
  for (const QualityRow& row : result.rows) {  // a method's rows follow one another
    add(metric, row, row.judgement.metric);
    add(damage, row, row.judgement.damage);
  }
  const std::string title = result.network + ", " + std::to_string(result.weights) + " weights; float " +
                            metric_name(result) + formatted(" %.4f", result.float_metric);
  return SvgPlot(title, {metric, damage}).text();
}

/// Everything that the tables show.
[[nodiscard]] inline nlohmann::ordered_json quality_json(const std::vector<QualityResult>& results,
                                                         const AssignmentGaps& gaps, const QuantizationTime& time) {
  using Json = nlohmann::ordered_json;
  Json networks = Json::array();
  for (const QualityResult& result : results) {
    Json rows = Json::array();
    for (const QualityRow& row : result.rows) {
      rows.push_back({{"method", row.method},
                      {"note", row.note},
                      {"levels", row.levels},
                      {"metric", row.judgement.metric},
                      {"damage", row.judgement.damage},
                      {"relative_error", row.judgement.relative_error},
                      {"bits_per_weight", row.bits},
                      {"entropy_bytes", row.entropy_bytes},
                      {"palette_bytes", row.palette_bytes},
                      {"file_bytes", row.file_bytes},
                      {"seconds", row.seconds}});
    }
    Json bars = Json::object();
    for (const QualityBar& bar : result.bars) bars[bar.name] = bar.value;
    networks.push_back({{"name", result.network},
                        {"weights", result.weights},
                        {"metric", metric_name(result)},
                        {"float_metric", result.float_metric},
                        {"rows", std::move(rows)},
                        {"bars", std::move(bars)}});
  }
  Json bars = Json::array();
  for (const BarSummary& bar : bar_summaries(results)) {
    bars.push_back({{"name", bar.name},
                    {"networks", bar.networks},
                    {"median", bar.median},
                    {"worst", bar.worst},
                    {"worst_network", bar.worst_network}});
  }
  return {{"networks", std::move(networks)},
          {"bars", std::move(bars)},
          {"small_layers", {{"nearest_gaps_percent", gaps.nearest}, {"feedback_gaps_percent", gaps.feedback}}},
          {"time", {{"quantize_seconds", time.quantize}, {"factorize_seconds", time.factorize}}}};
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_REPORT_HPP
