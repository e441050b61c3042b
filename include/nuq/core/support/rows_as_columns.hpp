#ifndef NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP
#define NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP

#include <cstddef>

#include "nuq/core/matrix.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Rows [first, last) of a row-major matrix with `cols` columns, as the columns of a double matrix [cols × (last −
/// first)].
template <class T>
[[nodiscard]] Matrix rows_as_columns(const T* values, std::size_t cols, std::size_t first, std::size_t last) {
  Matrix columns(static_cast<std::ptrdiff_t>(cols), static_cast<std::ptrdiff_t>(last - first));
  double* entry = columns.data();
  for (const T* value = values + first * cols; value != values + last * cols; ++value)
    *entry++ = static_cast<double>(*value);
  return columns;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ROWS_AS_COLUMNS_HPP
