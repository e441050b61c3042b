#include "nuq/core/tensor.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

TEST_CASE("the element count is the product of the extents, one for a scalar") {
  CHECK(nuq::element_count({}) == 1);
  CHECK(nuq::element_count({2, 3, 4}) == 24);
  CHECK(nuq::element_count({2, 0, 4}) == 0);
}

TEST_CASE("shapes that no memory could hold are not valid, and checking them does not overflow") {
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  CHECK(nuq::is_valid_shape({}));
  CHECK(nuq::is_valid_shape({1, 3, 224, 224}));
  CHECK(nuq::is_valid_shape({0, 3}));
  CHECK(nuq::is_valid_shape({nuq::max_element_count}));
  CHECK(nuq::is_valid_shape({std::int64_t{1} << 20, std::int64_t{1} << 20}));
  CHECK_FALSE(nuq::is_valid_shape({(std::int64_t{1} << 20) + 1, std::int64_t{1} << 20}));
  CHECK_FALSE(nuq::is_valid_shape({nuq::max_element_count + 1}));
  CHECK_FALSE(nuq::is_valid_shape({-1, 3}));
  CHECK_FALSE(nuq::is_valid_shape({huge, huge, huge}));
  CHECK_FALSE(nuq::is_valid_shape({0, huge}));
}

TEST_CASE("a shape prints as in messages") {
  CHECK(nuq::to_string(nuq::Shape{1, 3, 224, 224}) == "[1,3,224,224]");
  CHECK(nuq::to_string(nuq::Shape{}) == "[]");
}

TEST_CASE("a tensor owns zeros of its shape, and its view shows its own values") {
  nuq::Tensor tensor({2, 3});
  REQUIRE(tensor.values.size() == 6);
  for (const float value : tensor.values) CHECK(value == 0.0F);
  tensor.values[5] = 7.0F;
  const nuq::TensorView view = tensor.view();
  CHECK(view.shape == nuq::Shape{2, 3});
  CHECK(view.values.data() == tensor.values.data());
  CHECK(view.values[5] == 7.0F);
}
