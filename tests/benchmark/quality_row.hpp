#ifndef NUQ_TESTS_BENCHMARK_QUALITY_ROW_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_ROW_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "nuq/core/level_counts.hpp"
#include "nuq/packed/packed_rate.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/rate/packed_palette.hpp"
#include "quality_methods.hpp"
#include "quality_network.hpp"

/// What one method makes of a network.
struct QualityRow {
  std::string method;
  std::string note;  ///< the variant that counts
  int levels = 0;    ///< asked for
  Judgement judgement;
  double bits = 0.0;           ///< per weight: order-0 entropy of the levels alone; of a file, all of its bytes
  double entropy_bytes = 0.0;  ///< with tables and scales
  double palette_bytes = 0.0;  ///< alike, with indices of equal length
  double file_bytes = 0.0;     ///< what a packed model file takes for the layers
  double seconds = 0.0;        ///< of quantization, statistics given
};

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[nodiscard]] inline QuantizedLayers quantized_layers(const QualityNetwork& network, const LayerMethod& method,
                                                      int levels, nuq::Parallel& parallel) {
  QuantizedLayers quantized;
  for (const QualityLayer& layer : network.layers()) quantized.push_back(method(layer, levels, parallel));
  return quantized;
}

/// Order-0 entropy of the levels, layer by layer, per weight.
[[nodiscard]] inline double bits_per_weight(const QuantizedLayers& quantized) {
  double bytes = 0.0;
  double weights = 0.0;
  for (const nuq::LayerQuantization& layer : quantized) {
    const nuq::LevelCounts counts = nuq::count_levels(layer.weights.levels);
    const double table = nuq::EntropyRate::table_bytes_per_level * static_cast<double>(nuq::distinct_levels(counts));
    bytes += nuq::EntropyRate{}.bytes(counts, {}) - table;
    weights += static_cast<double>(layer.weights.levels.size());
  }
  return 8.0 * bytes / weights;
}

template <class RateModel>
[[nodiscard]] double total_bytes(const QuantizedLayers& quantized) {
  double bytes = 0.0;
  for (const nuq::LayerQuantization& layer : quantized) bytes += nuq::layer_bytes(RateModel{}, layer.weights);
  return bytes;
}

/// `quantize()` returns the QuantizedLayers to be judged.
template <class Quantize>
[[nodiscard]] QualityRow judged_row(QualityNetwork& network, const std::string& name, int levels,
                                    const Quantize& quantize) {
  QualityRow row;
  row.method = name;
  row.levels = levels;
  const auto start = std::chrono::steady_clock::now();
  const QuantizedLayers quantized = quantize();
  row.seconds = seconds_since(start);
  row.judgement = network.judge(quantized);
  row.bits = bits_per_weight(quantized);
  row.entropy_bytes = total_bytes<nuq::EntropyRate>(quantized);
  row.palette_bytes = total_bytes<nuq::PackedPaletteRate>(quantized);
  row.file_bytes = total_bytes<nuq::PackedRate>(quantized);
  return row;
}

[[nodiscard]] inline QualityRow quality_row(QualityNetwork& network, const std::string& name, const LayerMethod& method,
                                            int levels, nuq::Parallel& parallel) {
  return judged_row(network, name, levels, [&] { return quantized_layers(network, method, levels, parallel); });
}

/// Of a method's variants the one of median damage.
[[nodiscard]] inline QualityRow median_row(QualityNetwork& network, const QualityMethod& method, int levels,
                                           nuq::Parallel& parallel) {
  std::vector<QualityRow> rows;
  for (const LayerMethod& variant : method.variants) {
    rows.push_back(quality_row(network, method.name, variant, levels, parallel));
    if (method.variants.size() > 1) rows.back().note = "seed " + std::to_string(rows.size() - 1);
  }
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  std::nth_element(rows.begin(), middle, rows.end(),
                   [](const QualityRow& a, const QualityRow& b) { return a.judgement.damage < b.judgement.damage; });
  return *middle;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_ROW_HPP
