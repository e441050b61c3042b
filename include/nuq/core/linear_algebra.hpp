#ifndef NUQ_CORE_LINEAR_ALGEBRA_HPP
#define NUQ_CORE_LINEAR_ALGEBRA_HPP

// Dense operations. Many are left to Eigen, whose expressions are templates that cost seconds of compile time: so each
// stands here once, and is instantiated only where it is called: functions that call one are templates over the scalar
// type themselves.

#include "nuq/compiled.hpp"
#if NUQ_DEFINES(CORE)
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#endif

#include <cstddef>

#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/support/dense_product.hpp"
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

/// Puts the lower triangular L with A = L Lᵀ in the place of a symmetric matrix A. False where that is not positive
/// definite: what is above the diagonal is then as it was, the rest means nothing.
template <class Real>
[[nodiscard]] bool make_cholesky_factor(DenseMatrix<Real>& a);

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

/// Of the larger blocks of columns below; it and the smaller are multiples of the products' tiles with AVX2.
inline constexpr std::ptrdiff_t wide_columns = 126;

/// Makes the columns [first, last) of A, which lack the products of the columns before `first` already, those of its
/// Cholesky factor, on and below the diagonal. False where a pivot is not positive. Blocks of columns in blocks of
/// columns, so that nearly all of it is products of matrices.
template <class Real>
[[nodiscard]] bool factor_columns(DenseMatrix<Real>& a, std::ptrdiff_t first, std::ptrdiff_t last) {
  constexpr std::ptrdiff_t narrow = 18;
  const std::ptrdiff_t rows = a.rows();
  if (last - first > narrow) {
    const std::ptrdiff_t width = last - first > wide_columns ? wide_columns : narrow;
    for (std::ptrdiff_t begin = first; begin < last; begin += width) {
      const std::ptrdiff_t end = (std::min)(begin + width, last);
      nuq::detail::add_dense_product(Real{-1}, a.block(begin, first, rows - begin, begin - first),
                                     {&a(begin, first), rows, 1}, end - begin, &a(begin, begin), rows);
      if (!factor_columns(a, begin, end)) return false;
    }
    return true;
  }
  for (std::ptrdiff_t col = first; col < last; ++col) {
    for (std::ptrdiff_t before = first; before < col; ++before) {
      const Real factor = a(col, before);
      for (std::ptrdiff_t row = col; row < rows; ++row) a(row, col) -= factor * a(row, before);
    }
    const Real pivot = a(col, col);
    if (!(pivot > Real{})) return false;
    const Real root = std::sqrt(pivot);
    for (std::ptrdiff_t row = col; row < rows; ++row) a(row, col) /= root;
  }
  return true;
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
  std::fill(product.data(), product.data() + product.size(), Real{});
  nuq::detail::add_dense_product(Real{1}, a, {b.data, 1, b.stride}, b.cols, product.data(), a.rows);
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
bool make_cholesky_factor(DenseMatrix<Real>& a) {
  constexpr std::ptrdiff_t block = detail::wide_columns;
  DenseMatrix<Real> above((std::min)(block, a.rows()),
                          a.cols());  // the products change it in the blocks on the diagonal
  for (std::ptrdiff_t col = 0; col < a.cols(); ++col)
    std::copy_n(&a(col / block * block, col), col % block, &above(0, col));
  const bool is_done = detail::factor_columns(a, 0, a.cols());
  for (std::ptrdiff_t col = 1; col < a.cols(); ++col) {
    if (is_done) {
      std::fill_n(&a(0, col), col, Real{});
    } else {
      std::copy_n(&above(0, col), col % block, &a(col / block * block, col));
    }
  }
  return is_done;
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
NUQ_INSTANTIATION(CORE) template void multiply(MatrixBlock<float>, MatrixBlock<float>, DenseMatrix<float>&);
NUQ_INSTANTIATION(CORE) template void multiply_transposed(MatrixBlock<double>, MatrixBlock<double>, Matrix&);
NUQ_INSTANTIATION(CORE) template void add_product(MatrixBlock<double>, ArrayView<const double>, Vector&);
NUQ_INSTANTIATION(CORE)
template void add_product(MatrixBlock<float>, ArrayView<const float>, DenseVector<float>&);
NUQ_INSTANTIATION(CORE) template bool make_cholesky_factor(Matrix&);
NUQ_INSTANTIATION(CORE) template Vector solve_positive_definite(const Matrix&, const Vector&);
#endif

}  // namespace linear_algebra
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_LINEAR_ALGEBRA_HPP
