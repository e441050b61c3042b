// The packed model file of every published model: nothing is lost, and levels take little more than their entropy.

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/packed/model_view.hpp"
#include "nuq/packed/packed_blob.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "published_models.hpp"

namespace zoo_packed_test {

using Bytes = std::vector<std::uint8_t>;

/// Packs a model and unpacks it again.
nuq::Graph round_trip(const Bytes& file) {
  const nuq::Model model = nuq::model_of_packed_file(file, "packed");
  return nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(model.text, model.weights.SerializeAsString(), "unpacked.prototxt", "unpacked.caffemodel")));
}

std::size_t different_blobs(const nuq::Graph& one, const nuq::Graph& other) {
  std::size_t different = 0;
  for (const nuq::Node& node : one.nodes) {
    const nuq::Node* const same = other.find(node.name);
    REQUIRE(same != nullptr);
    REQUIRE(same->blobs.size() == node.blobs.size());
    for (std::size_t index = 0; index < node.blobs.size(); ++index) {
      const bool equal =
          same->blobs[index].shape == node.blobs[index].shape && same->blobs[index].values == node.blobs[index].values;
      different += equal ? 0 : 1;
    }
  }
  return different;
}

/// Every layer that takes NUQ, at its nearest levels.
nuq::NetworkQuantization quantized(const nuq::Graph& graph, int levels, nuq::Parallel& parallel) {
  const nuq::NonUniformQuantizer quantizer(nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, nuq::NearestLevel{});
  nuq::LayerPlan plan;
  plan.weight_algorithm = nuq::WeightAlgorithm::nuq;
  plan.num_steps = levels;
  nuq::NetworkQuantization quantization;
  for (const nuq::Node& node : graph.nodes) {
    if (!nuq::eligibility_of(graph, node).nuq) continue;
    quantization[node.name] = nuq::quantize_layer(graph, node, plan, quantizer, nullptr, parallel);
  }
  return quantization;
}

/// What a packed file spends on coded levels, on everything else that it stores, and on keeping order.
struct Sizes {
  double coded = 0.0;
  double entropy = 0.0;  ///< of the coded levels, in bytes
  double others = 0.0;   ///< text, scales and uncoded blobs
  double overhead = 0.0;
};

Sizes sizes_of(const Bytes& file, const nuq::NetworkQuantization& quantization) {
  const nuq::PackedModel model(file.data(), file.size());
  Sizes sizes;
  sizes.others = static_cast<double>(model.view().text().data.size());
  for (std::size_t index = 0; index < model.view().layer_count(); ++index) {
    const nuq::PackedLayer layer = model.view().layer(index);
    layer.visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      if (!blob.is_coded) {
        sizes.others += static_cast<double>(blob.stored.size());
        return true;
      }
      const nuq::QuantizedWeights& weights = quantization.at(std::string(layer.name())).weights;
      const nuq::LevelCounts counts = nuq::count_levels(weights.levels);
      const double table = nuq::EntropyRate::table_bytes_per_level * static_cast<double>(nuq::distinct_levels(counts));
      const double entropy = nuq::EntropyRate{}.bytes(counts, {weights.rows, weights.cols, 0}) - table;
      CHECK(static_cast<double>(blob.data.size()) <= 1.001 * entropy + 256.0);
      sizes.coded += static_cast<double>(blob.data.size());
      sizes.entropy += entropy;
      sizes.others += static_cast<double>(blob.scales.size());
      return true;
    });
  }
  sizes.overhead = static_cast<double>(file.size()) - sizes.coded - sizes.others;
  return sizes;
}

TEST_CASE("every published model is packed without loss, its levels at about their entropy") {
  nuq::ThreadPool pool(0);
  std::printf("%-64s %10s %10s %10s %9s\n", "model packed at 32 and 16 levels", "levels", "entropy", "others",
              "overhead");
  for (const PublishedModel& model : published_models()) {
    CAPTURE(model.name);
    nuq::Graph graph = nuq::load_graph(model.model, model.weights);
    CHECK(different_blobs(graph, round_trip(nuq::packed_file_of(graph, *nuq::caffe_model(graph), {}, pool))) == 0);
    nuq::fuse(graph);
    for (const int levels : {32, 16}) {
      const nuq::NetworkQuantization quantization = quantized(graph, levels, pool);
      if (quantization.empty()) continue;
      const nuq::Model fake_quant = nuq::fake_quant_model(graph, quantization);
      const Bytes file = nuq::packed_file_of(graph, fake_quant, quantization, pool);
      const nuq::Graph expected = nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(
          fake_quant.text, fake_quant.weights.SerializeAsString(), "fake_quant.prototxt", "fake_quant.caffemodel")));
      CHECK(different_blobs(expected, round_trip(file)) == 0);
      const Sizes sizes = sizes_of(file, quantization);
      CHECK(sizes.overhead <= 0.005 * static_cast<double>(file.size()) + 2048.0);
      std::printf("%-64s %10.0f %10.0f %10.0f %9.0f\n", model.name.c_str(), sizes.coded, sizes.entropy, sizes.others,
                  sizes.overhead);
    }
  }
}

}  // namespace zoo_packed_test
