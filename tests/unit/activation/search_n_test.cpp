#include "nuq/activation/search_n.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"

namespace activation_search_n_test {

/// The definition in whole numbers: the smallest N whose shifted sums are nearest.
int nearest_shift(const std::vector<std::int64_t>& sums) {
  int best = 0;
  long double least = 0.0L;
  for (int shift = 1; shift <= 16; ++shift) {
    const std::int64_t power = std::int64_t{1} << shift;
    long double error = 0.0L;
    for (const std::int64_t sum : sums) {
      std::int64_t shifted = sum / power;
      if (sum < 0 && shifted * power != sum) --shifted;
      if (shifted < -32768) shifted = -32768;
      if (shifted > 32767) shifted = 32767;
      const long double difference = static_cast<long double>(sum - shifted * power);
      error += difference * difference;
    }
    if (best == 0 || error < least) {
      best = shift;
      least = error;
    }
  }
  return best;
}

int searched(const std::vector<float>& outputs, float scale = 1.0F) {
  nuq::SearchN search;
  search.observe(outputs, scale);
  return search.finish();
}

TEST_CASE("the shift is the one of least squared error, for sums of any size") {
  for (std::uint32_t trial = 0; trial < 200; ++trial) {
    const float spread = std::exp2(static_cast<float>(trial % 32));
    std::vector<std::int64_t> sums;
    std::vector<float> outputs;
    for (const float value : random_values(50, trial, spread)) {
      const float whole = std::round(value);
      outputs.push_back(whole);
      sums.push_back(static_cast<std::int64_t>(whole));
      if (sums.back() > 2147483647) sums.back() = 2147483647;
      if (sums.back() < -2147483648LL) sums.back() = -2147483648LL;
    }
    CAPTURE(trial);
    CHECK(searched(outputs) == nearest_shift(sums));
  }
}

TEST_CASE("the smaller shift wins where several are exact") {
  CHECK(searched({0.0F, 0.0F}) == 1);
  CHECK(searched({1024.0F, -4096.0F}) == 1);
  CHECK(searched({65534.0F, -65536.0F}) == 1);  // 32767 and −32768, shifted by one bit
  CHECK(searched({65536.0F}) == 2);
  CHECK(searched({131068.0F, -131072.0F}) == 2);
}

TEST_CASE("sums beyond 32 bits count as the largest of 32 bits") {
  CHECK(searched({1e20F}) == nearest_shift({2147483647}));
  CHECK(searched({-1e20F}) == nearest_shift({-2147483648LL}));
}

TEST_CASE("outputs are read in units of their scale and rounded") {
  CHECK(searched({32768.0F}, 0.25F) == nearest_shift({131072}));
  CHECK(searched({0.1F, -0.2F, 20.0F}, 1e-4F) == nearest_shift({1000, -2000, 200000}));
  CHECK(searched({1.4F, -2.6F}) == nearest_shift({1, -3}));
}

TEST_CASE("sums of several batches are judged together") {
  nuq::SearchN search;
  search.observe(std::vector<float>(3, 3.0F), 1.0F);
  search.observe(std::vector<float>{1e6F, -1e5F}, 1.0F);
  CHECK(search.finish() == nearest_shift({3, 3, 3, 1000000, -100000}));
}

TEST_CASE("what is not finite and what was never observed is refused") {
  nuq::SearchN search;
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(search.finish()); }).says("no activation was observed"));
  const std::vector<float> bad = {1.0F, std::numeric_limits<float>::quiet_NaN()};
  CHECK(error_of<nuq::ModelError>([&] { search.observe(bad, 1.0F); }).says("wanted finite numbers"));
}

}  // namespace activation_search_n_test
