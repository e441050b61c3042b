#include "nuq/core/finite.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>

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
