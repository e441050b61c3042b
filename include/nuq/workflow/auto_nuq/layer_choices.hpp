#ifndef NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/calibration/network_statistics.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Refuses options of `auto_nuq` that do not fit the network or the quantizer: ConfigError.
NUQ_FUNCTION void check_search_options(const Graph& graph, const QuantizationPlan& plan,
                                       const AnyLayerQuantizer& quantizer, const AutoNuqOptions& options);

/// Every way in which a search may store a network's layers, quantized.
class LayerChoices {
 public:
  /// A layer with the results of its options; option 0 keeps int8 unless the layer is pinned. One that shares another's
  /// weights has that one's results and always its option, whose bytes and harm count once.
  struct Candidate {
    std::string layer;
    std::vector<LayerQuantization> results;
    LayerOptions options;
    std::string owner{};  ///< of the weights; empty: the layer itself
  };

  NUQ_FUNCTION void add(Candidate candidate) { candidates_.push_back(std::move(candidate)); }
  /// A layer that shares the weights of `owner`, which is there.
  NUQ_FUNCTION void add_sharing(const std::string& layer, const std::string& owner);
  /// Layers whose inputs alone are quantized: the same in every configuration.
  NUQ_FUNCTION void add_without_weights(const std::string& layer, LayerQuantization quantization);

  /// Calls `visit(layer, quantization)` for every result.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (Candidate& candidate : candidates_) {
      for (LayerQuantization& result : candidate.results) visit(candidate.layer, result);
    }
    for (auto& [layer, quantization] : without_weights_) visit(layer, quantization);
  }

  /// Takes a layer out of the search, with those that share its weights; they stay in float.
  NUQ_FUNCTION void remove(const std::string& layer);

  /// Joins layers that share a choice, once all layers are there. The options of a group are the uniform configurations
  /// of its layers.
  NUQ_FUNCTION void join(const std::vector<std::vector<std::string>>& groups);

  /// One way to store a layer.
  struct Choice {
    LayerOption option;
    LayerQuantization result;
  };

  /// Adds what `make(layer)` returns (std::vector<Choice>, from the largest on) to each layer that has a choice, once
  /// they are joined. One that is not between its neighbours in bytes is no option.
  NUQ_FUNCTION void refine(const std::function<std::vector<Choice>(const std::string& layer)>& make);

  /// What a search chooses among: one list of options per group.
  NUQ_FUNCTION [[nodiscard]] std::vector<LayerOptions> search_layers() const;

  /// Bytes of the same groups in float.
  NUQ_FUNCTION [[nodiscard]] std::vector<double> float_bytes() const;

  /// The highest price per bit of a configuration; 0 where nothing has one.
  NUQ_FUNCTION [[nodiscard]] double price_of(const Configuration& configuration) const;

  /// The layers that a configuration leaves in float.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::string> layers_in_float(const Configuration& configuration) const;

  NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantized_as(const Configuration& configuration) const;

  /// Different levels of each layer that occur, in the network's order.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::pair<std::string, int>> levels_of(
      const Configuration& configuration) const;

  /// Levels of each layer at most, by name; 256 at int8. None of a layer whose levels a price decides on.
  NUQ_FUNCTION [[nodiscard]] std::map<std::string, int> level_caps(const Configuration& configuration) const;

  /// "layer=levels@price …", in the network's order; without price where there is none.
  NUQ_FUNCTION [[nodiscard]] std::string in_words(const Configuration& configuration) const;

 private:
  /// Layers that share a choice: for each of its options that of every member.
  struct Group {
    std::vector<std::size_t> members;
    LayerOptions options;
    std::vector<Configuration> of_members;
  };

  NUQ_FUNCTION void add_group(std::vector<std::size_t> members);

  /// The options of a group: the uniform configurations of its members, and those that it had before.
  NUQ_FUNCTION void list_options(Group& group) const;

  NUQ_FUNCTION [[nodiscard]] static std::vector<Configuration> each_option(const LayerOptions& options);

  /// The option of each candidate; `in_float` too.
  NUQ_FUNCTION [[nodiscard]] std::vector<int> options_of(const Configuration& configuration) const;

  /// Calls `visit(candidate, option)` for each layer that is quantized, in the network's order.
  template <class Visitor>
  void for_each_chosen(const Configuration& configuration, const Visitor& visit) const {
    const std::vector<int> chosen = options_of(configuration);
    for (std::size_t index = 0; index < candidates_.size(); ++index) {
      if (chosen[index] != in_float) visit(candidates_[index], static_cast<std::size_t>(chosen[index]));
    }
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t position_of(const std::string& layer) const;

  /// Whether a group of layers names one that has the weights of a candidate.
  NUQ_FUNCTION [[nodiscard]] bool is_named(const Candidate& candidate, const std::vector<std::string>& names) const;

  std::vector<Candidate> candidates_;
  std::vector<Group> groups_;
  NetworkQuantization without_weights_;
};

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
/// half the lower to twice the higher, by quarters of doublings in a network of few weights, else by halves.
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
#include <iterator>
#include <tuple>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/ascending_order.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/workflow/detail/price_of_levels.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The pin of a layer, or of one that shares its weights.
NUQ_FUNCTION [[nodiscard]] inline std::map<std::string, int>::const_iterator pin_of(const Graph& graph,
                                                                                    const Node& node,
                                                                                    const AutoNuqOptions& options) {
  for (const Node* const use : nodes_of_same_weights(graph, node)) {
    const auto pin = options.pins.find(use->name);
    if (pin != options.pins.end()) return pin;
  }
  return options.pins.end();
}

