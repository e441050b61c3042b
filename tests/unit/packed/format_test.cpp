#include "nuq/packed/format.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace packed_format_test {

TEST_CASE("bytes of an element") {
  CHECK(nuq::element_bytes(nuq::ElementType::float32) == 4);
  CHECK(nuq::element_bytes(nuq::ElementType::int8) == 1);
  CHECK(nuq::element_bytes(nuq::ElementType::float64) == 8);
  CHECK(nuq::element_bytes(static_cast<nuq::ElementType>(6)) == 0);
}

TEST_CASE("extents whose product cannot be are refused, and a zero makes any product zero") {
  std::uint64_t count = 7;
  CHECK(nuq::detail::count_elements({}, count));
  CHECK(count == 1);
  CHECK(nuq::detail::count_elements({{64, 3, 7, 7}, 4}, count));
  CHECK(count == 9408);
  CHECK(nuq::detail::count_elements({{std::uint64_t{1} << 32U, 0, std::uint64_t{1} << 40U}, 3}, count));
  CHECK(count == 0);
  count = 7;
  CHECK(nuq::detail::count_elements({{std::uint64_t{1} << 40U, std::uint64_t{1} << 40U, 0}, 3}, count));
  CHECK(count == 0);
  CHECK(!nuq::detail::count_elements({{std::uint64_t{1} << 32U, std::uint64_t{1} << 32U}, 2}, count));
  CHECK(!nuq::detail::count_elements({{UINT64_MAX}, 1}, count));
  CHECK(!nuq::detail::count_elements({{0, std::uint64_t{1} << 63U}, 2}, count));
}

TEST_CASE("rows are those of the first extent that is not 1") {
  const auto rows = [](const std::vector<std::int64_t>& extents) {
    return nuq::detail::coded_rows(extents, extents.size());
  };
  CHECK(rows({}) == 1);
  CHECK(rows({64, 3, 7, 7}) == 64);
  CHECK(rows({1, 1, 500, 800}) == 500);
  CHECK(rows({1, 1, 1, 1}) == 1);
  CHECK(rows({0, 3}) == 0);
}

TEST_CASE("layouts that do not cover the levels are refused") {
  using nuq::detail::is_valid_layout;
  CHECK(is_valid_layout(nuq::detail::row_layout(12, 3), 3, 12));
  CHECK(is_valid_layout({12, 1}, 1, 12));
  CHECK(is_valid_layout({9, 5}, 10, 9 * 5 * 4 * 2));  // a Deconvolution of two groups, [8, 5, 3, 3]
  CHECK(!is_valid_layout(nuq::detail::row_layout(13, 3), 3, 13));
  CHECK(!is_valid_layout({5, 2}, 2, 12));
  CHECK(!is_valid_layout({4, 2}, 3, 12));
  CHECK(!is_valid_layout({4, 4}, 4, 12));
  CHECK(!is_valid_layout({0, 1}, 1, 12));
  CHECK(!is_valid_layout({12, 0}, 1, 12));
  CHECK(!is_valid_layout({12, 1}, 0, 12));
}

}  // namespace packed_format_test
