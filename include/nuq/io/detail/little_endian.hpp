#ifndef NUQ_IO_DETAIL_LITTLE_ENDIAN_HPP
#define NUQ_IO_DETAIL_LITTLE_ENDIAN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class T>
using bits_of =
    std::conditional_t<sizeof(T) == 8, std::uint64_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>;

/// The number in the first sizeof(T) ∈ {1, 4, 8} bytes, least significant byte first.
template <class T>
[[nodiscard]] T load_little_endian(const char* bytes) noexcept {
  static_assert(sizeof(T) == sizeof(bits_of<T>));
  bits_of<T> bits = 0;
  for (std::size_t index = sizeof(T); index > 0; --index) {
    bits = static_cast<bits_of<T>>((std::uint64_t{bits} << 8U) | static_cast<unsigned char>(bytes[index - 1]));
  }
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Appends a number of 1, 4 or 8 bytes, least significant byte first.
template <class T>
void append_little_endian(std::string& bytes, T value) {
  static_assert(sizeof(T) == sizeof(bits_of<T>));
  bits_of<T> bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  for (std::size_t index = 0; index < sizeof(T); ++index) {
    bytes += static_cast<char>((std::uint64_t{bits} >> (8 * index)) & 0xFFU);
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_IO_DETAIL_LITTLE_ENDIAN_HPP
