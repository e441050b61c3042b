#include "nuq/sensitivity/rank_layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "nuq/caffe/caffe_format.hpp"
#include "nuq/sensitivity/cosine_similarity.hpp"

namespace sensitivity_rank_layers_test {

/// An engine whose layers have scripted outputs, one per batch.
struct ScriptedEngine {
  std::map<std::string, std::vector<std::vector<float>>> outputs;
  std::size_t batch = 0;

  void load(const nuq::Graph&) {}
  void set_input(const std::string&, nuq::TensorView) {}
  template <class Observer>
  void forward(Observer&& observer) {
    for (const auto& [layer, batches] : outputs) {
      nuq::Node node;
      node.name = layer;
      const std::vector<float>& values = batches[batch];
      const std::vector<nuq::TensorView> tensors{{{static_cast<std::int64_t>(values.size())}, values}};
      observer(static_cast<const nuq::Node&>(node), nuq::ArrayView<const nuq::TensorView>{},
               nuq::ArrayView<const nuq::TensorView>(tensors));
    }
  }
};

void feed(ScriptedEngine& engine, int batch) {
  engine.batch = static_cast<std::size_t>(batch);
}

nuq::Graph graph_with(const std::vector<std::string>& layers) {
  nuq::Graph graph;
  auto model = std::make_shared<nuq::Model>();
  model->model_file = "net.prototxt";
  graph.source = nuq::caffe_source(model);
  for (const std::string& name : layers) {
    nuq::Node node;
    node.name = name;
    graph.nodes.push_back(node);
  }
  return graph;
}

std::vector<std::string> names(const std::vector<nuq::LayerSensitivity>& ranking) {
  std::vector<std::string> layers;
  for (const nuq::LayerSensitivity& layer : ranking) layers.push_back(layer.layer);
  return layers;
}

const nuq::CosineSimilaritySensitivity cosine;

TEST_CASE("layers are ranked by the mean over the batches, most sensitive first, equal ones in the network's order") {
  const nuq::Graph graph = graph_with({"zeta", "alpha", "mid"});
  ScriptedEngine original{
      {{"zeta", {{1, 0}, {1, 0}}}, {"alpha", {{1, 0}, {0, 1}}}, {"mid", {{1, 0}, {1, 0}}}, {"other", {{1}, {1}}}}};
  ScriptedEngine quantized{{{"zeta_dequant_layer", {{1, 0}, {0, 1}}},
                            {"alpha_dequant_layer", {{1, 0}, {1, 0}}},
                            {"mid_dequant_layer", {{-1, 0}, {1, 0}}},
                            {"mid", {{1, 0}, {1, 0}}}}};  // before its DeQuant: not looked at
  const auto ranking =
      nuq::rank_layers(graph, {{"zeta", {}}, {"alpha", {}}, {"mid", {}}}, original, quantized, 2, feed, cosine);
  CHECK(names(ranking) == std::vector<std::string>{"mid", "zeta", "alpha"});
  CHECK(ranking[0].value == 0.5);
  CHECK(ranking[1].value == 0.75);
  CHECK(ranking[2].value == 0.75);
}

TEST_CASE("a layer whose outputs cannot be compared is an error that names it") {
  const nuq::Graph graph = graph_with({"conv"});
  ScriptedEngine original{{{"conv", {{1, std::numeric_limits<float>::infinity()}}}}};
  ScriptedEngine quantized{{{"conv_dequant_layer", {{1, 2}}}}};
  const auto error = error_of<nuq::ModelError>([&] {
    static_cast<void>(nuq::rank_layers(graph, {{"conv", {}}}, original, quantized, 1, feed, cosine));
  });
  CHECK(error.code == nuq::ErrorCode::non_finite_value);
  CHECK(error.says("net.prototxt: layer 'conv'"));
}

}  // namespace sensitivity_rank_layers_test
