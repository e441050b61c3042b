#include "nuq/core/matrix_view.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <vector>

TEST_CASE("a matrix view is row-major over the caller's memory") {
  std::vector<int> values{1, 2, 3, 4, 5, 6};
  const nuq::MatrixView<int> matrix(values.data(), 2, 3);
  CHECK(matrix.size() == 6);
  CHECK(matrix(0, 2) == 3);
  CHECK(matrix(1, 0) == 4);
  matrix(1, 1) = 50;
  CHECK(values[4] == 50);
  const nuq::ArrayView<int> row = matrix.row(1);
  CHECK(std::vector<int>(row.begin(), row.end()) == std::vector<int>{4, 50, 6});
}

TEST_CASE("a matrix view becomes a view of constants, not the reverse") {
  CHECK(std::is_convertible_v<nuq::MatrixView<float>, nuq::MatrixView<const float>>);
  CHECK_FALSE(std::is_convertible_v<nuq::MatrixView<const float>, nuq::MatrixView<float>>);
  std::vector<float> values(6, 1.0F);
  const nuq::MatrixView<const float> view = nuq::MatrixView<float>(values.data(), 3, 2);
  CHECK(view.data() == values.data());
  CHECK(view.rows() == 3);
  CHECK(view.cols() == 2);
}

TEST_CASE("a matrix without rows or columns is empty") {
  CHECK(nuq::MatrixView<int>{}.empty());
  CHECK(nuq::MatrixView<int>(nullptr, 0, 5).empty());
  CHECK(nuq::MatrixView<int>(nullptr, 5, 0).empty());
}
