#ifndef NUQ_TESTS_BENCHMARK_QUALITY_NETWORK_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_NETWORK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/sensitivity/layer_sensitivities.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/workflow/quantize_sequentially.hpp"

/// Where a network and its data are.
struct NetworkFiles {
  std::string name;
  std::string model;
  std::string weights;
  std::string calibration;
  std::string test;
};

/// A layer that takes NUQ, and what the methods may know of its inputs.
struct QualityLayer {
  const nuq::Node* node;
  nuq::Granularity granularity;
  nuq::BiasCorrection bias_correction;
  nuq::LayerStatistics without_data;  ///< what may be expected
  nuq::LayerStatistics diagonal;      ///< second moments alone
  nuq::LayerStatistics full;

  [[nodiscard]] std::size_t weights() const { return node->blobs.front().values.size(); }
};

/// Layer by layer, in the order of `QualityNetwork::layers`.
using QuantizedLayers = std::vector<nuq::LayerQuantization>;

/// A network's outputs on the test data.
struct Judgement {
  double metric = 0.0;
  double damage = 0.0;          ///< of probabilities the divergence per sample, else the squared relative error
  double relative_error = 0.0;  ///< ‖y − y_float‖ / ‖y_float‖
};

/// Sets a network's inputs to a batch of a dataset.
[[nodiscard]] inline auto feed_from(const nuq::Dataset& data) {
  return [&data](auto& engine, int batch) {
    for (const auto& [blob, tensor] : data.batch(batch)) engine.set_input(blob, tensor.view());
  };
}

/// How much the layers' errors matter to the network, by its first 300 calibration samples.
[[nodiscard]] inline std::map<std::string, double> sensitivities_of(
    const nuq::Graph& graph, const nuq::QuantizationPlan& plan, const nuq::NetworkStatistics& statistics,
    nuq::EigenEngine& engine, const nuq::Dataset& calibration, nuq::Parallel& parallel) {
  constexpr int samples = 300;
  const int batches = (std::min)(calibration.batches(), samples / static_cast<int>(calibration.samples(0)));
  return nuq::layer_sensitivities(graph, plan, statistics, engine, (std::max)(batches, 1), feed_from(calibration),
                                  parallel);
}

/// A float network, what its calibration data say of its layers, and a judge of their quantization on its test data.
class QualityNetwork {
 public:
  static constexpr std::size_t calibration_samples = 1000;  ///< at most

  QualityNetwork(const NetworkFiles& files, nuq::BiasCorrection bias_correction, nuq::Parallel& parallel)
      : graph_(nuq::load_graph(files.model, files.weights)),
        calibration_(nuq::load_dataset(files.calibration, nuq::GzipFileReader{})),
        test_(nuq::load_dataset(files.test, nuq::GzipFileReader{})),
        engine_(parallel.threads()) {
    nuq::fuse(graph_);
    for (const nuq::Node& node : graph_.nodes) {
      if (nuq::eligibility_of(graph_, node).nuq) plan_[node.name].weight_algorithm = nuq::WeightAlgorithm::nuq;
    }
    nuq::set_bias_correction(plan_, bias_correction);
    changed_ = graph_;
    collect_layers(parallel);
    engine_.load(graph_);
    original_ = nuq::network_outputs(graph_, engine_, test_.batches(), feed_from(test_));
    float_metric_ = nuq::evaluate(engine_, test_);
  }
  QualityNetwork(const QualityNetwork&) = delete;
  QualityNetwork& operator=(const QualityNetwork&) = delete;

  [[nodiscard]] const std::vector<QualityLayer>& layers() const noexcept { return layers_; }
  [[nodiscard]] double float_metric() const noexcept { return float_metric_; }
  [[nodiscard]] bool is_judged_in_decibels() const { return test_.description().metric == nuq::Metric::psnr; }
  [[nodiscard]] std::size_t weights() const {
    std::size_t sum = 0;
    for (const QualityLayer& layer : layers_) sum += layer.weights();
    return sum;
  }

