#include "nuq/sensitivity/price_of_harm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

TEST_CASE("the price has the harm asked for, from whatever price the search starts") {
  for (const double start : {1e-7, 1e-3, 1.0, 500.0}) {
    int calls = 0;
    const auto harm_at = [&calls](double price) {
      ++calls;
      return 5.0 * std::sqrt(price);
    };
    CHECK(harm_at(nuq::price_of_harm(0.4, start, harm_at)) == doctest::Approx(0.4).epsilon(0.031));
    CHECK(calls <= 57);
  }
}

TEST_CASE("where the harm jumps over what is asked for, the price is the cheaper side's") {
  const auto harm_at = [](double price) { return price < 3.0 ? 1.0 : 2.0; };
  const double price = nuq::price_of_harm(1.5, 1.0, harm_at);
  CHECK(price < 3.0);
  CHECK(price > 2.9);
}

TEST_CASE("a harm that no price reaches, or that every price exceeds, ends the search") {
  CHECK(nuq::price_of_harm(1.0, 1.0, [](double) { return 0.5; }) > 1e6);
  CHECK(nuq::price_of_harm(1.0, 1.0, [](double) { return 2.0; }) < 1e-6);
}
