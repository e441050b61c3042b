#ifndef NUQ_TESTS_BENCHMARK_QUALITY_BARS_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_BARS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "quality_methods.hpp"
#include "quality_row.hpp"

/// One figure by which a network's table is summed up. Smaller is better.
struct QualityBar {
  std::string name;
  double value = 0.0;
};

/// A network's name and everything measured of it.
struct QualityResult {
  std::string network;
  std::size_t weights = 0;
  double float_metric = 0.0;
  bool in_decibels = false;
  std::vector<QualityRow> rows;
  std::vector<QualityBar> bars;
};

[[nodiscard]] inline const QualityRow* find_row(const std::vector<QualityRow>& rows, const std::string& method,
                                                int levels) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const QualityRow& row) { return row.method == method && row.levels == levels; });
  return found == rows.end() ? nullptr : &*found;
}

/// What a method that goes from many bits to few still pays, by `cost(row)`, where it does no more than this damage:
/// interpolated in the damage's logarithm where it first does more. Nothing where it always does.
template <class Cost>
[[nodiscard]] std::optional<double> cost_at_damage(const std::vector<QualityRow>& rows, const std::string& method,
                                                   double damage, const Cost& cost) {
  const QualityRow* before = nullptr;
  for (const QualityRow& row : rows) {
    if (row.method != method) continue;
    if (row.judgement.damage > damage) {
      if (before == nullptr) return std::nullopt;
      const double least = before->judgement.damage;
      const double share = std::log(damage / least) / std::log(row.judgement.damage / least);
      return cost(*before) + share * (cost(row) - cost(*before));
    }
    before = &row;
  }
  if (before == nullptr) return std::nullopt;
  return cost(*before);
}

/// The largest quotient of the bytes in the file and the entropy-coded ones of uniform steps with feedback, over the
/// rows of static_nuq whose damage is one that these can do.
[[nodiscard]] inline std::optional<double> worst_against_uniform_steps(const std::vector<QualityRow>& rows) {
  std::optional<double> worst;
  for (const QualityRow& row : rows) {
    if (row.method != method_names::static_curve) continue;
    const auto theirs = cost_at_damage(rows, method_names::uniform_feedback, row.judgement.damage,
                                       [](const QualityRow& other) { return other.entropy_bytes; });
    if (theirs) worst = (std::max)(worst.value_or(0.0), row.file_bytes / *theirs);
  }
  return worst;
}

/// What a table of rows comes to.
[[nodiscard]] inline std::vector<QualityBar> quality_bars(const QualityResult& result) {
  std::vector<QualityBar> bars;
  const auto compare = [&](const std::string& ours, const std::string& theirs, int levels) {
    const QualityRow* const our_row = find_row(result.rows, ours, levels);
    const QualityRow* const their_row = find_row(result.rows, theirs, levels);
    if (our_row == nullptr || their_row == nullptr) return;
    bars.push_back({"damage at " + std::to_string(levels) + ": " + ours + " / " + theirs,
                    our_row->judgement.damage / their_row->judgement.damage});
  };
  const auto metric_loss = [&](const std::string& method, int levels) {
    const QualityRow* const row = find_row(result.rows, method, levels);
    if (row == nullptr) return;
    const double loss = result.float_metric - row->judgement.metric;
    bars.push_back({"metric loss at " + std::to_string(levels) + ": " + method +
                        (result.in_decibels ? ", dB" : ", percentage points"),
                    result.in_decibels ? loss : 100.0 * loss});
  };
  for (const int levels : {32, 16, 8}) {
    compare(method_names::feedback, method_names::lloyd, levels);
    compare(method_names::feedback, method_names::exact, levels);
    compare(method_names::sequential, method_names::feedback, levels);
    metric_loss(method_names::feedback, levels);
  }
  for (const int levels : {32, 16}) {
    compare(method_names::feedback_without_data, method_names::lloyd, levels);
    compare(method_names::feedback_without_data, method_names::exact, levels);
    metric_loss(method_names::feedback_without_data, levels);
  }
  if (const QualityRow* const lloyd = find_row(result.rows, method_names::lloyd, 32); lloyd != nullptr) {
    const auto entropy_bits = [](const QualityRow& row) { return row.bits; };
    const auto file_bytes = [](const QualityRow& row) { return row.file_bytes; };
    const double damage = lloyd->judgement.damage;
    if (const auto bits = cost_at_damage(result.rows, method_names::rate_constrained, damage, entropy_bits)) {
      bars.push_back(
          {"bits at the damage of Lloyd at 32: " + method_names::rate_constrained + " / Lloyd", *bits / lloyd->bits});
    }
    if (const auto bytes = cost_at_damage(result.rows, method_names::static_curve, damage, file_bytes)) {
      const double levels_alone = lloyd->bits * static_cast<double>(result.weights) / 8.0;
      bars.push_back(
          {"bytes at the damage of Lloyd at 32: " + method_names::static_curve + ", in the file / Lloyd's levels",
           *bytes / levels_alone});
      bars.push_back({"bytes at the damage of Lloyd at 32: " + method_names::static_curve +
                          ", in the file / Lloyd with tables and scales",
                      *bytes / lloyd->entropy_bytes});
    }
    if (const auto bytes = cost_at_damage(result.rows, method_names::rate_constrained, damage, file_bytes)) {
      bars.push_back({"bytes at the damage of Lloyd at 32: " + method_names::rate_constrained +
                          ", in the file / Lloyd with tables and scales",
                      *bytes / lloyd->entropy_bytes});
    }
  }
  if (const auto worst = worst_against_uniform_steps(result.rows)) {
    bars.push_back({"bytes at equal damage, at most: " + method_names::static_curve + ", in the file / " +
                        method_names::uniform_feedback + ", entropy",
                    *worst});
  }
  return bars;
}

/// One bar over all networks that have it.
struct BarSummary {
  std::string name;
  double median = 0.0;
  double worst = 0.0;
  std::string worst_network;
  std::size_t networks = 0;
};

[[nodiscard]] inline BarSummary summary_of(const std::string& bar, const std::vector<QualityResult>& results) {
  BarSummary summary;
  summary.name = bar;
  std::vector<double> values;
  for (const QualityResult& result : results) {
    for (const QualityBar& own : result.bars) {
      if (own.name != bar) continue;
      if (values.empty() || own.value > summary.worst) {
        summary.worst = own.value;
        summary.worst_network = result.network;
      }
      values.push_back(own.value);
    }
  }
  std::sort(values.begin(), values.end());
  summary.median = (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2.0;
  summary.networks = values.size();
  return summary;
}

/// Every bar's median and worst, in order of appearance.
[[nodiscard]] inline std::vector<BarSummary> bar_summaries(const std::vector<QualityResult>& results) {
  std::vector<BarSummary> summaries;
  for (const QualityResult& result : results) {
    for (const QualityBar& bar : result.bars) {
      const bool is_known = std::any_of(summaries.begin(), summaries.end(),
                                        [&bar](const BarSummary& summary) { return summary.name == bar.name; });
      if (!is_known) summaries.push_back(summary_of(bar.name, results));
    }
  }
  return summaries;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_BARS_HPP
