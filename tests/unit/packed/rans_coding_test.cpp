#include "nuq/packed/rans_coding.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"

namespace packed_rans_coding_test {

using Bytes = std::vector<std::uint8_t>;
using Levels = std::vector<std::int8_t>;

Bytes encode(const Levels& levels, std::size_t rows) {
  return nuq::encode_rans({levels.data(), rows, levels.size() / rows});
}

void check_round_trip(const Levels& levels, std::size_t rows) {
  const Bytes bytes = encode(levels, rows);
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    Levels out(levels.size(), 77);
    REQUIRE(nuq::decode_rans(bytes, rows, out, instructions) == nuq::DecodeStatus::ok);
    REQUIRE(out == levels);
  }
}

/// Per-tensor weights: rows of one shape, of many widths.
Levels rows_of_many_widths(std::size_t rows, std::size_t cols, std::size_t widths = 31) {
  Levels levels;
  for (std::size_t row = 0; row < rows; ++row) {
    const Levels more = bell_levels(cols, 1.0F + 0.25F * static_cast<float>(31 / widths * (row % widths)),
                                    static_cast<std::uint32_t>(row));
    levels.insert(levels.end(), more.begin(), more.end());
  }
  return levels;
}

/// What the comment in rans_coding.hpp says, in the plainest way; for one class without rare levels, whose levels are
/// consecutive and whose frequencies are stored as they are.
struct PlainDecoder {
  const Bytes& bytes;
  std::size_t bit = 0;

  unsigned take(unsigned count) {
    unsigned value = 0;
    for (unsigned index = 0; index < count; ++index, ++bit)
      value |= ((unsigned{bytes[bit / 8]} >> (bit % 8)) & 1U) << index;
    return value;
  }
  unsigned take_exp_golomb(unsigned order) {
    unsigned extra = 0;
    while (take(1) == 1) ++extra;
    return (1U << (order + extra)) + take(order + extra) - (1U << order);
  }

  Levels decode(std::size_t count) {
    const int first_level = static_cast<std::int8_t>(bytes[1]);
    const int last_level = static_cast<std::int8_t>(bytes[2]);
    const std::size_t lanes = std::size_t{1} << bytes[3];
    bit = 32;
    REQUIRE(take(1) == 0);  // no rare symbols
    const unsigned shift = take(3);
    const bool differences = take(1) == 1;
    const unsigned order = take(3);
    std::vector<unsigned> frequency;
    for (int level = first_level; level <= last_level; ++level) {
      const unsigned code = take_exp_golomb(order);
      const unsigned before = frequency.empty() ? 0 : frequency.back();
      if (differences) frequency.push_back(code % 2 == 1 ? before + (code + 1) / 2 : before - code / 2);
      if (!differences) frequency.push_back(code);
    }
    std::size_t next = (bit + 7) / 8;
    REQUIRE(bytes[next++] == 0);  // no stream of them
    std::vector<std::uint64_t> state(lanes);
    for (std::uint64_t& lane : state) {
      lane = bytes[next] + 256ULL * bytes[next + 1] + 65536ULL * bytes[next + 2] + 16777216ULL * bytes[next + 3];
      next += 4;
    }
    Levels levels;
    for (std::size_t index = 0; index < count; ++index) {
      std::uint64_t& x = state[index % lanes];
      std::uint64_t begin = 0;
      std::size_t symbol = 0;
      while (begin + (std::uint64_t{frequency[symbol]} << shift) <= x % 4096)
        begin += std::uint64_t{frequency[symbol++]} << shift;
      levels.push_back(static_cast<std::int8_t>(first_level + static_cast<int>(symbol)));
      x = (std::uint64_t{frequency[symbol]} << shift) * (x / 4096) + x % 4096 - begin;
      if (x < 65536) {
        x = 65536 * x + bytes[next] + 256ULL * bytes[next + 1];
        next += 2;
      }
    }
    CHECK(next == bytes.size());
    return levels;
  }
};

TEST_CASE("a decoder written from the description alone reads the same") {
  for (const std::size_t count : {5U, 1000U, 140000U}) {
    const Levels levels = count == 5 ? Levels{0, 2, 1, 1, 0} : bell_levels(count, 4.0F, 3);
    const Bytes bytes = encode(levels, 1);
    REQUIRE(bytes[0] == 0);
    REQUIRE(bytes[3] == (count < 131072 ? 2 : 5));
    CHECK(PlainDecoder{bytes}.decode(count) == levels);
  }
}

TEST_CASE("the product with a frequency's inverse is the whole quotient of every state") {
  for (std::uint32_t frequency = 1; frequency <= nuq::detail::rans_scale; ++frequency) {
    nuq::detail::RansFrequencies table;
    table.frequency[0] = frequency;
    const std::uint64_t inverse = nuq::detail::slots_of(table, 1)[0].inverse;
    bool equal = true;
    for (std::uint64_t quotient = 0; quotient < std::uint64_t{1} << 20U; quotient = 5 * quotient / 4 + 1) {
      const std::uint64_t state = quotient * frequency;
      const std::uint64_t last = state + frequency - 1;
      equal = equal && state * inverse >> nuq::detail::inverse_bits == quotient;
      equal = equal && last * inverse >> nuq::detail::inverse_bits == quotient;
    }
    const std::uint64_t greatest = (std::uint64_t{frequency} << 20U) - 1;
    CHECK((equal && greatest * inverse >> nuq::detail::inverse_bits == (1U << 20U) - 1));
  }
}

TEST_CASE("levels come back as they were, by every decoder") {
  for (const int num_levels : {1, 2, 3, 16, 31, 100, 256}) {
    for (const std::size_t cols : {1U, 3U, 32U, 33U, 500U})
      check_round_trip(uniform_levels(12 * cols, num_levels, 1, cols), 12);
  }
  check_round_trip(bell_levels(150000, 7.0F, 5), 300);
  check_round_trip(bell_levels(131072 + 13, 40.0F, 6), 1);
}

TEST_CASE("a very skewed layer takes next to nothing") {
  Levels levels(200000, 3);
  check_round_trip(levels, 100);
  CHECK(encode(levels, 100).size() < 160);
  levels[77777] = -4;
  check_round_trip(levels, 100);
  CHECK(encode(levels, 100).size() < 180);
}

TEST_CASE("the size is the order-0 entropy and at most 0.1 % and 256 bytes") {
  for (const std::size_t count : {500U, 20000U, 300000U}) {
    for (const float spread : {0.3F, 1.0F, 4.0F, 16.0F, 60.0F}) {
      const Levels levels = bell_levels(count, spread, 9);
      CHECK(static_cast<double>(encode(levels, 1).size()) <= 1.001 * order0_bytes(levels) + 256.0);
    }
  }
}

/// Many levels of all probabilities: cubes of exponentially distributed numbers.
Levels heavy_tailed_levels(std::size_t count) {
  nuq::detail::RandomEngine engine(1);
  Levels levels(count);
  for (std::int8_t& level : levels) {
    const double exponential = -std::log(1.0 - nuq::detail::uniform_unit(engine));
    const double magnitude = (std::min)(127.0, std::round(exponential * exponential * exponential));
    level = static_cast<std::int8_t>((engine() & 1U) != 0 ? magnitude : -magnitude);
  }
  return levels;
}

TEST_CASE("rare levels do not spoil the table of the common ones") {
  Levels levels = bell_levels(300000, 4.0F, 1);
  for (std::size_t index = 0; index < 240; ++index) levels[1000 * index + 7] = static_cast<std::int8_t>(index - 120);
  check_round_trip(levels, 1);
  check_round_trip(levels, 300);
  CHECK(static_cast<double>(encode(levels, 1).size()) <= 1.001 * order0_bytes(levels) + 256.0);
}

TEST_CASE("nor do heavy tails") {
  const Levels levels = heavy_tailed_levels(1000000);
  check_round_trip(levels, 1);
  check_round_trip(levels, 1000);
  CHECK(static_cast<double>(encode(levels, 1).size()) <= 1.001 * order0_bytes(levels) + 256.0);
}

TEST_CASE("rows of different widths share tables in classes, below the order-0 entropy") {
  const Levels levels = rows_of_many_widths(256, 1024);
  check_round_trip(levels, 256);
  const Bytes bytes = encode(levels, 256);
  CHECK(static_cast<double>(bytes.size()) < 0.97 * order0_bytes(levels));
  // Rows that are no multiple of the lanes, too.
  check_round_trip(rows_of_many_widths(310, 429), 310);
}

TEST_CASE("every truncation is refused, and so is any other size") {
  for (const std::size_t rows : {1U, 40U}) {
    const Levels levels = rows_of_many_widths(40, 200);
    const Bytes bytes = encode(levels, rows);
    Levels out(levels.size());
    for (std::size_t size = 0; size < bytes.size(); ++size)
      REQUIRE(nuq::decode_rans({bytes.data(), size}, rows, out) != nuq::DecodeStatus::ok);
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK(nuq::decode_rans(longer, rows, out) != nuq::DecodeStatus::ok);
    Levels shorter(levels.size() - rows);
    CHECK(nuq::decode_rans(bytes, rows, shorter) != nuq::DecodeStatus::ok);
    CHECK(nuq::decode_rans(bytes, 0, out) == nuq::DecodeStatus::wrong_size);
    CHECK(nuq::decode_rans(bytes, 7, out) == nuq::DecodeStatus::wrong_size);
  }
}

TEST_CASE("damaged bytes give a status or other levels, the same by every decoder") {
  const Levels levels = rows_of_many_widths(40, 100);
  nuq::detail::RandomEngine engine(1);
  for (const std::size_t rows : {1U, 40U}) {
    const Bytes bytes = encode(levels, rows);
    for (int trial = 0; trial < 2000; ++trial) {
      Bytes damaged = bytes;
      const std::size_t reach = trial % 2 == 0 ? bytes.size() : 100;  // every other time within the tables
      damaged[static_cast<std::size_t>(nuq::detail::uniform_below(engine, reach))] ^=
          static_cast<std::uint8_t>(1U << (engine() % 8));
      Levels portable(levels.size());
      Levels fastest(levels.size());
      const nuq::DecodeStatus status = nuq::decode_rans(damaged, rows, portable, nuq::InstructionSet::portable);
      REQUIRE(nuq::decode_rans(damaged, rows, fastest) == status);
      if (status == nuq::DecodeStatus::ok) REQUIRE(portable == fastest);
    }
  }
}

/// Widths of rows differ; integers alone.
Levels rows_of_dice(std::size_t rows, std::size_t cols) {
  nuq::detail::RandomEngine engine(1);
  Levels levels;
  for (std::size_t index = 0; index < rows * cols; ++index) {
    std::uint64_t sum = 0;
    for (int die = 0; die < 4; ++die) sum += nuq::detail::uniform_below(engine, 3 + 4 * (index / cols % 7));
    levels.push_back(static_cast<std::int8_t>(static_cast<int>(sum) - 50));
  }
  return levels;
}

TEST_CASE("the bytes are the same with every compiler, on every platform") {
  const Bytes bytes = encode(rows_of_dice(70, 2000), 70);
  CHECK(bytes.size() == 85202);
  CHECK(nuq::crc32(bytes) == 0xCEF27961U);
}

TEST_CASE("a class that no table belongs to is refused") {
  const Levels levels = rows_of_many_widths(30, 1024, 3);
  Bytes bytes = encode(levels, 30);
  const std::size_t classes = std::size_t{bytes[3]} / 16 + 1;  // levels are a range: three bytes
  REQUIRE(classes == 3);
  bytes[4] |= 3;
  Levels out(levels.size());
  CHECK(nuq::decode_rans(bytes, 30, out) == nuq::DecodeStatus::malformed);
}

TEST_CASE("the tables foretell the size of the code, from below") {
  const auto check_foretold = [](const Levels& levels, std::size_t rows) {
    const nuq::MatrixView<const std::int8_t> matrix(levels.data(), rows, levels.size() / rows);
    const nuq::RansEncoder encoder(matrix, nuq::level_set_of(nuq::count_levels({levels.data(), levels.size()})));
    const auto size = static_cast<double>(encoder.encode().size());
    const auto least = static_cast<double>(encoder.least_bytes());
    CHECK(least <= 1.0005 * size + 1.0);
    CHECK(size <= 1.0005 * least + 2.0 * 32.0 + 8.0);  // 32 states, half empty at the least, and what rare levels add
  };
  for (const int size : {1, 2, 3, 16, 32, 200, 256}) check_foretold(uniform_levels(30000, size, 1, 7), 30);
  for (const float width : {0.2F, 1.0F, 5.0F, 40.0F}) check_foretold(bell_levels(300000, width, 3), 300);
  check_foretold(rows_of_many_widths(200, 500), 200);
  check_foretold({5}, 1);
}

}  // namespace packed_rans_coding_test
