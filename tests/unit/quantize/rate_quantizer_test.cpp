#include "nuq/quantize/rate_quantizer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "../random_values.hpp"
#include "nuq/core/thread_pool.hpp"

static_assert(nuq::RateQuantizer::has_price);
static_assert(!nuq::NonUniformQuantizer<>::has_price);

namespace quantize_rate_quantizer_test {

nuq::NuqResult at_price(double price, int num_steps, nuq::Parallel& parallel) {
  static const std::vector<float> weights = random_values(24 * 40, 3, 0.3F);
  nuq::NuqParameters parameters;
  parameters.num_steps = num_steps;
  return nuq::RateQuantizer{}.at_price(price).quantize({weights.data(), 24, 40}, nuq::Granularity::per_channel,
                                                       parameters, nullptr, parallel);
}

TEST_CASE("at_price sets the price of both policies") {
  const nuq::RateQuantizer quantizer = nuq::RateQuantizer{}.at_price(0.25);
  CHECK(quantizer.quantizer().price == 0.25);
  CHECK(quantizer.assigner().price == 0.25);
}

TEST_CASE("a higher price takes fewer bytes, and never more levels than asked for") {
  nuq::Parallel serial;
  double bytes = 1e30;
  for (const double price : {1e-5, 1e-4, 1e-3, 1e-2}) {
    const nuq::NuqResult result = at_price(price, 31, serial);
    CHECK(result.codebook.size() <= 31);
    const double size = nuq::layer_bytes(nuq::EntropyRate{}, result.weights);
    CHECK(size < bytes);
    bytes = size;
  }
}

TEST_CASE("all rows have one step") {
  nuq::Parallel serial;
  const nuq::NuqResult result = at_price(1e-3, 31, serial);
  for (const float scale : result.weights.scales) CHECK(scale == result.weights.scales.front());
}

TEST_CASE("levels do not depend on the number of threads") {
  nuq::Parallel serial;
  nuq::ThreadPool three(3);
  CHECK(at_price(1e-3, 16, serial).weights.levels == at_price(1e-3, 16, three).weights.levels);
}

}  // namespace quantize_rate_quantizer_test
