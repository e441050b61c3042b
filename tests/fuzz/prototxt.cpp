// A prototxt without weights: all that inspect asks of it.

#include "networks.hpp"
#include "nuq/amct/default_config.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/caffe/shared_memory.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/graph/weight_count.hpp"

NUQ_FUZZ_TARGET(prototxt) {
  nuq::Graph graph = graph_of(bytes, {});
  nuq::infer_shapes(graph);
  static_cast<void>(nuq::uncomputed_layers(graph));
  static_cast<void>(nuq::shared_memory_warnings(graph));
  for (const nuq::Node& node : graph.nodes) {
    static_cast<void>(nuq::eligibility_of(graph, node, nuq::NuqScope::extended));
    static_cast<void>(nuq::input_quantization_obstacle(graph, node));
    static_cast<void>(nuq::weight_count(graph, node));
  }
  static_cast<void>(nuq::to_json(nuq::default_config(graph)));
}
