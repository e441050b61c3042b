#include "nuq/core/array_view.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <vector>

TEST_CASE("a view shows the vector's own memory") {
  std::vector<float> values{1.0F, 2.0F, 3.0F};
  const nuq::ArrayView<float> view = values;
  REQUIRE(view.size() == 3);
  view[1] = 20.0F;
  CHECK(values[1] == 20.0F);
  float sum = 0.0F;
  for (const float value : view) sum += value;
  CHECK(sum == 24.0F);
}

TEST_CASE("constness is only ever added") {
  const std::vector<int> values{1, 2};
  const nuq::ArrayView<const int> view = values;
  CHECK(view.data() == values.data());
  CHECK(std::is_convertible_v<nuq::ArrayView<int>, nuq::ArrayView<const int>>);
  CHECK_FALSE(std::is_convertible_v<nuq::ArrayView<const int>, nuq::ArrayView<int>>);
  CHECK_FALSE(std::is_constructible_v<nuq::ArrayView<int>, const std::vector<int>&>);
}

TEST_CASE("a default view is empty") {
  const nuq::ArrayView<int> view;
  CHECK(view.empty());
  CHECK(view.begin() == view.end());
}
