#include "nuq/workflow/quantize_sequentially.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/init.hpp"
#include "tiny_network.hpp"

namespace workflow_quantize_sequentially_test {

constexpr int batches = 3;

nuq::InputBatch batch(int index) {
  return {{"data", TinyNetwork::batch(index)}};
}

/// A network to be quantized to 8 levels, and what the data say of it in float.
struct Prepared {
  Prepared() : network(folder) {
    nuq::create_quant_config(folder / "config.json", network.model, network.weights);
    session = nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
    for (auto& [layer, planned] : session.settings.plan) planned.num_steps = 8;
    statistics = of(session.graph);
  }
  nuq::NetworkStatistics of(const nuq::Graph& of_graph) {
    engine.load(of_graph);
    return nuq::network_statistics(of_graph, session.settings.plan, engine, batches, feed, {}, serial);
  }
  template <class Quantizer>
  void quantize_sequentially(const Quantizer& with) {
    session.quantization = nuq::quantize_network_sequentially(session.graph, session.settings.plan, with, statistics,
                                                              engine, batches, feed, serial);
  }
  [[nodiscard]] std::vector<std::int8_t> levels(const std::string& layer) const {
    return session.quantization.at(layer).weights.levels;
  }
  [[nodiscard]] nuq::LayerQuantization quantized(const nuq::Graph& of_graph, const std::string& layer,
                                                 const nuq::LayerStatistics& known) {
    return nuq::quantize_layer(of_graph, *of_graph.find(layer), session.settings.plan.at(layer), quantizer, &known,
                               serial);
  }

  TemporaryFolder folder;
  TinyNetwork network;
  nuq::QuantizationSession session;
  nuq::NetworkStatistics statistics;
  nuq::NonUniformQuantizer<> quantizer;
  nuq::EigenEngine engine;
  nuq::Parallel serial;
  decltype(nuq::detail::feed_from(batch)) feed = nuq::detail::feed_from(batch);
};

TEST_CASE("each layer is fitted to what the quantized layers before it leave") {
  Prepared prepared;
  prepared.quantize_sequentially(prepared.quantizer);
  nuq::Graph by_hand = prepared.session.graph;
  for (const std::string layer : {"conv1", "conv2", "fc"}) {
    CAPTURE(layer);
    const nuq::LayerQuantization expected = prepared.quantized(by_hand, layer, prepared.of(by_hand).at(layer));
    CHECK(prepared.levels(layer) == expected.weights.levels);
    CHECK(prepared.session.quantization.at(layer).weights.scales == expected.weights.scales);
    CHECK(prepared.session.quantization.at(layer).bias_correction == expected.bias_correction);
    for (nuq::Node& node : by_hand.nodes) {
      if (node.name == layer) nuq::set_quantized_blobs(node, expected);
    }
  }
  CHECK(prepared.levels("conv1") ==
        prepared.quantized(prepared.session.graph, "conv1", prepared.statistics.at("conv1")).weights.levels);
  CHECK(prepared.levels("fc") !=
        prepared.quantized(prepared.session.graph, "fc", prepared.statistics.at("fc")).weights.levels);
}

TEST_CASE("what the statistics have been weighed by weighs the new ones") {
  const auto zeros_of = [](double sensitivity) {
    Prepared prepared;
    for (auto& [layer, known] : prepared.statistics) known.weigh(sensitivity);
    const auto priced = nuq::RateQuantizer{}.at_price(0.01);
    prepared.quantize_sequentially(priced);
    double zeros = 0.0;
    for (const auto& [layer, quantized] : prepared.session.quantization) {
      for (const std::int8_t level : quantized.weights.levels) zeros += level == 0 ? 1.0 : 0.0;
    }
    return zeros;
  };
  CHECK(zeros_of(1e-4) > zeros_of(1e4));  // errors that count for little are not worth bits
}

}  // namespace workflow_quantize_sequentially_test
