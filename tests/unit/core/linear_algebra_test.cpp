#include "nuq/core/linear_algebra.hpp"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix.hpp"

using nuq::Matrix;
using nuq::Vector;

TEST_CASE("products are those of Eigen, of parts of matrices as well") {
  for (const Eigen::Index size : {1, 3, 8, 17, 70, 300}) {
    const Eigen::MatrixXd a = Eigen::MatrixXd::Random(size + 2, size);
    const Eigen::MatrixXd b = Eigen::MatrixXd::Random(size, size + 3);
    const Eigen::MatrixXd expected = a * b;
    Matrix product;
    nuq::linear_algebra::multiply(Matrix(a).block(), Matrix(b).block(), product);
    CHECK((Eigen::MatrixXd(product) - expected).norm() <= 1e-12 * expected.norm());
    nuq::linear_algebra::multiply_transposed(Matrix(a).block(), Matrix(b.transpose()).block(), product);
    CHECK((Eigen::MatrixXd(product) - expected).norm() <= 1e-12 * expected.norm());
    const Eigen::MatrixXd corner = a.topRows(size).rightCols(size - 1) * b.bottomRows(size - 1).leftCols(2);
    nuq::linear_algebra::multiply(Matrix(a).block(0, 1, size, size - 1), Matrix(b).block(1, 0, size - 1, 2), product);
    CHECK((Eigen::MatrixXd(product) - corner).norm() <= 1e-12 * corner.norm());
  }
}

TEST_CASE("products of floats are those of Eigen, too") {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(35, 270);
  const Eigen::MatrixXf b = Eigen::MatrixXf::Random(270, 13);
  const Eigen::MatrixXf expected = a * b;
  nuq::DenseMatrix<float> product;
  nuq::linear_algebra::multiply(nuq::DenseMatrix<float>(a).block(), nuq::DenseMatrix<float>(b).block(), product);
  CHECK((Eigen::MatrixXf(product) - expected).norm() <= 1e-5F * expected.norm());
}

TEST_CASE("a product is added to a vector") {
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(9, 5);
  const Eigen::VectorXd x = Eigen::VectorXd::Random(5);
  Eigen::VectorXd expected = Eigen::VectorXd::Ones(9);
  expected.noalias() += a * x;
  Vector y(9, 1.0);
  nuq::linear_algebra::add_product(Matrix(a).block(), Vector(x).view(), y);
  CHECK(y == Vector(expected));
}

TEST_CASE("sums are those of Eigen, wherever the values lie") {
  for (const Eigen::Index size : {0, 1, 2, 7, 64, 101}) {
    const Eigen::VectorXd a = Eigen::VectorXd::Random(size);
    const Eigen::VectorXd b = Eigen::VectorXd::Random(size);
    CHECK(nuq::linear_algebra::sum(Vector(a).view()) == a.sum());
    CHECK(nuq::linear_algebra::dot(Vector(a).view(), Vector(b).view()) == a.dot(b));
    CHECK(nuq::linear_algebra::dot(Vector(a).view(), Vector(a).view()) == a.squaredNorm());
    Vector shifted(size + 1);
    for (Eigen::Index index = 0; index < size; ++index) shifted[index + 1] = a[index];
    const nuq::ArrayView<const double> view(shifted.data() + 1, static_cast<std::size_t>(size));
    CHECK(nuq::linear_algebra::sum(view) == a.sum());
  }
}

TEST_CASE("a positive definite matrix has a Cholesky factor, another one has none") {
  for (const Eigen::Index size : {1, 18, 20, 126, 300}) {  // within a block, over blocks, over blocks of blocks
    const Eigen::MatrixXd x = Eigen::MatrixXd::Random(size, size + 10);
    const Eigen::MatrixXd a = x * x.transpose();
    const Eigen::MatrixXd expected = a.llt().matrixL();
    Matrix lower = a;
    REQUIRE(nuq::linear_algebra::make_cholesky_factor(lower));
    CHECK((Eigen::MatrixXd(lower) - expected).norm() <= 1e-11 * expected.norm());
    CHECK(Eigen::MatrixXd(Eigen::MatrixXd(lower).triangularView<Eigen::StrictlyUpper>()).isZero(0.0));
    const Eigen::VectorXd b = Eigen::VectorXd::Random(size);
    const Vector solution = nuq::linear_algebra::solve_positive_definite(Matrix(a), Vector(b));
    CHECK(solution == Vector(a.llt().solve(b)));
    Eigen::MatrixXd indefinite = a;
    indefinite(size - 1, size - 1) = -1.0;
    Matrix failed = Matrix(indefinite);
    CHECK(!nuq::linear_algebra::make_cholesky_factor(failed));
    const Eigen::MatrixXd above = indefinite.triangularView<Eigen::StrictlyUpper>();
    CHECK(Eigen::MatrixXd(Eigen::MatrixXd(failed).triangularView<Eigen::StrictlyUpper>()) == above);
  }
}
