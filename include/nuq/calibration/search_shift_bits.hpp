#ifndef NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP
#define NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nuq/activation/search_n.hpp"
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

/// By how much the sums of one layer are shifted.
struct CalibratedShift {
  std::vector<int> shift_bit;  ///< 1 … 16, one per scale of the weights
  bool shares_scale = false;   ///< all channels are to have the largest of their scales
};

namespace detail {

/// The search for one layer. A layer with a scale per channel whose outputs are single values [N, C, 1, 1] counts as
/// one channel with the largest scale (AMCT manual, SearchN).
class ShiftSearch {
 public:
  /// `scales` are those of dequantization, one or as many as the layer has channels.
  NUQ_FUNCTION explicit ShiftSearch(std::vector<float> scales)
      : scales_(std::move(scales)), searches_(scales_.size()) {}

  [[nodiscard]] bool has_observed() const noexcept { return has_observed_; }

  /// The first output decides whether the channels share a scale.
  NUQ_FUNCTION void observe(const TensorView& output);

  /// One shift per channel for all of `searches`, which have as many channels each: the one that loses least of what
  /// they write together.
  NUQ_FUNCTION [[nodiscard]] static CalibratedShift finish(const std::vector<const ShiftSearch*>& searches);

 private:
  /// In units of the outputs: those of different layers can be added.
  NUQ_FUNCTION void add_errors(std::size_t channel, SearchN::Errors& errors) const;

  std::vector<float> scales_;
  std::vector<SearchN> searches_;  // by channel
  bool has_observed_ = false;
  bool shares_scale_ = false;
};

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
      found.emplace(layer, detail::ShiftSearch::finish({&search}));
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
      std::vector<const detail::ShiftSearch*> together;
      for (const std::string& layer : group) together.push_back(&searches.at(layer));
      for (const std::string& layer : group) found.emplace(layer, detail::ShiftSearch::finish(together));
    }
  }
  return found;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void ShiftSearch::observe(const TensorView& output) {
  if (!has_observed_)
    shares_scale_ = scales_.size() > 1 && output.shape.size() == 4 && output.shape[2] * output.shape[3] == 1;
  has_observed_ = true;
  if (shares_scale_ || scales_.size() == 1) {
    searches_.front().observe(output.values, *std::max_element(scales_.begin(), scales_.end()));
    return;
  }
  const std::size_t plane = output.values.size() / static_cast<std::size_t>(output.shape[0] * output.shape[1]);
  for (std::size_t line = 0; line * plane < output.values.size(); ++line) {
    const std::size_t channel = line % scales_.size();
    searches_[channel].observe({output.values.data() + line * plane, plane}, scales_[channel]);
  }
}

NUQ_DEFINITION CalibratedShift ShiftSearch::finish(const std::vector<const ShiftSearch*>& searches) {
  CalibratedShift found;
  found.shares_scale = searches.front()->shares_scale_;
  for (std::size_t channel = 0; channel < searches.front()->searches_.size(); ++channel) {
    SearchN::Errors errors{};
    for (const ShiftSearch* const search : searches) search->add_errors(channel, errors);
    found.shift_bit.push_back(SearchN::best_shift(errors));
  }
  return found;
}

NUQ_DEFINITION void ShiftSearch::add_errors(std::size_t channel, SearchN::Errors& errors) const {
  const auto scale =
      static_cast<double>(shares_scale_ ? *std::max_element(scales_.begin(), scales_.end()) : scales_[channel]);
  const SearchN::Errors& own = searches_[shares_scale_ ? 0 : channel].errors();
  for (std::size_t shift = 0; shift < own.size(); ++shift) errors[shift] += own[shift] * scale * scale;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_SEARCH_SHIFT_BITS_HPP
