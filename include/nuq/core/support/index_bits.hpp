#ifndef NUQ_CORE_SUPPORT_INDEX_BITS_HPP
#define NUQ_CORE_SUPPORT_INDEX_BITS_HPP

#include <cstddef>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Bits of an index into `count` things: ceil(log2 count); 0 for one or none.
[[nodiscard]] constexpr unsigned index_bits(std::size_t count) noexcept {
  unsigned bits = 0;
  while ((std::size_t{1} << bits) < count) ++bits;
  return bits;
}

/// Bytes of `count` indices of `bits` ≤ 8 bits, filled up to a whole byte; no product that could overflow.
[[nodiscard]] constexpr std::size_t packed_index_bytes(std::size_t count, unsigned bits) noexcept {
  return count / 8 * bits + (count % 8 * bits + 7) / 8;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_INDEX_BITS_HPP
