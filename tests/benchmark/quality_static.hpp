#ifndef NUQ_TESTS_BENCHMARK_QUALITY_STATIC_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_STATIC_HPP

#include <string>
#include <vector>

#include "../unit/temporary_folder.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/report.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/rate_point.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "quality_methods.hpp"
#include "quality_network.hpp"
#include "quality_row.hpp"

/// Quantizes a network by the public verb, from files to files, at a price per bit.
class StaticRuns {
 public:
  StaticRuns(const NetworkFiles& files, nuq::BiasCorrection bias_correction, nuq::Parallel& parallel)
      : files_(files), calibration_(nuq::load_dataset(files.calibration, nuq::GzipFileReader{})) {
    calibration_.limit(QualityNetwork::calibration_samples);
    options_.weights_only = true;
    options_.cap_levels = false;
    options_.bias_correction = bias_correction;
    options_.statistics_batches = calibration_.batches();
    options_.threads = parallel.threads();
  }

  /// The row of a configuration with so many levels per layer.
  [[nodiscard]] QualityRow row(QualityNetwork& network, int levels, const nuq::RatePoint& point) {
    nuq::create_quant_config(folder_ / "config.json", files_.model, files_.weights, {}, 1, true,
                             folder_.write("levels.cfg", "common_config { nuq_quantize { num_steps: " +
                                                             std::to_string(levels) + " num_of_iteration: 1 } }"));
    options_.point = point;
    const nuq::InputShapes inputs = nuq::input_shapes(nuq::load_graph(files_.model, ""));
    const nuq::RunReport report = nuq::static_nuq(
        files_.model, files_.weights, [&](int batch) { return calibration_.batch(batch, inputs); },
        folder_ / "config.json", folder_ / "record.txt", folder_ / "net", options_, nuq::RateQuantizer{});
    price_ = report.price.value();
    QualityRow row;
    row.method = method_names::static_curve;
    row.note = formatted("price %.1e", price_);
    row.levels = levels;
    row.judgement =
        network.judge(folder_ / "net_fake_quant_model.prototxt", folder_ / "net_fake_quant_weights.caffemodel");
    double weights = 0.0;
    for (const nuq::LayerReport& layer : report.layers) {
      if (!layer.taken) continue;
      row.file_bytes += static_cast<double>(layer.bytes);
      weights += static_cast<double>(layer.weights);
    }
    row.bits = 8.0 * row.file_bytes / weights;
    row.seconds = report.seconds;
    return row;
  }

  /// Of the last row.
  [[nodiscard]] double price() const noexcept { return price_; }

 private:
  const NetworkFiles& files_;
  TemporaryFolder folder_;
  nuq::Dataset calibration_;
  nuq::StaticNuqOptions options_;
  double price_ = 0.0;
};

/// The harm of 32, 16 and 8 levels, and prices beyond.
[[nodiscard]] inline std::vector<QualityRow> static_rows(const NetworkFiles& files, nuq::BiasCorrection bias_correction,
                                                         QualityNetwork& network, nuq::Parallel& parallel) {
  StaticRuns runs(files, bias_correction, parallel);
  std::vector<QualityRow> rows;
  for (const int levels : {32, 16, 8}) rows.push_back(runs.row(network, levels, nuq::HarmOfLevels{}));
  const double price = runs.price();
  for (const double factor : {4.0, 16.0, 64.0}) rows.push_back(runs.row(network, 8, nuq::PricePerBit{factor * price}));
  return rows;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_STATIC_HPP