NUQ_DEFINITION void check_search_options(const Graph& graph, const QuantizationPlan& plan,
                                         const AnyLayerQuantizer& quantizer, const AutoNuqOptions& options) {
  if (quantizer.is_priced() && !options.levels.empty()) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "levels: the quantizer has a price per bit, wanted no list or a quantizer without a price"));
  }
  const bool has_confidence = options.confidence < 0.0 || options.confidence > 0.0;
  if (has_confidence && !(options.confidence >= 0.5 && options.confidence <= 0.999)) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "confidence " + number_text(options.confidence) + ": wanted 0.5 to 0.999, or 0 for none"));
  }
  for (const int count : options.levels) {
    if (count < 2 || count > 256)
      fail(ConfigError(ErrorCode::invalid_argument, "levels " + std::to_string(count) + ": wanted 2 to 256"));
  }
  const auto has_levels = [&graph, &plan](const std::string& layer) {
    return plan.count(layer) > 0 && quantizes_weights(*graph.find(layer));
  };
  for (const auto& [layer, levels] : options.pins) {
    if (has_levels(layer) && levels >= 2 && levels <= 256 &&
        pin_of(graph, *graph.find(layer), options)->second == levels) {
      continue;
    }
    fail(ConfigError(ErrorCode::invalid_argument,
                     "pin '" + layer + "'=" + std::to_string(levels) +
                         ": wanted a layer whose weights the configuration quantizes and 2 to 256 levels, the same for "
                         "layers that share their weights"));
  }
  std::map<std::string, int> uses;
  for (const std::vector<std::string>& group : options.groups) {
    for (const std::string& layer : group) {
      if (has_levels(layer) && ++uses[layer] == 1) continue;
      fail(ConfigError(
          ErrorCode::invalid_argument,
          "group with '" + layer + "': wanted layers whose weights the configuration quantizes, each in one group"));
    }
  }
}

NUQ_DEFINITION void LayerChoices::add_without_weights(const std::string& layer, LayerQuantization quantization) {
  without_weights_[layer] = std::move(quantization);
}

NUQ_DEFINITION void LayerChoices::add_sharing(const std::string& layer, const std::string& owner) {
  Candidate sharing = candidates_[position_of(owner)];
  sharing.layer = layer;
  sharing.owner = owner;
  candidates_.push_back(std::move(sharing));
}

NUQ_DEFINITION std::size_t LayerChoices::position_of(const std::string& layer) const {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&layer](const Candidate& candidate) { return candidate.layer == layer; });
  return static_cast<std::size_t>(found - candidates_.begin());
}

NUQ_DEFINITION bool LayerChoices::is_named(const Candidate& candidate, const std::vector<std::string>& names) const {
  return std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& other) {
    const bool has_weights = other.layer == candidate.layer || other.owner == candidate.layer;
    return has_weights && std::find(names.begin(), names.end(), other.layer) != names.end();
  });
}

NUQ_DEFINITION void LayerChoices::remove(const std::string& layer) {
  const std::size_t position = position_of(layer);
  if (position == candidates_.size()) return;
  const std::string owner = candidates_[position].owner.empty() ? layer : candidates_[position].owner;
  candidates_.erase(std::remove_if(candidates_.begin(), candidates_.end(),
                                   [&owner](const Candidate& candidate) {
                                     return candidate.layer == owner || candidate.owner == owner;
                                   }),
                    candidates_.end());
  without_weights_.erase(layer);
}

