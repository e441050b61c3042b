#include "nuq/ascend/quantizer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "../random_values.hpp"
#include "nuq/core/parallel.hpp"

static_assert(nuq::AscendQuantizer::has_price);

namespace ascend_quantizer_test {

nuq::NuqResult at_price(double price) {
  static const std::vector<float> weights = random_values(64 * 64, 3, 0.3F);
  nuq::Parallel serial;
  return nuq::AscendQuantizer{}.at_price(price).quantize({weights.data(), 64, 64}, nuq::Granularity::per_channel, {},
                                                         nullptr, serial);
}

TEST_CASE("at_price sets the price of the levels and of the assignment") {
  const nuq::AscendQuantizer quantizer = nuq::AscendQuantizer{}.at_price(0.25);
  CHECK(quantizer.selector().price == 0.25);
  CHECK(quantizer.assigner().price == 0.25);
}

TEST_CASE("a higher price takes fewer of the compressor's bytes and no more levels than asked for") {
  std::size_t bytes = static_cast<std::size_t>(-1);
  double error = 0.0;
  for (const double price : {0.0, 1e-4, 1e-3}) {
    const nuq::NuqResult result = at_price(price);
    CHECK(result.codebook.size() <= 32);
    const std::size_t size = nuq::AscendDictionaryRate{}.exact_bytes(result.weights);
    CHECK(size < bytes);
    CHECK(result.error > error);
    bytes = size;
    error = result.error;
  }
}

}  // namespace ascend_quantizer_test
