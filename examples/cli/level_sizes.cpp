#include "level_sizes.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

#include "nuq/core/error.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/quantize/by_name.hpp"
#include "nuq/report/size_model.hpp"

namespace {

std::optional<std::uint64_t> packed_bytes(const nuq::Graph& graph, const nuq::Node& node, const nuq::LayerPlan& plan,
                                          nuq::Parallel& parallel) {
  if (node.blobs.empty()) return std::nullopt;
  try {
    const nuq::AnyLayerQuantizer quantizer = nuq::quantizer_named({"abs-max", "optimal", "nearest"}, 0);
    const nuq::LayerQuantization layer = nuq::quantize_layer(graph, node, plan, quantizer, nullptr, parallel);
    return static_cast<std::uint64_t>(std::ceil(nuq::layer_bytes(nuq::Target::packed, layer.weights)));
  } catch (const nuq::Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<std::uint64_t> packed_bytes_of_int8(const nuq::Graph& graph, const nuq::Node& node,
                                                  nuq::Parallel& parallel) {
  return packed_bytes(graph, node, {}, parallel);
}

std::optional<std::uint64_t> packed_bytes_of_levels(const nuq::Graph& graph, const nuq::Node& node, int levels,
                                                    nuq::Parallel& parallel) {
  nuq::LayerPlan plan;
  plan.weight_algorithm = nuq::WeightAlgorithm::nuq;
  plan.num_steps = levels;
  plan.bias_correction = nuq::BiasCorrection::off;
  return packed_bytes(graph, node, plan, parallel);
}
