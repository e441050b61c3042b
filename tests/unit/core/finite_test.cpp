#include "nuq/core/finite.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <vector>

TEST_CASE_TEMPLATE("numbers are finite, infinities and NaN are not", Number, float, double) {
  using Limits = std::numeric_limits<Number>;
  for (const Number value : {Number{0}, Number{1}, Limits::max(), Limits::min(), Limits::denorm_min()}) {
    CHECK(nuq::is_finite(value));
    CHECK(nuq::is_finite(-value));
  }
  for (const Number value : {Limits::infinity(), Limits::quiet_NaN(), Limits::signaling_NaN()}) {
    CHECK_FALSE(nuq::is_finite(value));
    CHECK_FALSE(nuq::is_finite(-value));
  }
}

TEST_CASE("one number that is not finite is found at any place among many") {
  using Limits = std::numeric_limits<float>;
  CHECK(nuq::all_finite({}));
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{40}}) {
    for (std::size_t place = 0; place < size; ++place) {
      std::vector<float> values(size, -Limits::max());
      for (const float value : {0.0F, -0.0F, Limits::max(), Limits::denorm_min(), -1.5F}) {
        values[place] = value;
        CHECK(nuq::all_finite(values));
      }
      for (const float value : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()}) {
        values[place] = value;
        CHECK_FALSE(nuq::all_finite(values));
      }
    }
  }
}
