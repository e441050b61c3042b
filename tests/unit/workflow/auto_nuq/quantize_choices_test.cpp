#include "nuq/workflow/auto_nuq/quantize_choices.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace workflow_quantize_choices_test {

void check_prices(double passing, double refused, double steps, std::size_t weights) {
  const std::vector<double> prices = nuq::detail::finer_prices(passing, refused, weights);
  REQUIRE_FALSE(prices.empty());
  CHECK(prices.front() == doctest::Approx((passing > 0.0 ? passing : refused / 4.0) / 2.0));
  CHECK(prices.back() == doctest::Approx(2.0 * refused));
  for (const double price : prices) {
    CHECK(std::abs(price - passing) > 1e-3 * price);
    CHECK(std::abs(price - refused) > 1e-3 * price);
    const double place = steps * std::log2(price / prices.front());
    CHECK(std::abs(place - std::round(place)) < 1e-9);
  }
}

TEST_CASE("finer prices are from half the one that passes to twice the refused one, without these two") {
  check_prices(3.0, 12.0, 4.0, 1000);
  check_prices(3.0, 12.0, 2.0, std::size_t{1} << 22U);
  check_prices(0.0, 12.0, 4.0, 1000);
  CHECK(nuq::detail::finer_prices(3.0, 12.0, 1000).size() == 4 * 4 + 1 - 2);
  CHECK(nuq::detail::finer_prices(3.0, 12.0, std::size_t{1} << 22U).size() == 2 * 4 + 1 - 2);
}

}  // namespace workflow_quantize_choices_test