NUQ_DEFINITION void LayerChoices::join(const std::vector<std::vector<std::string>>& groups) {
  std::vector<bool> joined(candidates_.size(), false);
  for (const std::vector<std::string>& names : groups) {
    std::vector<std::size_t> members;
    for (std::size_t index = 0; index < candidates_.size(); ++index) {
      const Candidate& candidate = candidates_[index];
      if (joined[index] || !candidate.owner.empty() || !is_named(candidate, names)) continue;
      members.push_back(index);
      joined[index] = true;
    }
    if (!members.empty()) add_group(std::move(members));
  }
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    if (!joined[index] && candidates_[index].owner.empty()) add_group({index});
  }
  std::sort(groups_.begin(), groups_.end(), [](const Group& a, const Group& b) { return a.members < b.members; });
}

NUQ_DEFINITION void LayerChoices::refine(const std::function<std::vector<Choice>(const std::string& layer)>& make) {
  std::vector<std::vector<int>> renumbered(candidates_.size());
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    Candidate& candidate = candidates_[index];
    if (!candidate.owner.empty()) continue;
    const LayerOptions before = candidate.options;
    for (Choice& finer : before.size() > 1 ? make(candidate.layer) : std::vector<Choice>{}) {
      const auto next =
          std::find_if(candidate.options.begin(), candidate.options.end(),
                       [&finer](const LayerOption& option) { return option.is_coarser_than(finer.option); });
      const bool is_between = next != candidate.options.begin() && finer.option.bytes < std::prev(next)->bytes &&
                              (next == candidate.options.end() || next->bytes < finer.option.bytes);
      if (!is_between) continue;
      const auto place = next - candidate.options.begin();
      candidate.options.insert(next, finer.option);
      candidate.results.insert(candidate.results.begin() + place, std::move(finer.result));
    }
    for (const LayerOption& option : before) {
      const auto same = std::find(candidate.options.begin(), candidate.options.end(), option);
      renumbered[index].push_back(static_cast<int>(same - candidate.options.begin()));
    }
  }
  for (Candidate& candidate : candidates_) {
    if (candidate.owner.empty()) continue;
    const Candidate& owner = candidates_[position_of(candidate.owner)];
    candidate.options = owner.options;
    candidate.results = owner.results;
  }
  for (Group& group : groups_) {
    for (Configuration& choice : group.of_members) {
      for (std::size_t member = 0; member < choice.size(); ++member)
        choice[member] = renumbered[group.members[member]][static_cast<std::size_t>(choice[member])];
    }
    list_options(group);
  }
}

NUQ_DEFINITION std::vector<LayerOptions> LayerChoices::search_layers() const {
  std::vector<LayerOptions> layers;
  for (const Group& group : groups_) layers.push_back(group.options);
  return layers;
}

NUQ_DEFINITION std::vector<double> LayerChoices::float_bytes() const {
  std::vector<double> bytes;
  for (const Group& group : groups_) {
    double total = 0.0;
    for (const std::size_t member : group.members)
      total += 4.0 * static_cast<double>(candidates_[member].results.front().weights.levels.size());
    bytes.push_back(total);
  }
  return bytes;
}

NUQ_DEFINITION double LayerChoices::price_of(const Configuration& configuration) const {
  double highest = 0.0;
  for_each_chosen(configuration, [&highest](const Candidate& candidate, std::size_t option) {
    highest = (std::max)(highest, candidate.options[option].price);
  });
  return highest;
}

NUQ_DEFINITION std::vector<std::string> LayerChoices::layers_in_float(const Configuration& configuration) const {
  std::vector<std::string> layers;
  const std::vector<int> chosen = options_of(configuration);
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    if (chosen[index] == in_float) layers.push_back(candidates_[index].layer);
  }
  return layers;
}

NUQ_DEFINITION std::vector<int> LayerChoices::options_of(const Configuration& configuration) const {
  std::vector<int> chosen(candidates_.size(), in_float);
  for (std::size_t index = 0; index < groups_.size(); ++index) {
    if (configuration[index] == in_float) continue;
    const Configuration& of_members = groups_[index].of_members[static_cast<std::size_t>(configuration[index])];
    for (std::size_t member = 0; member < of_members.size(); ++member)
      chosen[groups_[index].members[member]] = of_members[member];
  }
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    if (!candidates_[index].owner.empty()) chosen[index] = chosen[position_of(candidates_[index].owner)];
  }
  return chosen;
}

NUQ_DEFINITION NetworkQuantization LayerChoices::quantized_as(const Configuration& configuration) const {
  NetworkQuantization quantization = without_weights_;
  for_each_chosen(configuration, [&](const Candidate& candidate, std::size_t option) {
    quantization[candidate.layer] = candidate.results[option];
  });
  return quantization;
}

