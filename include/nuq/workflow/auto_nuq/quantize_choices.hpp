#ifndef NUQ_WORKFLOW_AUTO_NUQ_QUANTIZE_CHOICES_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_QUANTIZE_CHOICES_HPP

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "nuq/calibration/network_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/layer_choices.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Prices per bit that layers are quantized at: `middle`, at which harm is about that of the configured levels, doubled
/// and halved, by `doublings` at a time. A search brackets the price and then asks for finer ones (`finer_prices`).
struct PriceGrid {
  static constexpr int least_doublings = -5;
  static constexpr int most_doublings = 13;
  static constexpr int usual_doublings = 2;

  double middle = 0.0;
  int doublings = usual_doublings;
};

/// The prices for a quantizer that has one; fewer where there is no time for all until the deadline, three at least.
NUQ_FUNCTION [[nodiscard]] PriceGrid price_grid(const Graph& graph, const QuantizationPlan& plan,
                                                const AnyLayerQuantizer& quantizer, const NetworkStatistics& statistics,
                                                const Deadline& deadline, Parallel& parallel);

/// Prices that are tried when a search has found one that passes, 0 for none, and a higher one that is refused: from
/// half the lower to twice the higher, without these two, by quarters of doublings in a network of few weights, else by
/// halves.
NUQ_FUNCTION [[nodiscard]] std::vector<double> finer_prices(double passing, double refused, std::size_t weights);

/// A layer quantized at each of these prices.
NUQ_FUNCTION [[nodiscard]] std::vector<LayerChoices::Choice> finer_choices(
    const Graph& graph, const Node& node, const LayerPlan& plan, const AnyLayerQuantizer& quantizer,
    const LayerStatistics* statistics, const std::vector<double>& prices, const AutoNuqOptions& options,
    Parallel& parallel);

/// All choices of a network. `quantized(layer, done, layers)` is called after each layer, and may throw.
NUQ_FUNCTION [[nodiscard]] LayerChoices layer_choices(
    const Graph& graph, const QuantizationPlan& plan, const AnyLayerQuantizer& quantizer,
    const NetworkStatistics& statistics, const PriceGrid& prices, const AutoNuqOptions& options, Parallel& parallel,
    const std::function<void(const std::string& layer, std::size_t done, std::size_t layers)>& quantized);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cmath>
#include <utility>

