#ifndef NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP
#define NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP

#include <Eigen/Core>
#include <cstddef>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Rows [first, last) of a row-major matrix with `cols` columns, as the columns of a double matrix [cols × (last −
/// first)].
template <class T>
[[nodiscard]] Eigen::MatrixXd rows_as_columns(const T* values, std::size_t cols, std::size_t first, std::size_t last) {
  using Columns = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<const Columns>(values + first * cols, static_cast<Eigen::Index>(cols),
                                   static_cast<Eigen::Index>(last - first))
      .template cast<double>();
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP
