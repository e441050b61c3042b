#include "nuq/workflow/auto_nuq/layer_choices.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace workflow_layer_choices_test {

using nuq::detail::LayerChoices;

/// A layer of eight weights, all at one level, which tells results apart.
nuq::LayerQuantization at_level(int level) {
  nuq::LayerQuantization quantization;
  quantization.weights.levels.assign(8, static_cast<std::int8_t>(level));
  return quantization;
}

/// Int8 of 100 bytes, and prices 1, 4 and 16 of 60, 40 and 20.
LayerChoices::Candidate candidate(const std::string& layer) {
  LayerChoices::Candidate made;
  made.layer = layer;
  made.options = {{100.0, 0.0, 256}, {60.0, 1.0, 32, 1.0}, {40.0, 4.0, 32, 4.0}, {20.0, 16.0, 32, 16.0}};
  for (int level = 0; level < 4; ++level) made.results.push_back(at_level(level));
  return made;
}

LayerChoices three_layers(const std::vector<std::vector<std::string>>& groups) {
  LayerChoices choices;
  choices.add(candidate("a"));
  choices.add(candidate("b"));
  choices.add(candidate("c"));
  choices.add_sharing("d", "c");
  choices.join(groups);
  return choices;
}

int level_of(const LayerChoices& choices, const nuq::Configuration& configuration, const std::string& layer) {
  return choices.quantized_as(configuration).at(layer).weights.levels.front();
}

/// Two of these are between their neighbours, the others are larger or smaller than what has a price nearby.
std::vector<LayerChoices::Choice> finer(const std::string& layer) {
  std::vector<LayerChoices::Choice> made;
  if (layer == "b") return made;
  made.push_back({{50.0, 2.0, 32, 2.0}, at_level(10)});
  made.push_back({{40.0, 3.0, 32, 3.0}, at_level(11)});
  made.push_back({{30.0, 8.0, 32, 8.0}, at_level(12)});
  made.push_back({{35.0, 9.0, 32, 9.0}, at_level(13)});
  return made;
}

TEST_CASE("finer choices stand between those of before, which keep their results") {
  LayerChoices choices = three_layers({});
  choices.refine(finer);
  const std::vector<nuq::LayerOptions> layers = choices.search_layers();
  REQUIRE(layers.size() == 3);
  REQUIRE(layers[0].size() == 6);
  CHECK(layers[1].size() == 4);
  const std::vector<double> bytes = {100.0, 60.0, 50.0, 40.0, 30.0, 20.0};
  const std::vector<int> levels = {0, 1, 10, 2, 12, 3};
  for (std::size_t option = 0; option < bytes.size(); ++option) {
    const nuq::Configuration configuration = {static_cast<int>(option), 0, static_cast<int>(option)};
    CHECK(layers[0][option].bytes == bytes[option]);
    CHECK(level_of(choices, configuration, "a") == levels[option]);
    CHECK(level_of(choices, configuration, "d") == levels[option]);
  }
  CHECK(choices.price_of({2, 1, 4}) == 8.0);
}

TEST_CASE("a group keeps the choices that it had, whatever its members' finer ones") {
  LayerChoices choices = three_layers({{"a", "b"}});
  const std::vector<nuq::LayerOptions> before = choices.search_layers();
  REQUIRE(before.size() == 2);
  choices.refine(finer);
  const std::vector<nuq::LayerOptions> after = choices.search_layers();
  CHECK(after[0].size() > before[0].size());
  for (const nuq::LayerOption& option : before[0]) {
    const auto same = std::find(after[0].begin(), after[0].end(), option);
    REQUIRE(same != after[0].end());
    const nuq::Configuration configuration = {static_cast<int>(same - after[0].begin()), 0};
    const int level = level_of(choices, configuration, "a");
    CHECK(level < 4);
    CHECK(level == level_of(choices, configuration, "b"));
  }
  for (std::size_t option = 1; option < after[0].size(); ++option)
    CHECK(after[0][option].bytes < after[0][option - 1].bytes);
}

TEST_CASE("layers in float are left out, with those that share their weights") {
  const LayerChoices choices = three_layers({{"a", "b"}});
  const nuq::Configuration configuration = {1, nuq::in_float};
  CHECK(choices.quantized_as(configuration).size() == 2);
  CHECK(choices.layers_in_float(configuration) == std::vector<std::string>{"c", "d"});
  CHECK(choices.in_words(configuration) == "a=32@1 b=32@1 c=float d=float");
  CHECK(choices.float_bytes() == std::vector<double>{2.0 * 32.0, 32.0});
}

}  // namespace workflow_layer_choices_test