#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/workflow/auto_nuq/check_search_options.hpp"
#include "nuq/workflow/detail/price_of_levels.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Descending numbers of levels that a layer may take.
NUQ_FUNCTION [[nodiscard]] inline std::vector<int> levels_to_try(const LayerPlan& plan, std::vector<int> levels) {
  if (levels.empty()) {
    for (int count = plan.num_steps; count >= 4; count /= 2) levels.push_back(count);
  }
  std::sort(levels.rbegin(), levels.rend());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

/// As many prices as there is time for: quantizing the network at one of them takes about `seconds`.
NUQ_FUNCTION [[nodiscard]] inline int affordable_doublings(double seconds, const Deadline& deadline) {
  constexpr double all = PriceGrid::most_doublings - PriceGrid::least_doublings + 1;
  const double passes = deadline.seconds_left() / seconds - 1.0;  // one is that of int8
  return (std::max)(PriceGrid::usual_doublings, static_cast<int>(std::ceil(all / (std::max)(passes, 3.0))));
}

NUQ_DEFINITION PriceGrid price_grid(const Graph& graph, const QuantizationPlan& plan,
                                    const AnyLayerQuantizer& quantizer, const NetworkStatistics& statistics,
                                    const Deadline& deadline, Parallel& parallel) {
  PriceGrid prices;
  if (!quantizer.is_priced()) return prices;
  const double seconds_left = deadline.seconds_left();
  prices.middle = harm_of_configured_levels(graph, plan, statistics, parallel).price;
  if (deadline.exists()) prices.doublings = affordable_doublings(seconds_left - deadline.seconds_left(), deadline);
  return prices;
}

/// Calls `add(quantizer, levels, price)` for each way to compress a layer, from the largest on.
template <class Add>
void for_each_compression(const AnyLayerQuantizer& quantizer, const LayerPlan& plan, const std::vector<int>& levels,
                          const PriceGrid& prices, const Add& add) {
  if (quantizer.is_priced()) {
    for (int doublings = PriceGrid::least_doublings; doublings <= PriceGrid::most_doublings;
         doublings += prices.doublings) {
      const double scaled = std::ldexp(prices.middle, doublings);
      add(quantizer.at_price(scaled), plan.num_steps, scaled);
    }
  } else {
    for (const int count : levels_to_try(plan, levels)) add(quantizer, count, 0.0);
  }
}

/// A layer as one quantizer makes it, with its size and harm.
NUQ_FUNCTION [[nodiscard]] inline LayerChoices::Choice quantized_choice(
    const Graph& graph, const Node& node, LayerPlan plan, const AnyLayerQuantizer& with, int levels, double price,
    const LayerStatistics* statistics, const AutoNuqOptions& options, Parallel& parallel) {
  plan.weight_algorithm = levels == 256 ? WeightAlgorithm::arq : WeightAlgorithm::nuq;
  plan.num_steps = levels;
  LayerQuantization quantized = quantize_layer(graph, node, plan, with, statistics, parallel);
  const QuantizedWeights& weights = quantized.weights;
  if (statistics != nullptr) {
    quantized.sensitivity = statistics->sensitivity;
    if (!quantized.output_error) quantized.output_error = predicted_harm(node, weights, *statistics, parallel);
  }
  const double bytes = layer_bytes(options.target.value_or(Target::packed), weights, kernel_of(node));
  const double harm = quantized.output_error.value_or(0.0);
  return {{bytes, harm, levels, price}, std::move(quantized)};
}

NUQ_DEFINITION std::vector<double> finer_prices(double passing, double refused, std::size_t weights) {
  constexpr std::size_t few = std::size_t{1} << 21U;
  const double steps = weights < few ? 4.0 : 2.0;  // to a doubling
  const double least = (passing > 0.0 ? passing : refused / 4.0) / 2.0;
  constexpr double rounding = 1e-4;
  std::vector<double> prices;
  for (int step = 0;; ++step) {
    const double price = least * std::exp2(step / steps);
    if (price > 2.0 * refused * (1.0 + rounding)) return prices;
    const auto is_that_of = [price](double known) { return std::abs(price - known) <= rounding * price; };
    if (!is_that_of(passing) && !is_that_of(refused)) prices.push_back(price);
  }
}

NUQ_DEFINITION std::vector<LayerChoices::Choice> finer_choices(const Graph& graph, const Node& node,
                                                               const LayerPlan& plan,
                                                               const AnyLayerQuantizer& quantizer,
                                                               const LayerStatistics* statistics,
                                                               const std::vector<double>& prices,
                                                               const AutoNuqOptions& options, Parallel& parallel) {
  std::vector<LayerChoices::Choice> choices;
  for (const double price : prices) {
    choices.push_back(quantized_choice(graph, node, plan, quantizer.at_price(price), plan.num_steps, price, statistics,
                                       options, parallel));
  }
  return choices;
}

/// Quantizes a layer in every way the search may choose; one that is not smaller than those before is no option.
NUQ_FUNCTION [[nodiscard]] inline LayerChoices::Candidate quantized_in_every_way(
    const Graph& graph, const Node& node, const LayerPlan& plan, const AnyLayerQuantizer& quantizer,
    const LayerStatistics* statistics, const PriceGrid& prices, const AutoNuqOptions& options, Parallel& parallel) {
  LayerChoices::Candidate candidate{node.name, {}, {}};
  const auto add = [&](const AnyLayerQuantizer& with, int levels, double at_price) {
    LayerChoices::Choice choice =
        quantized_choice(graph, node, plan, with, levels, at_price, statistics, options, parallel);
    if (!candidate.options.empty() && !(choice.option.bytes < candidate.options.back().bytes)) return;
    candidate.options.push_back(choice.option);
    candidate.results.push_back(std::move(choice.result));
  };
  const auto pin = pin_of(graph, node, options);
  if (pin != options.pins.end()) {
    add(NonUniformQuantizer<>{}, pin->second, 0.0);
    return candidate;
  }
  add(quantizer, 256, 0.0);
  if (plan.weight_algorithm == WeightAlgorithm::nuq) for_each_compression(quantizer, plan, options.levels, prices, add);
  return candidate;
}

NUQ_DEFINITION LayerChoices layer_choices(
    const Graph& graph, const QuantizationPlan& plan, const AnyLayerQuantizer& quantizer,
    const NetworkStatistics& statistics, const PriceGrid& prices, const AutoNuqOptions& options, Parallel& parallel,
    const std::function<void(const std::string& layer, std::size_t done, std::size_t layers)>& quantized) {
  LayerChoices choices;
  std::size_t done = 0;
  for (const Node& node : graph.nodes) {
    const auto planned = plan.find(node.name);
    if (planned == plan.end()) continue;
    const Node& owner = owner_of_weights(graph, node);
    if (&owner != &node && plan.count(owner.name) > 0) {
      choices.add_sharing(node.name, owner.name);
    } else if (quantizes_weights(node)) {
      const auto known = statistics.find(node.name);
      choices.add(quantized_in_every_way(graph, node, planned->second, quantizer,
                                         known == statistics.end() ? nullptr : &known->second, prices, options,
                                         parallel));
    } else {
      choices.add_without_weights(node.name,
                                  quantize_layer(graph, node, planned->second, quantizer, nullptr, parallel));
    }
    quantized(node.name, ++done, plan.size());
  }
  return choices;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_QUANTIZE_CHOICES_HPP
