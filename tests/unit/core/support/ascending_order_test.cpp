#include "nuq/core/support/ascending_order.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

TEST_CASE("keys are put in ascending order, equal ones stay as they were") {
  const std::vector<double> keys = {3.0, -1.0, 3.0, 0.0, -1.0};
  CHECK(nuq::detail::ascending_order(keys) == std::vector<std::size_t>{1, 4, 3, 0, 2});
  CHECK(nuq::detail::ascending_order({}).empty());
}

TEST_CASE("items are sorted by their keys, equal ones stay as they were") {
  std::vector<std::string> words = {"three", "a", "four", "b", "to"};
  nuq::detail::sort_by(words, [](const std::string& word) { return word.size(); });
  CHECK(words == std::vector<std::string>{"a", "b", "to", "four", "three"});
}
