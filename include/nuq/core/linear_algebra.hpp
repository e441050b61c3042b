#ifndef NUQ_CORE_LINEAR_ALGEBRA_HPP
#define NUQ_CORE_LINEAR_ALGEBRA_HPP

// The dense operations that are left to Eigen. Its expressions are templates that cost seconds of compile time, so each
// stands here once, and is instantiated only where it is called: functions that call one are templates over the scalar
// type themselves.

#include "nuq/compiled.hpp"
#if NUQ_DEFINES(CORE)
#include <Eigen/Cholesky>
#include <Eigen/Core>
#endif

#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace linear_algebra {

/// Σ aᵢ.
template <class Real>
[[nodiscard]] Real sum(ArrayView<const Real> a);

/// aᵀb of vectors of one size.
template <class Real>
[[nodiscard]] Real dot(ArrayView<const Real> a, ArrayView<const Real> b);

/// product = A·B; `product` is resized, and must not be A or B.
template <class Real>
void multiply(MatrixBlock<Real> a, MatrixBlock<Real> b, DenseMatrix<Real>& product);

/// product = A·Bᵀ; `product` is resized, and must not be A or B.
template <class Real>
void multiply_transposed(MatrixBlock<Real> a, MatrixBlock<Real> b, DenseMatrix<Real>& product);

/// y += A·x.
template <class Real>
void add_product(MatrixBlock<Real> a, ArrayView<const Real> x, DenseVector<Real>& y);

/// The lower triangular L with A = L Lᵀ of a symmetric matrix, in `lower`. False where A is not positive definite;
/// `lower` then means nothing.
template <class Real>
[[nodiscard]] bool cholesky_factor(const DenseMatrix<Real>& a, DenseMatrix<Real>& lower);

/// The solution of A·x = b for a symmetric positive definite A.
template <class Real>
[[nodiscard]] DenseVector<Real> solve_positive_definite(const DenseMatrix<Real>& a, const DenseVector<Real>& b);

#if NUQ_DEFINES(CORE)
namespace detail {

template <class Real>
using EigenVector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
template <class Real>
using EigenMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

template <class Real>
[[nodiscard]] auto eigen_map(ArrayView<const Real> values) {
  return Eigen::Map<const EigenVector<Real>>(values.data(), static_cast<Eigen::Index>(values.size()));
}
template <class Real>
[[nodiscard]] auto eigen_map(const DenseMatrix<Real>& matrix) {
  return Eigen::Map<const EigenMatrix<Real>>(matrix.data(), matrix.rows(), matrix.cols());
}
template <class Real>
[[nodiscard]] auto eigen_map(DenseMatrix<Real>& matrix) {
  return Eigen::Map<EigenMatrix<Real>>(matrix.data(), matrix.rows(), matrix.cols());
}
template <class Real>
[[nodiscard]] auto eigen_map(const MatrixBlock<Real>& block) {
  return Eigen::Map<const EigenMatrix<Real>, Eigen::Unaligned, Eigen::OuterStride<>>(
      block.data, block.rows, block.cols, Eigen::OuterStride<>(block.stride));
}

}  // namespace detail

template <class Real>
Real sum(ArrayView<const Real> a) {
  // An expression is summed in the same order wherever the values lie; Eigen aligns its steps to those of a Map.
  return detail::eigen_map(a).cwiseProduct(detail::EigenVector<Real>::Ones(static_cast<Eigen::Index>(a.size()))).sum();
}

template <class Real>
Real dot(ArrayView<const Real> a, ArrayView<const Real> b) {
  return detail::eigen_map(a).dot(detail::eigen_map(b));
}

template <class Real>
void multiply(MatrixBlock<Real> a, MatrixBlock<Real> b, DenseMatrix<Real>& product) {
  product.resize(a.rows, b.cols);
  detail::eigen_map(product).noalias() = detail::eigen_map(a) * detail::eigen_map(b);
}

template <class Real>
void multiply_transposed(MatrixBlock<Real> a, MatrixBlock<Real> b, DenseMatrix<Real>& product) {
  product.resize(a.rows, b.rows);
  detail::eigen_map(product).noalias() = detail::eigen_map(a) * detail::eigen_map(b).transpose();
}

template <class Real>
void add_product(MatrixBlock<Real> a, ArrayView<const Real> x, DenseVector<Real>& y) {
  Eigen::Map<detail::EigenVector<Real>>(y.data(), y.size()).noalias() += detail::eigen_map(a) * detail::eigen_map(x);
}

template <class Real>
bool cholesky_factor(const DenseMatrix<Real>& a, DenseMatrix<Real>& lower) {
  const Eigen::LLT<detail::EigenMatrix<Real>> cholesky(detail::eigen_map(a));
  lower.resize(a.rows(), a.cols());
  detail::eigen_map(lower) = cholesky.matrixL();
  return cholesky.info() == Eigen::Success;
}

template <class Real>
DenseVector<Real> solve_positive_definite(const DenseMatrix<Real>& a, const DenseVector<Real>& b) {
  const Eigen::LLT<detail::EigenMatrix<Real>> cholesky(detail::eigen_map(a));
  DenseVector<Real> x(b.size());
  Eigen::Map<detail::EigenVector<Real>>(x.data(), x.size()) = cholesky.solve(detail::eigen_map(b.view()));
  return x;
}
#endif

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(CORE) template double sum(ArrayView<const double>);
NUQ_INSTANTIATION(CORE) template double dot(ArrayView<const double>, ArrayView<const double>);
NUQ_INSTANTIATION(CORE) template void multiply(MatrixBlock<double>, MatrixBlock<double>, Matrix&);
NUQ_INSTANTIATION(CORE) template void multiply_transposed(MatrixBlock<double>, MatrixBlock<double>, Matrix&);
NUQ_INSTANTIATION(CORE) template void add_product(MatrixBlock<double>, ArrayView<const double>, Vector&);
NUQ_INSTANTIATION(CORE) template bool cholesky_factor(const Matrix&, Matrix&);
NUQ_INSTANTIATION(CORE) template Vector solve_positive_definite(const Matrix&, const Vector&);
#endif

}  // namespace linear_algebra
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_LINEAR_ALGEBRA_HPP
