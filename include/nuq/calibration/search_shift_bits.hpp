#ifndef NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP
#define NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nuq/activation/shift_search.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

using ShiftSearches = std::map<std::string, ShiftSearch>;

/// Observes the outputs of the quantized layers with weights that `takes(layer)` names.
template <class Engine, class Feed, class Takes>
[[nodiscard]] ShiftSearches observed_shift_searches(const Graph& graph, const NetworkQuantization& quantization,
                                                    Engine& engine, int batch_num, Feed&& feed, Takes&& takes) {
  const auto place_of = [&graph](const std::string& layer) {
    return graph.model_file() + ": layer '" + layer + "': output";
  };
  ShiftSearches searches;
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    if (!quantizes_weights(node) || !takes(node.name)) return;
    static_cast<void>(activation_of(node, layer));
    searches.emplace(node.name, ShiftSearch(dequantization_scales(layer)));
  });
  for (int batch = 0; batch < batch_num; ++batch) {
    feed(engine, batch);
    engine.forward([&](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView> outputs) {
      const auto search = searches.find(node.name);
      if (search == searches.end()) return;
      with_error_place(place_of(node.name), [&] { search->second.observe(outputs[0]); });
    });
  }
  for (const auto& [layer, search] : searches) {
    if (batch_num > 0 && !search.has_observed()) {
      fail(ModelError(ErrorCode::unsupported_layer, place_of(layer) + " is not computed by this engine"));
    }
  }
  return searches;
}

}  // namespace detail

/// Runs `batch_num` batches of calibration data through the fake-quant model of `graph` and its `quantization`, and
/// searches `shift_bit` of every quantized layer with weights, from what it writes for its DeQuant layer.
///
/// @param engine  an Engine that has the fake-quant model loaded, its sums not shifted.
/// @param feed    `feed(engine, batch)` sets the network's inputs for batch 0 … batch_num − 1.
/// @throws RecordError missing_record for a layer whose input has not been calibrated; ModelError naming the layer when
///         its output has NaN or infinities or is not computed by the engine; ConfigError nothing_to_do without a
///         batch.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, CalibratedShift> search_shift_bits(const Graph& graph,
                                                                       const NetworkQuantization& quantization,
                                                                       Engine& engine, int batch_num, Feed&& feed) {
  std::map<std::string, CalibratedShift> found;
  if constexpr (check_engine<Engine>()) {
    const auto all = [](const std::string&) { return true; };
    for (const auto& [layer, search] :
         detail::observed_shift_searches(graph, quantization, engine, batch_num, feed, all))
      found.emplace(layer, ShiftSearch::finish({&search}));
  }
  return found;
}

/// The same for layers that share their shifts, channel by channel: `groups` of names, each of quantized layers with
/// the same number of scales.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, CalibratedShift> search_joint_shift_bits(
    const Graph& graph, const NetworkQuantization& quantization, const std::vector<std::vector<std::string>>& groups,
    Engine& engine, int batch_num, Feed&& feed) {
  std::map<std::string, CalibratedShift> found;
  if constexpr (check_engine<Engine>()) {
    std::set<std::string> members;
    for (const std::vector<std::string>& group : groups) members.insert(group.begin(), group.end());
    const detail::ShiftSearches searches =
        detail::observed_shift_searches(graph, quantization, engine, batch_num, feed,
                                        [&members](const std::string& layer) { return members.count(layer) > 0; });
    for (const std::vector<std::string>& group : groups) {
      std::vector<const ShiftSearch*> together;
      for (const std::string& layer : group) together.push_back(&searches.at(layer));
      for (const std::string& layer : group) found.emplace(layer, ShiftSearch::finish(together));
    }
  }
  return found;
}

NUQ_NAMESPACE_END

#endif  // NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP
