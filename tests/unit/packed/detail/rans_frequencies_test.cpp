#include "nuq/packed/detail/rans_frequencies.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "nuq/core/support/random.hpp"

namespace packed_detail_rans_frequencies_test {

double code_length(const std::vector<double>& counts, const std::vector<double>& frequency, double scale) {
  double bits = 0.0;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol)
    bits += counts[symbol] * std::log2(scale / frequency[symbol]);
  return bits;
}

TEST_CASE("normalised frequencies are the best of all") {
  const nuq::detail::Log2Table log2;
  nuq::detail::RandomEngine engine(1);
  constexpr std::uint32_t scale = 16;
  for (int trial = 0; trial < 200; ++trial) {
    nuq::detail::SymbolCounts counts{};
    std::vector<double> numbers;
    for (std::size_t symbol = 0; symbol < 3; ++symbol) {
      counts[symbol] = 1 + nuq::detail::uniform_below(engine, std::uint64_t{1} << (1 + engine() % 12));
      numbers.push_back(static_cast<double>(counts[symbol]));
    }
    std::array<std::uint32_t, 256> frequency{};
    nuq::detail::normalise(counts, 3, scale, log2, frequency);
    REQUIRE(frequency[0] + frequency[1] + frequency[2] == scale);
    double least = 1e300;
    for (int a = 1; a < 15; ++a) {
      for (int b = 1; a + b < 16; ++b)
        least = (std::min)(least, code_length(numbers, {double(a), double(b), double(16 - a - b)}, scale));
    }
    const double ours = code_length(numbers, {double(frequency[0]), double(frequency[1]), double(frequency[2])}, scale);
    CHECK(ours <= 1.00001 * least);
  }
}

TEST_CASE("symbols that do not occur get nothing, all others something") {
  const nuq::detail::Log2Table log2;
  nuq::detail::SymbolCounts counts{};
  counts[0] = 1000000;
  counts[5] = 1;
  for (std::size_t symbol = 10; symbol < 200; ++symbol) counts[symbol] = 1;
  std::array<std::uint32_t, 256> frequency{};
  nuq::detail::normalise(counts, 256, 4096, log2, frequency);
  CHECK(std::accumulate(frequency.begin(), frequency.end(), 0U) == 4096U);
  for (std::size_t symbol = 0; symbol < 256; ++symbol) CHECK((frequency[symbol] > 0) == (counts[symbol] > 0));
  CHECK(frequency[0] == 4096U - 191U);
}

bool holds(const nuq::detail::RansTable& read, const nuq::detail::RansFrequencies& table, const nuq::LevelSet& set) {
  std::size_t slot = 0;
  bool equal = true;
  for (std::size_t symbol = 0; symbol < set.size; ++symbol) {
    const std::uint32_t frequency = table.used_frequency(symbol);
    for (std::uint32_t place = 0; place < frequency; ++place, ++slot) {
      equal &= static_cast<std::int8_t>(read.slots[slot] & 0xFFU) == set[symbol];
      equal &= ((read.slots[slot] >> 8U) & 0xFFFU) == place;
      equal &= (read.slots[slot] >> 20U) + 1 == frequency;
    }
  }
  return equal && slot == 4096;
}

TEST_CASE("stored tables are read as they were") {
  int with_rare = 0;
  const nuq::detail::Log2Table log2;
  nuq::detail::RandomEngine engine(7);
  for (int trial = 0; trial < 60; ++trial) {
    nuq::LevelSet set;
    nuq::detail::SymbolCounts counts{};
    set.size = 1 + engine() % 256;
    for (std::size_t symbol = 0; symbol < set.size; ++symbol) {
      set.levels[symbol] = static_cast<std::int8_t>(static_cast<int>(symbol) - 128);
      counts[symbol] = (engine() >> (44 + engine() % 20)) * (engine() % 2);
    }
    counts[set.size / 2] = 1000;
    const nuq::detail::ClassFrequencies tables = nuq::detail::choose_tables(counts, set.size, log2);
    std::vector<std::uint8_t> bytes;
    nuq::detail::BitWriter writer(bytes);
    nuq::detail::append_tables(writer, tables, set.size);
    nuq::detail::BitReader reader(bytes);
    nuq::detail::ClassWidths widths;
    REQUIRE(nuq::detail::read_class_widths(reader, set, widths));
    nuq::detail::ClassTables read;
    nuq::detail::fill_tables(set, widths, read);
    CHECK(read.has_rare == tables.has_rare);
    CHECK(holds(read.common, tables.common, set));
    if (tables.has_rare) CHECK(holds(read.rare, tables.rare, set));
    bool equal = true;
    for (std::size_t symbol = 0; symbol < set.size; ++symbol) {
      const bool has_code = tables.common.frequency[symbol] > 0 || tables.is_rare(symbol);
      equal &= has_code == (counts[symbol] > 0);
    }
    CHECK(equal);
    with_rare += tables.has_rare ? 1 : 0;
  }
  CHECK(with_rare > 5);
}

}  // namespace packed_detail_rans_frequencies_test
