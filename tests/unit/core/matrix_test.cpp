#include "nuq/core/matrix.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <cstddef>

TEST_CASE("a matrix converts from an expression of Eigen's and back") {
  const Eigen::MatrixXd original = Eigen::MatrixXd::Random(4, 3);
  const nuq::Matrix matrix = 2.0 * original;
  REQUIRE(matrix.rows() == 4);
  REQUIRE(matrix.cols() == 3);
  for (std::ptrdiff_t row = 0; row < 4; ++row) {
    for (std::ptrdiff_t col = 0; col < 3; ++col) CHECK(matrix(row, col) == 2.0 * original(row, col));
  }
  const Eigen::MatrixXd back = matrix;
  CHECK(back == 2.0 * original);
}

TEST_CASE("a vector converts from an expression of Eigen's and back") {
  const nuq::Vector vector = Eigen::VectorXf::LinSpaced(5, 0.0F, 4.0F);
  CHECK(vector == nuq::Vector{0.0, 1.0, 2.0, 3.0, 4.0});
  const Eigen::VectorXd back = vector;
  CHECK(back == Eigen::VectorXd::LinSpaced(5, 0.0, 4.0));
  CHECK(vector != nuq::Vector(5, 1.0));
}

TEST_CASE("parts of a matrix are those of its columns") {
  nuq::Matrix matrix(3, 4);
  for (std::ptrdiff_t index = 0; index < matrix.size(); ++index) matrix.data()[index] = static_cast<double>(index);
  CHECK(matrix(2, 1) == 5.0);
  CHECK(matrix.column(2)[0] == 6.0);
  CHECK(matrix.column(2).size() == 3);
  CHECK(matrix.diagonal() == nuq::Vector{0.0, 4.0, 8.0});
  const nuq::MatrixBlock<double> block = matrix.block(1, 2, 2, 2);
  CHECK(*block.data == matrix(1, 2));
  CHECK(block.data[block.stride + 1] == matrix(2, 3));
}
