#ifndef NUQ_PACKED_CRC32_HPP
#define NUQ_PACKED_CRC32_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

using Crc32Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Table 0 is the remainder of each byte; table k that of the byte followed by k zero bytes.
[[nodiscard]] constexpr Crc32Tables make_crc32_tables() noexcept {
  Crc32Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? 0xEDB88320U : 0U);
    tables[0][byte] = remainder;
  }
  for (std::size_t zeros = 1; zeros < tables.size(); ++zeros) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[zeros - 1][byte];
      tables[zeros][byte] = (before >> 8U) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

template <class = void>
inline constexpr Crc32Tables crc32_tables = make_crc32_tables();

}  // namespace detail

/// CRC-32 of ISO 3309 (zlib, PNG, Ethernet), eight bytes a step: Kounavis & Berry, A systematic approach to building
/// high performance software-based CRC generators, ISCC 2005. `crc` is that of the bytes before, 0 at the beginning.
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t crc32(ArrayView<const std::uint8_t> bytes,
                                                      std::uint32_t crc = 0) noexcept {
  const detail::Crc32Tables& tables = detail::crc32_tables<>;
  const std::uint8_t* next = bytes.data();
  std::size_t left = bytes.size();
  crc = ~crc;
  for (; left >= 8; left -= 8, next += 8) {
    const std::uint32_t low = crc ^ detail::load_u32(next);
    const std::uint32_t high = detail::load_u32(next + 4);
    crc = tables[7][low & 0xFFU] ^ tables[6][(low >> 8U) & 0xFFU] ^ tables[5][(low >> 16U) & 0xFFU] ^
          tables[4][low >> 24U] ^ tables[3][high & 0xFFU] ^ tables[2][(high >> 8U) & 0xFFU] ^
          tables[1][(high >> 16U) & 0xFFU] ^ tables[0][high >> 24U];
  }
  for (; left > 0; --left, ++next) crc = (crc >> 8U) ^ tables[0][(crc ^ *next) & 0xFFU];
  return ~crc;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_CRC32_HPP
