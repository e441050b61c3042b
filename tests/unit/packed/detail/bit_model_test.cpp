#include "nuq/packed/detail/bit_model.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "nuq/core/support/random.hpp"

namespace packed_detail_bit_model_test {

/// Counts the bits that an ideal coder would need.
struct IdealCoder {
  double bits = 0.0;

  unsigned bit(std::uint32_t one, unsigned value) {
    REQUIRE((one > 0 && one < 65536));
    bits -= std::log2((value != 0 ? one : 65536 - one) / 65536.0);
    return value;
  }
};

TEST_CASE("a counter has the share of ones, half a bit of doubt added") {
  nuq::detail::RandomEngine engine(1);
  nuq::detail::BitCounter counter;
  CHECK(counter.one() == 32768);
  std::size_t ones = 0;
  for (std::size_t count = 1; count <= 250; ++count) {
    const unsigned bit = nuq::detail::uniform_below(engine, 10) < 3 ? 1 : 0;
    ones += bit;
    counter.learn(bit);
    const double expected = (static_cast<double>(ones) + 0.25) / (static_cast<double>(count) + 0.5);
    CHECK(std::abs(counter.one() / 65536.0 - expected) < 1e-3);
  }
}

TEST_CASE("a counter follows what has changed, and never excludes a bit") {
  nuq::detail::BitCounter counter;
  for (int index = 0; index < 100000; ++index) counter.learn(0);
  CHECK(counter.one() >= 1);
  for (int index = 0; index < 2000; ++index) counter.learn(1);
  CHECK(counter.one() > 65000);
  for (int index = 0; index < 100000; ++index) counter.learn(1);
  CHECK(counter.one() < 65536);
}

TEST_CASE("probabilities are those of their logits, and the other way round") {
  for (int logit = -6000; logit <= 6000; ++logit) {
    const double clamped = std::fmax(-3839.0, std::fmin(3839.0, logit));
    const double expected = 65536.0 / (1.0 + std::exp2(-clamped / 256.0));
    const double one = nuq::detail::probability_of(logit);
    CHECK((one > 0.0 && one < 65536.0));
    CHECK(std::abs(one - expected) <= 0.07 * std::fmin(expected, 65536.0 - expected) + 1.0);
    CHECK(nuq::detail::probability_of(logit) + nuq::detail::probability_of(-logit) == 65536);
  }
  const nuq::detail::LogitTable logits;
  for (std::size_t index = 0; index < 4096; ++index) {
    const double one = nuq::detail::probability_of(logits[index]);
    CHECK(std::abs(one - (16.0 * static_cast<double>(index) + 8.0)) <= 43.0);  // a unit of the logit at most
  }
}

TEST_CASE("a mixer finds the context that tells, and does not lose much by the others") {
  nuq::detail::RandomEngine engine(7);
  constexpr std::size_t count = 20000;
  std::array<nuq::detail::BitCounter, 4> telling;
  std::array<std::array<nuq::detail::BitCounter, 16>, 3> useless;
  const nuq::detail::LogitTable logits;
  nuq::detail::BitMixer<4> mixer;
  IdealCoder coder;
  double entropy = 0.0;
  const std::array<double, 4> share = {0.02, 0.2, 0.7, 0.99};
  for (std::size_t index = 0; index < count; ++index) {
    const auto context = static_cast<std::size_t>(nuq::detail::uniform_below(engine, 4));
    const unsigned bit = nuq::detail::uniform_unit(engine) < share[context] ? 1 : 0;
    const std::array<nuq::detail::BitCounter*, 4> counters = {&useless[0][engine() % 16], &useless[1][engine() % 16],
                                                              &telling[context], &useless[2][engine() % 16]};
    CHECK(mixer.code(coder, logits, counters, bit) == bit);
    entropy -= share[context] * std::log2(share[context]) + (1 - share[context]) * std::log2(1 - share[context]);
  }
  CHECK(coder.bits < 1.05 * entropy);
  CHECK(coder.bits < 0.7 * count);  // a single context would need 0.999 bits each
}

}  // namespace packed_detail_bit_model_test
