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

/// Bits per weight with which the rate-constrained method still does no more than this damage: interpolated in its
/// logarithm where the sweep, coming from many bits, first does more. Nothing where it always does.
[[nodiscard]] inline std::optional<double> bits_at_damage(const std::vector<QualityRow>& rows, double damage) {
  const QualityRow* before = nullptr;
  for (const QualityRow& row : rows) {  // the sweep goes from many bits to few
    if (row.method != method_names::rate_constrained) continue;
    if (row.judgement.damage > damage) {
      if (before == nullptr) return std::nullopt;
      const double least = before->judgement.damage;
      return before->bits +
             std::log(damage / least) / std::log(row.judgement.damage / least) * (row.bits - before->bits);
    }
    before = &row;
  }
  if (before == nullptr) return std::nullopt;
  return before->bits;
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
    if (const auto bits = bits_at_damage(result.rows, lloyd->judgement.damage)) {
      bars.push_back(
          {"bits at the damage of Lloyd at 32: " + method_names::rate_constrained + " / Lloyd", *bits / lloyd->bits});
    }
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
