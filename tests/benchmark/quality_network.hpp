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
#include "nuq/caffe/data_free_statistics.hpp"
#include "nuq/caffe/eligibility.hpp"
#include "nuq/caffe/fusion.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/quantized_blobs.hpp"
#include "nuq/caffe/weight_matrix.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/layer_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/dataset/evaluate.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/sensitivity/layer_sensitivities.hpp"
#include "nuq/sensitivity/network_outputs.hpp"

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
  nuq::LayerStatistics without_data;  ///< what may be expected
  nuq::LayerStatistics diagonal;      ///< second moments alone
  nuq::LayerStatistics full;

  [[nodiscard]] std::size_t weights() const { return node->blobs.front().values.size(); }
};

/// Layer by layer, in the order of `QualityNetwork::layers`.
using QuantizedLayers = std::vector<nuq::QuantizedWeights>;

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
[[nodiscard]] inline std::map<std::string, double> sensitivities_of(const nuq::Graph& graph,
                                                                    const nuq::NetworkStatistics& statistics,
                                                                    nuq::EigenEngine& engine,
                                                                    const nuq::Dataset& calibration,
                                                                    nuq::Parallel& parallel) {
  constexpr int samples = 300;
  const int batches = (std::min)(calibration.batches(), samples / static_cast<int>(calibration.samples(0)));
  return nuq::layer_sensitivities(graph, statistics, engine, (std::max)(batches, 1), feed_from(calibration), parallel);
}

/// A float network, what its calibration data say of its layers, and a judge of their quantization on its test data.
class QualityNetwork {
 public:
  QualityNetwork(const NetworkFiles& files, nuq::Parallel& parallel)
      : graph_(nuq::load_graph(files.model, files.weights)),
        test_(nuq::load_dataset(files.test, nuq::GzipFileReader{})),
        engine_(parallel.threads()) {
    nuq::fuse(graph_);
    for (const nuq::Node& node : graph_.nodes) {
      if (nuq::eligibility_of(graph_, node).nuq) graph_.plan[node.name].weight_algorithm = nuq::WeightAlgorithm::nuq;
    }
    changed_ = graph_;
    collect_layers(files.calibration, parallel);
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
    auto weights = quantized.begin();
    for (nuq::Node& node : changed_.nodes) {
      if (graph_.plan.count(node.name) == 0) continue;
      node.blobs.front().values = nuq::dequantized_weights(node, *weights++);
    }
    engine_.load(changed_);
    const nuq::NetworkOutputs outputs = nuq::network_outputs(changed_, engine_, test_.batches(), feed_from(test_));
    const double damage = nuq::output_damage(original_, outputs);
    const double samples = original_.blobs.front().is_probability ? static_cast<double>(test_.samples()) : 1.0;
    return {nuq::evaluate(engine_, test_), damage / samples, relative_error(outputs)};
  }

 private:
  /// Statistics are weighed by the layers' sensitivities, which changes nothing within a layer and gives the errors of
  /// all layers one unit.
  void collect_layers(const std::string& calibration_file, nuq::Parallel& parallel) {
    nuq::Dataset calibration = nuq::load_dataset(calibration_file, nuq::GzipFileReader{});
    calibration.limit(1000);
    engine_.load(graph_);
    nuq::NetworkStatistics statistics =
        nuq::network_statistics(graph_, engine_, calibration.batches(), feed_from(calibration), {}, parallel);
    const auto sensitivities = sensitivities_of(graph_, statistics, engine_, calibration, parallel);
    for (const nuq::Node& node : graph_.nodes) {
      const auto planned = graph_.plan.find(node.name);
      if (planned == graph_.plan.end()) continue;
      nuq::LayerStatistics& full = statistics.at(node.name);
      full.weigh(sensitivities.at(node.name));
      nuq::LayerStatistics diagonal;
      diagonal.samples = full.samples;
      diagonal.second_moment = full.second_moment;
      layers_.push_back({&node, nuq::granularity_of(node, planned->second), nuq::data_free_statistics(graph_, node),
                         std::move(diagonal), std::move(full)});
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
  nuq::Graph changed_;  // a copy whose weights are replaced
  nuq::Dataset test_;
  nuq::EigenEngine engine_;
  std::vector<QualityLayer> layers_;
  nuq::NetworkOutputs original_;
  double float_metric_ = 0.0;
};

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_NETWORK_HPP
