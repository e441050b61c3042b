#include "nuq/packed/detail/rans_classes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/support/random.hpp"

namespace packed_detail_rans_classes_test {

/// Rows of 2000 symbols: those of even index take two symbols, the others sixteen.
std::vector<std::uint8_t> two_kinds_of_rows(std::size_t rows) {
  nuq::detail::RandomEngine engine(1);
  std::vector<std::uint8_t> symbols;
  for (std::size_t row = 0; row < rows; ++row) {
    for (int col = 0; col < 2000; ++col)
      symbols.push_back(static_cast<std::uint8_t>(nuq::detail::uniform_below(engine, row % 2 == 0 ? 2 : 16)));
  }
  return symbols;
}

TEST_CASE("two kinds of rows make two classes") {
  const nuq::detail::RansClasses classes = nuq::detail::choose_classes(two_kinds_of_rows(20), 20, 16);
  REQUIRE(classes.tables.size() == 2);
  for (std::size_t row = 0; row < 20; ++row) CHECK(classes.class_of_row[row] == classes.class_of_row[row % 2]);
  CHECK(classes.class_of_row[0] != classes.class_of_row[1]);
  // One bit and four bits a symbol; the tables are small beside.
  const std::uint64_t bits = classes.cost() >> 16U;
  CHECK(bits >= 10 * 2000 * (1 + 4));
  CHECK(bits < 10 * 2000 * (1 + 4) + 1000);
}

TEST_CASE("rows of one kind, or a single row, make one class") {
  const std::vector<std::uint8_t> symbols(3000, 0);
  CHECK(nuq::detail::choose_classes(symbols, 30, 1).tables.size() == 1);
  CHECK(nuq::detail::choose_classes(two_kinds_of_rows(1), 1, 16).tables.size() == 1);
}

TEST_CASE("rows too short for a class map stay together") {
  const nuq::detail::RansClasses classes = nuq::detail::choose_classes(two_kinds_of_rows(2), 2000, 16);
  CHECK(classes.tables.size() == 1);
  CHECK(classes.class_of_row == std::vector<std::uint8_t>(2000, 0));
}

}  // namespace packed_detail_rans_classes_test
