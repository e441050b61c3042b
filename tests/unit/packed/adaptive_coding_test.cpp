#include "nuq/packed/adaptive_coding.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/packed/adaptive_encoder.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"

namespace packed_adaptive_coding_test {

using Bytes = std::vector<std::uint8_t>;
using Levels = std::vector<std::int8_t>;

Bytes encode(const Levels& levels, std::size_t rows) {
  return nuq::encode_adaptive({levels.data(), rows, levels.size() / rows});
}

/// Encodes and decodes; the size.
double size_of(const Levels& levels, std::size_t rows) {
  const Bytes bytes = encode(levels, rows);
  Levels out(levels.size(), 77);
  REQUIRE(nuq::decode_adaptive(bytes, rows, out) == nuq::DecodeStatus::ok);
  REQUIRE(out == levels);
  return static_cast<double>(bytes.size());
}

/// What a code without memory needs that learns each level's share as it goes: after n levels, of which m were the next
/// one, its probability is (m + 1/2) / (n + K/2).
double memoryless_bytes(const Levels& levels) {
  std::map<int, double> counts;
  for (const std::int8_t level : levels) counts[level] = 0.5;
  double total = 0.5 * static_cast<double>(counts.size());
  double bits = 0.0;
  for (const std::int8_t level : levels) {
    bits -= std::log2(counts[level] / total);
    counts[level] += 1.0;
    total += 1.0;
  }
  return bits / 8.0;
}

TEST_CASE("classes divide the magnitudes without gap or overlap") {
  unsigned next = 1;
  for (unsigned index = 0; next <= 255; ++index) {
    CHECK(nuq::detail::class_begin(index) == next);
    for (unsigned place = 0; place < nuq::detail::class_size(index); ++place, ++next)
      CHECK(nuq::detail::magnitude_class(next) == index);
  }
  CHECK(nuq::detail::magnitude_class(255) == 14 + 1);
}

TEST_CASE("levels come back as they were") {
  for (const int num_levels : {1, 2, 3, 16, 31, 100, 256}) {
    for (const std::size_t cols : {1U, 2U, 9U, 36U, 500U}) {
      static_cast<void>(size_of(uniform_levels(12 * cols, num_levels, 1, cols), 12));
      static_cast<void>(size_of(uniform_levels(12 * cols, (std::min)(num_levels, 25), 10, cols), 12));
    }
  }
  static_cast<void>(size_of({0}, 1));
  static_cast<void>(size_of({-128}, 1));
  static_cast<void>(size_of({127, -128, 127}, 3));
  static_cast<void>(size_of({5, 9, 5, 5, 9, 120}, 2));      // all above 0
  static_cast<void>(size_of({-5, -9, -5, -5, -9, -1}, 2));  // all below
  static_cast<void>(size_of(bell_levels(5000, 3.0F, 2), 1));
  static_cast<void>(size_of(bell_levels(5000, 40.0F, 3), 5000));
  static_cast<void>(size_of(bell_levels(1024 * 40 + 40, 2.0F, 4), 10));  // more columns than groups
}

TEST_CASE("one level takes no code, a rare other one next to none") {
  CHECK(encode(Levels(60000, 3), 100).size() == 5);
  Levels levels(60000, 3);
  levels[7777] = -4;
  CHECK(size_of(levels, 100) < 60.0);
}

TEST_CASE("levels without memory take little more than a code needs that learns their shares") {
  for (const std::size_t count : {300U, 3000U, 40000U}) {
    for (const float spread : {0.3F, 1.0F, 4.0F, 16.0F}) {
      const Levels levels = bell_levels(count, spread, 9);
      CHECK(size_of(levels, 1) <= 1.025 * memoryless_bytes(levels) + 2.0 * static_cast<double>(spread) + 20.0);
    }
  }
}

/// Each level is one of three, of which that opposite to the one before is the likely one.
Levels alternating_levels(std::size_t count) {
  nuq::detail::RandomEngine engine(3);
  Levels levels(count);
  for (std::size_t index = 0; index < count; ++index) {
    const auto die = static_cast<int>(nuq::detail::uniform_below(engine, 10));
    const int before = index == 0 ? 1 : levels[index - 1];
    const int expected = before == 0 ? 0 : -before;
    levels[index] = static_cast<std::int8_t>(die < 8 ? expected : die == 8 ? 1 - std::abs(before) : before);
  }
  return levels;
}

TEST_CASE("a neighbour that tells the next level is listened to") {
  const Levels levels = alternating_levels(30000);
  const double conditional = 30000.0 / 8.0 * (0.8 * std::log2(1 / 0.8) + 0.2 * std::log2(1 / 0.1));
  CHECK(order0_bytes(levels) > 1.4 * conditional);
  CHECK(size_of(levels, 30) < 1.1 * conditional);
}

/// Kernels of 3 × 3 whose width depends on the input channel.
Levels channel_levels(std::size_t rows, std::size_t channels) {
  const Levels source = bell_levels(rows * channels * 9, 10.0F, 5);
  Levels levels(source.size());
  for (std::size_t index = 0; index < levels.size(); ++index) {
    const int divisor = 1 + 5 * static_cast<int>(index / 9 % channels % 5);
    levels[index] = static_cast<std::int8_t>(source[index] / divisor);
  }
  return levels;
}

TEST_CASE("columns are grouped as the kernel is, and what a group is like is learned") {
  const Levels levels = channel_levels(64, 64);
  CHECK(encode(levels, 64)[3] == 9);
  double by_channel = 0.0;
  for (std::size_t divisor = 0; divisor < 5; ++divisor) {
    Levels alike;
    for (std::size_t index = 0; index < levels.size(); ++index) {
      if (index / 9 % 64 % 5 == divisor) alike.push_back(levels[index]);
    }
    by_channel += order0_bytes(alike);
  }
  CHECK(size_of(levels, 64) < 1.06 * by_channel);
  CHECK(size_of(levels, 64) < 0.95 * order0_bytes(levels));
}

TEST_CASE("bytes that are none are refused") {
  const Levels levels = bell_levels(2000, 4.0F, 1);
  Bytes bytes = encode(levels, 20);
  Levels out(2000);
  CHECK(nuq::decode_adaptive(bytes, 0, out) == nuq::DecodeStatus::wrong_size);
  CHECK(nuq::decode_adaptive(bytes, 7, out) == nuq::DecodeStatus::wrong_size);
  CHECK(nuq::decode_adaptive(bytes, 20, {}) == nuq::DecodeStatus::wrong_size);
  CHECK(nuq::decode_adaptive({bytes.data(), 3}, 20, out) == nuq::DecodeStatus::truncated);
  CHECK(nuq::decode_adaptive({bytes.data(), bytes.size() - 1}, 20, out) != nuq::DecodeStatus::ok);
  bytes.push_back(0);
  CHECK(nuq::decode_adaptive(bytes, 20, out) == nuq::DecodeStatus::truncated);
  bytes[3] = 0;
  CHECK(nuq::decode_adaptive(bytes, 20, out) == nuq::DecodeStatus::malformed);
  Levels wide(5000);
  CHECK(nuq::decode_adaptive(Bytes{0, 0, 1, 4}, 1, wide) == nuq::DecodeStatus::malformed);  // 1250 groups
  CHECK(nuq::decode_adaptive(Bytes{0, 7, 7, 5, 0}, 1, wide) == nuq::DecodeStatus::truncated);
}

TEST_CASE("damaged bytes give a status or other levels") {
  const Levels levels = uniform_levels(1200, 21, 3, 8);
  const Bytes bytes = encode(levels, 40);
  nuq::detail::RandomEngine engine(1);
  std::size_t refused = 0;
  for (int trial = 0; trial < 400; ++trial) {
    Bytes damaged = bytes;
    const std::size_t reach = trial % 2 == 0 ? bytes.size() : 12;
    damaged[static_cast<std::size_t>(nuq::detail::uniform_below(engine, reach))] ^=
        static_cast<std::uint8_t>(1U << (engine() % 8));
    if (trial % 3 == 0)
      damaged.resize(1 + static_cast<std::size_t>(nuq::detail::uniform_below(engine, damaged.size())));
    Levels out(levels.size());
    if (nuq::decode_adaptive(damaged, 40, out) != nuq::DecodeStatus::ok) ++refused;
  }
  CHECK(refused > 200);
}

TEST_CASE("the bytes are the same with every compiler, on every platform") {
  nuq::detail::RandomEngine engine(1);
  Levels levels;
  for (std::size_t index = 0; index < 60 * 90; ++index) {
    std::uint64_t sum = 0;
    for (int die = 0; die < 4; ++die) sum += nuq::detail::uniform_below(engine, 3 + 4 * (index % 90 / 9 % 7));
    levels.push_back(static_cast<std::int8_t>(static_cast<int>(sum) - 50));
  }
  const Bytes bytes = encode(levels, 60);
  CHECK(bytes.size() == 3508);
  CHECK(nuq::crc32(bytes) == 0x4E729110U);
}

}  // namespace packed_adaptive_coding_test
