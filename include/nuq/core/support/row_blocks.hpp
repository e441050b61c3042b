#ifndef NUQ_CORE_SUPPORT_ROW_BLOCKS_HPP
#define NUQ_CORE_SUPPORT_ROW_BLOCKS_HPP

#include <algorithm>
#include <cstddef>

#include "nuq/core/parallel.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Calls `body(first, last)` for runs of at most 16 rows that cover [0, rows). Runs are independent of the number of
/// threads.
template <class Body>
void for_each_row_block(Parallel& parallel, std::size_t rows, Body&& body) {
  constexpr std::size_t rows_per_block = 16;
  parallel.for_each_block((rows + rows_per_block - 1) / rows_per_block, [&](std::size_t block) {
    const std::size_t first = block * rows_per_block;
    body(first, (std::min)(first + rows_per_block, rows));
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_ROW_BLOCKS_HPP
