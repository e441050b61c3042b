#ifndef NUQ_REPORT_WEIGHT_DETAILS_HPP
#define NUQ_REPORT_WEIGHT_DETAILS_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a report tells of a layer's weights (README.md lists the keys): a histogram of the float weights, and where the
/// layer is quantized its levels, how many weights each has, and what that costs in accuracy. Counts are exact; of
/// large layers everything else is that of some rows.
NUQ_FUNCTION [[nodiscard]] Json weight_details(const Node& node, const LayerQuantization* quantization);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Equal bins whose borders are whole numbers or whole parts of them where the range is small enough.
struct WeightHistogram {
  static constexpr std::size_t most_bins = 64;

  NUQ_FUNCTION WeightHistogram(double least, double greatest)
      : from(std::floor(least)), to((std::max)(std::ceil(greatest), from + 1.0)) {
    const auto per_unit = static_cast<std::size_t>(static_cast<double>(most_bins) / (to - from));
    counts.resize(per_unit == 0 ? most_bins : per_unit * static_cast<std::size_t>(to - from));
  }

  NUQ_FUNCTION [[nodiscard]] Json json(double unit) const {
    return Json::object({{"from", from * unit}, {"to", to * unit}, {"counts", counts}});
  }

  double from;
  double to;
  std::vector<std::uint64_t> counts;
};

/// The rows of a layer that are looked at: all of a small one, else some, equally far apart.
struct ShownRows {
  static constexpr std::size_t enough_weights = std::size_t{1} << 16U;

  NUQ_FUNCTION explicit ShownRows(MatrixView<const float> weights)
      : rows(weights.rows()),
        count((std::min)(rows, (enough_weights + weights.cols() - 1) / (std::max)(weights.cols(), std::size_t{1}))) {}

  [[nodiscard]] std::size_t operator[](std::size_t index) const noexcept { return index * rows / count; }

  std::size_t rows;
  std::size_t count;
};

struct Extremes {
  float least = 0.0F;
  float greatest = 0.0F;
};

/// Of weights in units of their rows' scales, with 0.
NUQ_FUNCTION [[nodiscard]] inline Extremes extremes_of(MatrixView<const float> weights, const ShownRows& sample,
                                                       const std::vector<float>& units) {
  Extremes all;
  for (std::size_t index = 0; index < sample.count; ++index) {
    const std::size_t row = sample[index];
    const float* const values = weights.data() + row * weights.cols();
    float least = 0.0F;
    float greatest = 0.0F;
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const float value = values[col];
      least = value < least ? value : least;
      greatest = value > greatest ? value : greatest;
    }
    const float unit = units[units.size() == 1 ? 0 : row];
    all.least = (std::min)(all.least, least / unit);
    all.greatest = (std::max)(all.greatest, greatest / unit);
  }
  return all;
}

NUQ_FUNCTION [[nodiscard]] inline WeightHistogram histogram_of(MatrixView<const float> weights, const ShownRows& sample,
                                                               const std::vector<float>& units, Extremes range) {
  WeightHistogram histogram(static_cast<double>(range.least), static_cast<double>(range.greatest));
  const auto bins = static_cast<float>(histogram.counts.size());
  const auto from = static_cast<float>(histogram.from);
  const float bins_per_unit = bins / static_cast<float>(histogram.to - histogram.from);
  for (std::size_t index = 0; index < sample.count; ++index) {
    const std::size_t row = sample[index];
    const float* const values = weights.data() + row * weights.cols();
    const float factor = bins_per_unit / units[units.size() == 1 ? 0 : row];
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const float place = values[col] * factor - from * bins_per_unit;
      ++histogram.counts[static_cast<std::size_t>((std::max)(0.0F, (std::min)(place, bins - 1.0F)))];
    }
  }
  return histogram;
}

