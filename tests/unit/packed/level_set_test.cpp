#include "nuq/packed/level_set.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/packed/level_set_encoder.hpp"

namespace packed_level_set_test {

using Bytes = std::vector<std::uint8_t>;

nuq::LevelSet set_of(const std::vector<int>& levels) {
  nuq::LevelCounts counts{};
  for (const int level : levels) ++counts[nuq::level_index(level)];
  return nuq::level_set_of(counts);
}

Bytes stored(const std::vector<int>& levels) {
  Bytes bytes;
  nuq::detail::append_level_set(bytes, set_of(levels));
  CHECK(bytes.size() == nuq::detail::level_set_bytes(set_of(levels)));
  return bytes;
}

std::vector<int> read(const Bytes& bytes) {
  nuq::detail::ByteReader reader(bytes);
  const nuq::LevelSet set = nuq::detail::read_level_set(reader);
  return {set.levels.begin(), set.levels.begin() + static_cast<std::ptrdiff_t>(set.size)};
}

TEST_CASE("consecutive levels are stored by their ends, others by what is left out or as a map of bits") {
  CHECK(stored({3, -2, -1, 1, 0, 2, 2}) == Bytes{0, 0xFE, 3});
  CHECK(stored({7}) == Bytes{0, 7, 7});
  // 3 and 1 left out, in the code of order 0: 11000 and 100, first bit lowest.
  CHECK(stored({-4, 0, 2}) == Bytes{1, 2, 0xFC, 0x23});
  std::vector<int> even;
  for (int level = -128; level < 127; level += 2) even.push_back(level);
  Bytes map(33, 0x55);
  map[0] = 2;
  CHECK(stored(even) == map);
}

TEST_CASE("a stored set is read as it was") {
  std::vector<int> all;
  std::vector<int> thirds;
  for (int level = -128; level < 128; ++level) all.push_back(level);
  for (int level = -127; level < 128; level += 3) thirds.push_back(level);
  for (const std::vector<int>& levels : {std::vector<int>{-128}, {127}, {-5, 9}, {-1, 0, 1}, all, thirds})
    CHECK(read(stored(levels)) == levels);
}

TEST_CASE("what is no set is empty") {
  CHECK(read({}).empty());
  CHECK(read({3, 0, 0}).empty());
  CHECK(read({0, 5, 4}).empty());
  CHECK(read({0, 5}).empty());
  CHECK(read({1, 1, 9}).empty());              // one more level, but no bits
  CHECK(read({1, 1, 9, 0}).size() == 2);       // 9 and 10
  CHECK(read({1, 1, 127, 0}).empty());         // 127 and 128
  CHECK(read({1 | 8 << 2, 1, 9, 0}).empty());  // an order that no writer takes
  CHECK(read({4, 5, 6}).empty());              // a range has no order
  CHECK(read(Bytes(33, 0)).size() == 1);       // form 0: the range {0}
  Bytes empty_map(33, 0);
  empty_map[0] = 2;
  CHECK(read(empty_map).empty());
}

}  // namespace packed_level_set_test
