#ifndef NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

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

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <iterator>
#include <tuple>

#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/ascending_order.hpp"
#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

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

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_LAYER_CHOICES_HPP
