// Every published model quantized with activations: inserted in memory and written, read again, it is one network.

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../same_network.hpp"
#include "../unit/random_values.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "published_models.hpp"

namespace zoo_fake_quant_test {

/// Every layer that can be quantized at int8, with a grid of its own for its input; every second with an offset.
nuq::NetworkQuantization quantized(const nuq::Graph& graph, nuq::Parallel& parallel) {
  const nuq::NonUniformQuantizer quantizer(nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, nuq::NearestLevel{});
  nuq::NetworkQuantization quantization;
  for (const nuq::Node& node : graph.nodes) {
    if (!nuq::eligibility_of(graph, node).quantizable) continue;
    nuq::LayerPlan plan;
    plan.weight_algorithm = nuq::WeightAlgorithm::arq;
    nuq::LayerQuantization& layer = quantization[node.name];
    layer = nuq::quantize_layer(graph, node, plan, quantizer, nullptr, parallel);
    const bool is_asymmetric = quantization.size() % 2 == 0;
    const float scale = 0.01F + 0.001F * static_cast<float>(quantization.size());
    layer.activation = nuq::ActivationScale{scale, is_asymmetric ? -100 : 0, is_asymmetric};
  }
  return quantization;
}

/// The final values of all blobs that are computed from random inputs of the declared shapes; none where an input's
/// shape is not declared.
std::map<std::string, std::vector<float>> outputs_of(const nuq::Graph& graph) {
  for (const std::size_t input : graph.inputs) {
    if (graph.values[input].shape.empty()) return {};
  }
  nuq::EigenEngine engine(0);
  engine.load(graph);
  for (const std::size_t input : graph.inputs) {
    const nuq::Value& value = graph.values[input];
    const nuq::Tensor tensor(value.shape, random_values(nuq::element_count(value.shape), 1));
    engine.set_input(value.blob, tensor.view());
  }
  std::map<std::string, std::vector<float>> outputs;
  engine.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> values) {
        for (std::size_t index = 0; index < values.size(); ++index)
          outputs[graph.values[node.outputs[index]].blob] = {values[index].values.begin(), values[index].values.end()};
      });
  return outputs;
}

TEST_CASE("quantization inserted in memory is the network of the written model, for every published one") {
  nuq::ThreadPool pool(0);
  for (const PublishedModel& published : published_models()) {
    CAPTURE(published.name);
    nuq::Graph graph = nuq::load_graph(published.model, published.weights, pool);
    nuq::fuse(graph);
    const nuq::NetworkQuantization quantization = quantized(graph, pool);
    if (quantization.empty()) continue;
    const nuq::Graph inserted = nuq::insert_quantization(graph, quantization, pool);
    const nuq::Model model = nuq::fake_quant_model(graph, quantization, pool);
    const nuq::Graph written = nuq::build_graph(
        std::make_shared<const nuq::Model>(nuq::parse_model(model.text, model.weights.SerializeAsString(),
                                                            "fake_quant.prototxt", "fake_quant.caffemodel")),
        pool);
    check_same_network(inserted, written);
    const auto got = outputs_of(inserted);
    const auto wanted = outputs_of(written);
    CHECK(got.size() == wanted.size());
    for (const auto& entry : wanted) {
      const auto& blob = entry.first;
      const auto& values = entry.second;
      CAPTURE(blob);
      CHECK(same_bits(got.at(blob), values));
    }
    std::printf("%-64s %3zu layers quantized, %4zu nodes, %4zu blobs equal\n", published.name.c_str(),
                quantization.size(), inserted.nodes.size(), wanted.size());
  }
}

}  // namespace zoo_fake_quant_test