  /// Weights are quantized, activations stay float.
  [[nodiscard]] Judgement judge(const QuantizedLayers& quantized) {
    for (std::size_t index = 0; index < layers_.size(); ++index) {
      const nuq::Node& original = *layers_[index].node;
      nuq::Node& changed = changed_.nodes[static_cast<std::size_t>(&original - graph_.nodes.data())];
      changed.blobs = original.blobs;
      nuq::set_quantized_blobs(changed, quantized[index]);
    }
    return judge(changed_);
  }

  /// A fake-quant model of the network whose activations stay float.
  [[nodiscard]] Judgement judge(const std::string& model_file, const std::string& weights_file) {
    return judge(nuq::load_graph(model_file, weights_file));
  }

  /// The default quantizer, each layer fitted to its inputs as the quantized layers before it leave them.
  [[nodiscard]] QuantizedLayers quantized_sequentially(int levels, nuq::Parallel& parallel) {
    nuq::QuantizationPlan plan = plan_;
    nuq::NetworkStatistics statistics;
    for (const QualityLayer& layer : layers_) statistics.emplace(layer.node->name, layer.full);
    for (auto& [layer, planned] : plan) planned.num_steps = levels;
    const nuq::NetworkQuantization quantization =
        nuq::quantize_network_sequentially(graph_, plan, nuq::NonUniformQuantizer<>{}, statistics, engine_,
                                           calibration_.batches(), feed_from(calibration_), parallel);
    QuantizedLayers quantized;
    for (const QualityLayer& layer : layers_) quantized.push_back(quantization.at(layer.node->name));
    return quantized;
  }

 private:
  [[nodiscard]] Judgement judge(const nuq::Graph& graph) {
    engine_.load(graph);
    const nuq::NetworkOutputs outputs = nuq::network_outputs(graph, engine_, test_.batches(), feed_from(test_));
    const double damage = nuq::output_damage(original_, outputs);
    const double samples = original_.blobs.front().is_probability ? static_cast<double>(test_.samples()) : 1.0;
    return {nuq::evaluate(engine_, test_), damage / samples, relative_error(outputs)};
  }

  /// Statistics are weighed by the layers' sensitivities, which changes nothing within a layer and gives the errors of
  /// all layers one unit.
  void collect_layers(nuq::Parallel& parallel) {
    calibration_.limit(calibration_samples);
    engine_.load(graph_);
    nuq::NetworkStatistics statistics =
        nuq::network_statistics(graph_, plan_, engine_, calibration_.batches(), feed_from(calibration_), {}, parallel);
    const auto sensitivities = sensitivities_of(graph_, plan_, statistics, engine_, calibration_, parallel);
    for (const nuq::Node& node : graph_.nodes) {
      const auto planned = plan_.find(node.name);
      if (planned == plan_.end()) continue;
      nuq::LayerStatistics& full = statistics.at(node.name);
      full.weigh(sensitivities.at(node.name));
      nuq::LayerStatistics diagonal;
      diagonal.samples = full.samples;
      diagonal.mean_squares = full.mean_squares;
      layers_.push_back({&node, nuq::granularity_of(node, planned->second),
                         nuq::has_own_bias(graph_, node) ? planned->second.bias_correction : nuq::BiasCorrection::off,
                         nuq::data_free_statistics(graph_, node), std::move(diagonal), std::move(full)});
    }
  }

  [[nodiscard]] double relative_error(const nuq::NetworkOutputs& outputs) const {
    double difference = 0.0;
    double energy = 0.0;
    for (std::size_t blob = 0; blob < outputs.blobs.size(); ++blob) {
      const std::vector<float>& before = original_.blobs[blob].values;
      const std::vector<float>& after = outputs.blobs[blob].values;
      for (std::size_t at = 0; at < before.size(); ++at) {
        const auto value = static_cast<double>(before[at]);
        difference += (value - static_cast<double>(after[at])) * (value - static_cast<double>(after[at]));
        energy += value * value;
      }
    }
    return std::sqrt(difference / energy);
  }

  nuq::Graph graph_;
  nuq::QuantizationPlan plan_;
  nuq::Graph changed_;  // a copy whose weights are replaced
  nuq::Dataset calibration_;
  nuq::Dataset test_;
  nuq::EigenEngine engine_;
  std::vector<QualityLayer> layers_;
  nuq::NetworkOutputs original_;
  double float_metric_ = 0.0;
};

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_NETWORK_HPP
