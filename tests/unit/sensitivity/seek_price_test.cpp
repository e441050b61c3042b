#include "nuq/sensitivity/seek_price.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <vector>

TEST_CASE("what is asked for is found from whatever price the search starts") {
  for (const double start : {1e-7, 1e-3, 1.0, 500.0, 1e9}) {
    std::vector<double> tried;
    nuq::seek_price(std::log(0.4), start, 0.03, [&tried](double price) {
      tried.push_back(price);
      return std::log(5.0 * std::sqrt(price));
    });
    CHECK(5.0 * std::sqrt(tried.back()) == doctest::Approx(0.4).epsilon(0.031));
    CHECK(tried.size() <= 13);
  }
}

TEST_CASE("a curve that is all but flat at both ends is followed to its slope") {
  std::vector<double> tried;
  nuq::seek_price(0.9, 1e-12, 0.001, [&tried](double price) {
    tried.push_back(price);
    return price / (1.0 + price);
  });
  CHECK(tried.back() == doctest::Approx(9.0).epsilon(0.02));
}

TEST_CASE("a jump over what is asked for is narrowed down from both sides") {
  double below = 0.0;
  double above = 1e300;
  nuq::seek_price(1.5, 1.0, 0.01, [&](double price) {
    if (price >= 3.0) {
      above = std::fmin(above, price);
      return 2.0;
    }
    below = std::fmax(below, price);
    return 1.0;
  });
  CHECK(below < 3.0);
  CHECK(above >= 3.0);
  CHECK(above / below < 1.1);
}

TEST_CASE("what no price comes to ends the search") {
  for (const double everywhere : {0.5, 2.0}) {
    int calls = 0;
    double last = 1.0;
    nuq::seek_price(1.0, 1.0, 0.01, [&](double price) {
      last = price;
      ++calls;
      return everywhere;
    });
    CHECK(calls == 13);
    CHECK((everywhere < 1.0 ? last > 1e20 : last < 1e-20));
  }
}