/// Squared errors of the weights, by level.
NUQ_FUNCTION [[nodiscard]] inline std::array<double, 256> errors_by_level(MatrixView<const float> weights,
                                                                          const ShownRows& sample,
                                                                          const QuantizedWeights& quantized) {
  std::array<std::array<double, 256>, 2> parts{};  // the same level often follows itself
  for (std::size_t index = 0; index < sample.count; ++index) {
    const std::size_t row = sample[index];
    const float* const values = weights.data() + row * weights.cols();
    const std::int8_t* const levels = quantized.levels.data() + row * weights.cols();
    const float scale = quantized.scale(row);
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const auto error = static_cast<double>(values[col] - static_cast<float>(levels[col]) * scale);
      parts[col % 2][level_index(levels[col])] += error * error;
    }
  }
  for (std::size_t index = 0; index < parts[0].size(); ++index) parts[0][index] += parts[1][index];
  return parts[0];
}

NUQ_FUNCTION [[nodiscard]] inline double energy_of(MatrixView<const float> weights, const ShownRows& sample) noexcept {
  std::array<double, 4> parts{};
  for (std::size_t index = 0; index < sample.count; ++index) {
    const float* const values = weights.data() + sample[index] * weights.cols();
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const auto value = static_cast<double>(values[col]);
      parts[col % parts.size()] += value * value;
    }
  }
  return parts[0] + parts[1] + parts[2] + parts[3];
}

NUQ_FUNCTION inline void add_levels(Json& details, MatrixView<const float> weights, const ShownRows& sample,
                                    const QuantizedWeights& quantized) {
  const LevelCounts counts = count_levels({quantized.levels.data(), quantized.levels.size()});
  const std::array<double, 256> errors = errors_by_level(weights, sample, quantized);
  std::vector<int> values;
  std::vector<std::uint64_t> used;
  std::vector<double> error_of_used;
  double error = 0.0;
  const double rows_of_each = static_cast<double>(sample.rows) / static_cast<double>(sample.count);
  for (std::size_t index = 0; index < counts.size(); ++index) {
    if (counts[index] == 0) continue;
    values.push_back(static_cast<int>(index) - 128);
    used.push_back(counts[index]);
    error_of_used.push_back(errors[index] * rows_of_each);
    error += errors[index];
  }
  const double energy = energy_of(weights, sample);
  details.set("weight_snr_db", energy > 0.0 && error > 0.0 ? Json(10.0 * std::log10(energy / error)) : Json());
  details.set("scales", quantized.scales.size());
  details.set("level_values", values);
  details.set("level_counts", used);
  details.set("level_errors", error_of_used);
}

}  // namespace detail

NUQ_DEFINITION Json weight_details(const Node& node, const LayerQuantization* quantization) {
  Json details = Json::object();
  if (node.blobs.empty() || node.blobs.front().shape.size() < 2) return details;
  const WeightMatrix matrix(node);
  const MatrixView<const float> weights = matrix.view();
  if (weights.size() == 0) return details;
  const bool is_quantized = quantization != nullptr && quantization->weights.levels.size() == weights.size();
  std::vector<float> units{1.0F};
  if (is_quantized) units = quantization->weights.scales;
  const detail::ShownRows sample(weights);
  detail::Extremes range = detail::extremes_of(weights, sample, units);
  double unit = 1.0;
  if (!is_quantized) {  // bins between −32 and 32 parts of the largest weight
    unit = static_cast<double>((std::max)(-range.least, range.greatest)) / 32.0;
    if (!(unit > 0.0) || !std::isfinite(unit)) return details;
    units = {static_cast<float>(unit)};
    range = {-32.0F, 32.0F};
  }
  if (!std::isfinite(range.least) || !std::isfinite(range.greatest)) return details;
  if (sample.count < sample.rows) details.set("sampled_weights", sample.count * weights.cols());
  details.set("histogram_unit", is_quantized ? "level" : "weight");
  details.set("histogram", detail::histogram_of(weights, sample, units, range).json(unit));
  if (!is_quantized) return details;
  detail::add_levels(details, weights, sample, quantization->weights);
  if (quantization->output_error) {
    details.set("output_error", *quantization->output_error / quantization->sensitivity);
    details.set("sensitivity", quantization->sensitivity);
    details.set("harm", *quantization->output_error);
  }
  return details;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_WEIGHT_DETAILS_HPP
