#ifndef NUQ_CORE_MATRIX_HPP
#define NUQ_CORE_MATRIX_HPP

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Names a type that has dense coefficients in the way of Eigen's expressions.
template <class Dense>
using dense_coefficient = decltype(std::declval<const Dense&>().eval().coeff(0, 0));

/// Names a matrix type of Eigen's that can be resized.
template <class Dense>
using resizable = decltype(std::declval<Dense&>().resize(0, 0), std::declval<typename Dense::PlainObject&>());

}  // namespace detail

/// A dense vector. Converts from Eigen's expressions and to Eigen's matrices, which programs without Eigen need not
/// know.
template <class Real>
class DenseVector {
 public:
  DenseVector() = default;
  /// `size` ≥ 0 copies of `value`.
  explicit DenseVector(std::ptrdiff_t size, Real value = Real{}) : values_(static_cast<std::size_t>(size), value) {}
  DenseVector(std::initializer_list<Real> values) : values_(values) {}
  /// Copies an expression of Eigen's with one column.
  template <class Dense, class = detail::dense_coefficient<Dense>>
  DenseVector(const Dense& expression) : DenseVector(static_cast<std::ptrdiff_t>(expression.rows())) {
    const auto values = expression.eval();
    for (std::ptrdiff_t index = 0; index < size(); ++index) (*this)[index] = static_cast<Real>(values.coeff(index, 0));
  }
  template <class Dense, class = detail::resizable<Dense>>
  operator Dense() const {
    Dense values;
    values.resize(size(), 1);
    for (std::ptrdiff_t index = 0; index < size(); ++index)
      values(index, 0) = static_cast<typename Dense::Scalar>((*this)[index]);
    return values;
  }

  [[nodiscard]] std::ptrdiff_t size() const noexcept { return static_cast<std::ptrdiff_t>(values_.size()); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] Real* data() noexcept { return values_.data(); }
  [[nodiscard]] const Real* data() const noexcept { return values_.data(); }
  [[nodiscard]] Real* begin() noexcept { return values_.data(); }
  [[nodiscard]] Real* end() noexcept { return values_.data() + values_.size(); }
  [[nodiscard]] const Real* begin() const noexcept { return values_.data(); }
  [[nodiscard]] const Real* end() const noexcept { return values_.data() + values_.size(); }
  [[nodiscard]] Real& operator[](std::ptrdiff_t index) noexcept { return values_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Real operator[](std::ptrdiff_t index) const noexcept {
    return values_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] ArrayView<const Real> view() const noexcept { return {values_.data(), values_.size()}; }

  /// New entries are 0.
  void resize(std::ptrdiff_t size) { values_.resize(static_cast<std::size_t>(size)); }

  DenseVector& operator*=(Real factor) noexcept {
    for (Real& value : values_) value *= factor;
    return *this;
  }

  [[nodiscard]] friend bool operator==(const DenseVector& a, const DenseVector& b) { return a.values_ == b.values_; }
  [[nodiscard]] friend bool operator!=(const DenseVector& a, const DenseVector& b) { return !(a == b); }

 private:
  std::vector<Real> values_;
};

/// A rectangular part of a column-major matrix that belongs to somebody else.
template <class Real>
struct MatrixBlock {
  const Real* data;       ///< its first entry
  std::ptrdiff_t rows;    ///< number of rows
  std::ptrdiff_t cols;    ///< number of columns
  std::ptrdiff_t stride;  ///< from one column to the next
};

/// A dense column-major matrix. Converts from Eigen's expressions and to Eigen's matrices.
template <class Real>
class DenseMatrix {
 public:
  DenseMatrix() = default;
  /// [rows × cols] copies of `value`.
  DenseMatrix(std::ptrdiff_t rows, std::ptrdiff_t cols, Real value = Real{})
      : rows_(rows), cols_(cols), values_(static_cast<std::size_t>(rows * cols), value) {}
  /// Copies an expression of Eigen's.
  template <class Dense, class = detail::dense_coefficient<Dense>>
  DenseMatrix(const Dense& expression)
      : DenseMatrix(static_cast<std::ptrdiff_t>(expression.rows()), static_cast<std::ptrdiff_t>(expression.cols())) {
    const auto values = expression.eval();
    for (std::ptrdiff_t col = 0; col < cols_; ++col) {
      for (std::ptrdiff_t row = 0; row < rows_; ++row) (*this)(row, col) = static_cast<Real>(values.coeff(row, col));
    }
  }
  template <class Dense, class = detail::resizable<Dense>>
  operator Dense() const {
    Dense values;
    values.resize(rows_, cols_);
    for (std::ptrdiff_t col = 0; col < cols_; ++col) {
      for (std::ptrdiff_t row = 0; row < rows_; ++row)
        values(row, col) = static_cast<typename Dense::Scalar>((*this)(row, col));
    }
    return values;
  }

  [[nodiscard]] std::ptrdiff_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::ptrdiff_t cols() const noexcept { return cols_; }
  [[nodiscard]] std::ptrdiff_t size() const noexcept { return rows_ * cols_; }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] Real* data() noexcept { return values_.data(); }
  [[nodiscard]] const Real* data() const noexcept { return values_.data(); }
  [[nodiscard]] Real& operator()(std::ptrdiff_t row, std::ptrdiff_t col) noexcept {
    return values_[static_cast<std::size_t>(col * rows_ + row)];
  }
  [[nodiscard]] Real operator()(std::ptrdiff_t row, std::ptrdiff_t col) const noexcept {
    return values_[static_cast<std::size_t>(col * rows_ + row)];
  }

  /// All entries, column by column.
  [[nodiscard]] ArrayView<const Real> view() const noexcept { return {values_.data(), values_.size()}; }
  [[nodiscard]] ArrayView<const Real> column(std::ptrdiff_t col) const noexcept {
    return {values_.data() + col * rows_, static_cast<std::size_t>(rows_)};
  }
  [[nodiscard]] MatrixBlock<Real> block() const noexcept { return {values_.data(), rows_, cols_, rows_}; }
  [[nodiscard]] MatrixBlock<Real> block(std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows,
                                        std::ptrdiff_t cols) const noexcept {
    return {values_.data() + col * rows_ + row, rows, cols, rows_};
  }
  [[nodiscard]] DenseVector<Real> diagonal() const {
    DenseVector<Real> diagonal(rows_ < cols_ ? rows_ : cols_);
    for (std::ptrdiff_t index = 0; index < diagonal.size(); ++index) diagonal[index] = (*this)(index, index);
    return diagonal;
  }

  /// Entries mean nothing afterwards where a size has changed.
  void resize(std::ptrdiff_t rows, std::ptrdiff_t cols) {
    rows_ = rows;
    cols_ = cols;
    values_.resize(static_cast<std::size_t>(rows * cols));
  }

  DenseMatrix& operator*=(Real factor) noexcept {
    for (Real& value : values_) value *= factor;
    return *this;
  }

  [[nodiscard]] friend bool operator==(const DenseMatrix& a, const DenseMatrix& b) {
    return a.rows_ == b.rows_ && a.cols_ == b.cols_ && a.values_ == b.values_;
  }
  [[nodiscard]] friend bool operator!=(const DenseMatrix& a, const DenseMatrix& b) { return !(a == b); }

 private:
  std::ptrdiff_t rows_ = 0;
  std::ptrdiff_t cols_ = 0;
  std::vector<Real> values_;
};

/// Of double precision, which sums are taken in.
using Vector = DenseVector<double>;
/// Of double precision, which sums are taken in.
using Matrix = DenseMatrix<double>;

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_MATRIX_HPP