NUQ_DEFINITION std::vector<std::pair<std::string, int>> LayerChoices::levels_of(
    const Configuration& configuration) const {
  std::vector<std::pair<std::string, int>> levels;
  for_each_chosen(configuration, [&](const Candidate& candidate, std::size_t option) {
    const QuantizedWeights& weights = candidate.results[option].weights;
    levels.emplace_back(candidate.layer, static_cast<int>(distinct_levels(count_levels(weights.levels))));
  });
  return levels;
}

NUQ_DEFINITION std::map<std::string, int> LayerChoices::level_caps(const Configuration& configuration) const {
  std::map<std::string, int> caps;
  for_each_chosen(configuration, [&](const Candidate& candidate, std::size_t option) {
    if (!(candidate.options[option].price > 0.0)) caps[candidate.layer] = candidate.options[option].levels;
  });
  return caps;
}

NUQ_DEFINITION std::string LayerChoices::in_words(const Configuration& configuration) const {
  std::string text;
  const std::vector<int> chosen = options_of(configuration);
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    text += (text.empty() ? "" : " ") + candidates_[index].layer + "=";
    if (chosen[index] == in_float) {
      text += "float";
      continue;
    }
    const LayerOption& option = candidates_[index].options[static_cast<std::size_t>(chosen[index])];
    text += std::to_string(option.levels);
    if (option.price > 0.0) text += "@" + number_text(option.price);
  }
  return text;
}

NUQ_DEFINITION void LayerChoices::add_group(std::vector<std::size_t> members) {
  groups_.push_back({std::move(members), {}, {}});
  list_options(groups_.back());
}

NUQ_DEFINITION void LayerChoices::list_options(Group& group) const {
  std::vector<LayerOptions> layers;
  for (const std::size_t member : group.members) layers.push_back(candidates_[member].options);
  const SearchSpace together(layers);
  std::vector<Configuration> choices = std::move(group.of_members);
  const std::size_t before = choices.size();
  for (const Configuration& choice : layers.size() > 1 ? together.uniform_family() : each_option(layers[0])) {
    const auto has_its_bytes = [&](const Configuration& known) {
      return !(together.total_bytes(known) < together.total_bytes(choice)) &&
             !(together.total_bytes(choice) < together.total_bytes(known));
    };
    const auto end_of_known = choices.begin() + static_cast<std::ptrdiff_t>(before);
    if (std::none_of(choices.begin(), end_of_known, has_its_bytes)) choices.push_back(choice);
  }
  sort_by(choices, [&together](const Configuration& choice) { return -together.total_bytes(choice); });
  group.options.clear();
  group.of_members.clear();
  for (const Configuration& choice : choices) {
    LayerOption joint = layers[0][static_cast<std::size_t>(choice[0])];
    joint.bytes = together.total_bytes(choice);
    joint.harm = 0.0;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      const LayerOption& single = layers[layer][static_cast<std::size_t>(choice[layer])];
      joint.harm += single.harm;
      if (single.is_coarser_than(joint)) std::tie(joint.levels, joint.price) = std::tie(single.levels, single.price);
    }
    if (!group.options.empty() && !(joint.bytes < group.options.back().bytes)) continue;
    group.options.push_back(joint);
    group.of_members.push_back(choice);
  }
}

NUQ_DEFINITION std::vector<Configuration> LayerChoices::each_option(const LayerOptions& options) {
  std::vector<Configuration> choices;
  for (std::size_t option = 0; option < options.size(); ++option) choices.push_back({static_cast<int>(option)});
  return choices;
}

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
  MeasuredQuantization quantized = quantize_and_measure(graph, node, plan, with, statistics, parallel);
  const QuantizedWeights& weights = quantized.layer.weights;
  double harm = 0.0;
  if (statistics != nullptr)
    harm = quantized.output_error ? *quantized.output_error : predicted_harm(node, weights, *statistics, parallel);
  const double bytes = layer_bytes(options.target.value_or(Target::packed), weights, kernel_of(node));
  return {{bytes, harm, levels, price}, std::move(quantized.layer)};
}

NUQ_DEFINITION std::vector<double> finer_prices(double passing, double refused, std::size_t weights) {
  constexpr std::size_t few = std::size_t{1} << 21U;
  const double steps = weights < few ? 4.0 : 2.0;  // to a doubling
  const double least = (passing > 0.0 ? passing : refused / 4.0) / 2.0;
  std::vector<double> prices;
  for (int step = 0; least * std::exp2(step / steps) <= 2.0 * refused * 1.0001; ++step)
    prices.push_back(least * std::exp2(step / steps));
  return prices;
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

#endif  // NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP
