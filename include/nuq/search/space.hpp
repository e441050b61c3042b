#ifndef NUQ_SEARCH_SPACE_HPP
#define NUQ_SEARCH_SPACE_HPP

#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One way to store a layer.
struct LayerOption {
  double bytes = 0.0;  ///< size of the layer's weights
  double harm = 0.0;   ///< predicted damage to the network, additive over layers, in any unit
  int levels = 256;    ///< levels of its codebook at most; 256 for a layer kept at int8
  double price = 0.0;  ///< per bit, of an option that was made at a price

  /// True for an option that trades more accuracy for fewer bytes: a higher price where both have one, else fewer
  /// levels.
  NUQ_FUNCTION [[nodiscard]] bool is_coarser_than(const LayerOption& other) const noexcept;

  /// The same way to store the layer, whatever the prediction of its harm.
  friend bool operator==(const LayerOption& a, const LayerOption& b) noexcept {
    return a.levels == b.levels && !(a.bytes < b.bytes) && !(b.bytes < a.bytes) && !(a.price < b.price) &&
           !(b.price < a.price);
  }
};

/// The options of a layer, each smaller than the one before; the first keeps the layer at int8. A pinned layer has just
/// one. Besides, every layer can stay in float (`in_float`), which does no harm.
using LayerOptions = std::vector<LayerOption>;

/// What a search chooses among: the options of every layer, and the sizes of configurations.
class SearchSpace {
 public:
  /// `float_bytes`: of each layer in float; empty: four times its first option's.
  /// @throws ConfigError invalid_argument: a layer without options, options that do not shrink, numbers that are not
  /// finite.
  NUQ_FUNCTION explicit SearchSpace(std::vector<LayerOptions> layers, std::vector<double> float_bytes = {});

  [[nodiscard]] const std::vector<LayerOptions>& layers() const noexcept { return layers_; }
  [[nodiscard]] const std::vector<double>& float_bytes() const noexcept { return float_bytes_; }

  /// @throws ConfigError invalid_argument: not an option for each layer.
  NUQ_FUNCTION [[nodiscard]] double total_bytes(const Configuration& configuration) const;

  /// Predicted harm to the float network.
  NUQ_FUNCTION [[nodiscard]] double total_harm(const Configuration& configuration) const;

  /// Every layer kept at int8.
  NUQ_FUNCTION [[nodiscard]] Configuration int8() const { return Configuration(layers_.size(), 0); }

  /// What compression begins from: int8 but for layers that are to stay in float.
  NUQ_FUNCTION [[nodiscard]] const Configuration& base() const noexcept { return base_; }

  /// Every layer at one number of levels or one price: at the coarsest of its options that is not coarser than `like`,
  /// else as in `base()`.
  NUQ_FUNCTION [[nodiscard]] Configuration uniform(const LayerOption& like) const;

  NUQ_FUNCTION [[nodiscard]] Configuration uniform(int levels) const;

  /// The different uniform configurations over all numbers of levels and all prices that occur, from `base()` to the
  /// smallest.
  NUQ_FUNCTION [[nodiscard]] std::vector<Configuration> uniform_family() const;

 protected:
  /// Leaves the layers in float that `base`, of int8 and `in_float`, has there.
  NUQ_FUNCTION void set_base(Configuration base);

  NUQ_FUNCTION void set_layers(std::vector<LayerOptions> layers);

 private:
  NUQ_FUNCTION [[nodiscard]] const LayerOption& option(std::size_t layer, int index) const noexcept;

  NUQ_FUNCTION void check_options(std::size_t layer) const;

  NUQ_FUNCTION void check_configuration(const Configuration& configuration) const;

  std::vector<LayerOptions> layers_;
  std::vector<double> float_bytes_;
  Configuration base_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <string>
#include <utility>

#include "nuq/core/finite.hpp"
#include "nuq/core/support/ascending_order.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool LayerOption::is_coarser_than(const LayerOption& other) const noexcept {
  return price > 0.0 && other.price > 0.0 ? price > other.price : levels < other.levels;
}

NUQ_DEFINITION SearchSpace::SearchSpace(std::vector<LayerOptions> layers, std::vector<double> float_bytes)
    : float_bytes_(std::move(float_bytes)), base_(layers.size(), 0) {
  set_layers(std::move(layers));
  for (std::size_t layer = float_bytes_.size(); layer < layers_.size(); ++layer)
    float_bytes_.push_back(4.0 * layers_[layer].front().bytes);
}

NUQ_DEFINITION void SearchSpace::set_layers(std::vector<LayerOptions> layers) {
  layers_ = std::move(layers);
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) check_options(layer);
}

NUQ_DEFINITION void SearchSpace::set_base(Configuration base) {
  check_configuration(base);
  base_ = std::move(base);
}

NUQ_DEFINITION double SearchSpace::total_bytes(const Configuration& configuration) const {
  check_configuration(configuration);
  double bytes = 0.0;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const int index = configuration[layer];
    bytes += index == in_float ? float_bytes_[layer] : option(layer, index).bytes;
  }
  return bytes;
}

NUQ_DEFINITION double SearchSpace::total_harm(const Configuration& configuration) const {
  check_configuration(configuration);
  double harm = 0.0;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer)
    harm += configuration[layer] == in_float ? 0.0 : option(layer, configuration[layer]).harm;
  return harm;
}

NUQ_DEFINITION Configuration SearchSpace::uniform(const LayerOption& like) const {
  Configuration configuration = base_;
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    if (base_[layer] == in_float) continue;
    int& chosen = configuration[layer];
    for (int index = 1; index < static_cast<int>(layers_[layer].size()); ++index) {
      const LayerOption& candidate = option(layer, index);
      const bool is_first_fit = option(layer, chosen).is_coarser_than(like);
      if (!candidate.is_coarser_than(like) && (is_first_fit || candidate.is_coarser_than(option(layer, chosen))))
        chosen = index;
    }
  }
  return configuration;
}

NUQ_DEFINITION Configuration SearchSpace::uniform(int levels) const {
  LayerOption like;
  like.levels = levels;
  return uniform(like);
}

NUQ_DEFINITION std::vector<Configuration> SearchSpace::uniform_family() const {
  std::vector<Configuration> family{base_};
  for (const LayerOptions& options : layers_) {
    for (const LayerOption& like : options) {
      Configuration configuration = uniform(like);
      if (std::find(family.begin(), family.end(), configuration) == family.end())
        family.push_back(std::move(configuration));
    }
  }
  detail::sort_by(family, [this](const Configuration& configuration) { return -total_bytes(configuration); });
  return family;
}

NUQ_DEFINITION const LayerOption& SearchSpace::option(std::size_t layer, int index) const noexcept {
  return layers_[layer][static_cast<std::size_t>(index)];
}

NUQ_DEFINITION void SearchSpace::check_options(std::size_t layer) const {
  const auto refuse = [layer](const std::string& reason) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, "search: layer " + std::to_string(layer) + ": " + reason));
  };
  const LayerOptions& options = layers_[layer];
  if (options.empty()) refuse("no options, wanted at least one");
  for (std::size_t index = 0; index < options.size(); ++index) {
    const std::string name = "option " + std::to_string(index);
    if (!is_finite(options[index].bytes) || !is_finite(options[index].harm))
      refuse(name + " has bytes or harm that is not finite");
    if (index > 0 && !(options[index].bytes < options[index - 1].bytes)) {
      refuse(name + " has " + std::to_string(options[index].bytes) + " bytes, wanted fewer than the option before, " +
             std::to_string(options[index - 1].bytes));
    }
  }
}

NUQ_DEFINITION void SearchSpace::check_configuration(const Configuration& configuration) const {
  if (configuration.size() != layers_.size()) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, "search: a configuration of " +
                                                              std::to_string(configuration.size()) +
                                                              " layers, wanted " + std::to_string(layers_.size())));
  }
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    if (configuration[layer] < in_float || configuration[layer] >= static_cast<int>(layers_[layer].size())) {
      detail::fail(ConfigError(ErrorCode::invalid_argument, "search: layer " + std::to_string(layer) + ": option " +
                                                                std::to_string(configuration[layer]) +
                                                                ", wanted -1 (float) to " +
                                                                std::to_string(layers_[layer].size() - 1)));
    }
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_SPACE_HPP
