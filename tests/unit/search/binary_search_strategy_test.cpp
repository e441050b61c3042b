#include "nuq/search/binary_search_strategy.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "nuq/search/contracts.hpp"

namespace search_binary_search_strategy_test {

/// Accepts a network with at least `needed` layers in float; remembers what it was asked.
struct Threshold {
  std::size_t needed;
  std::vector<std::size_t>* asked;
  bool operator()(std::size_t count) const {
    asked->push_back(count);
    return count >= needed;
  }
};

TEST_CASE("the fewest layers that pass are found for every network and every threshold, within log2 questions") {
  for (std::size_t layers = 1; layers <= 33; ++layers) {
    for (std::size_t needed = 1; needed <= layers; ++needed) {
      std::vector<std::size_t> asked;
      CAPTURE(layers);
      CAPTURE(needed);
      CHECK(nuq::BinarySearchStrategy{}.layers_to_roll_back(layers, Threshold{needed, &asked}) == needed);
      std::size_t bound = 0;
      while ((std::size_t{1} << bound) < layers) ++bound;
      CHECK(asked.size() <= bound);
      for (const std::size_t count : asked) CHECK((count > 0 && count < layers));
      CHECK(std::set<std::size_t>(asked.begin(), asked.end()).size() == asked.size());
    }
  }
}

TEST_CASE("an evaluator that is not monotone still gets an answer that passed") {
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const auto passes = [pattern](std::size_t count) { return count == 9 || (pattern >> (count - 1) & 1U) != 0; };
    const std::size_t answer = nuq::BinarySearchStrategy{}.layers_to_roll_back(9, passes);
    CHECK(passes(answer));
    if (answer > 1) CHECK_FALSE(passes(answer - 1));
  }
}

TEST_CASE("a strategy is told from other types by its one member") {
  CHECK(nuq::is_roll_back_strategy_v<nuq::BinarySearchStrategy>);
  CHECK_FALSE(nuq::is_roll_back_strategy_v<std::string>);
}

}  // namespace search_binary_search_strategy_test
