#ifndef NUQ_PACKED_FORMAT_HPP
#define NUQ_PACKED_FORMAT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nuq/version.hpp"

// The packed model file, version 2. All numbers are little-endian; a varint has 7 bits a byte (packed/byte_access.hpp).
// What version 1 has otherwise stands at the end; it is read, but no longer written.
//
//   header, 48 bytes
//     0   4  "NUQ1"
//     4   2  version
//     6   2  0, kept for later versions
//     8   8  size of the file
//     16  8  size of the text section
//     24  4  CRC-32 of the text section
//     28  4  number of layers
//     32  8  size of the directory
//     40  4  CRC-32 of the directory
//     44  4  CRC-32 of the bytes before
//   text       varint, number of letters of the prototxt; then the letters, or, where that is shorter and they are at
//              most 2^22, their code (packed/text_coding.hpp)
//   directory  for each layer 4 bytes, where its record begins, counted from the first record; then the records
//   data       the blobs of all layers, one behind the other
//
//   record of a layer
//     varint and bytes  name
//     varint            0: its type follows, varint and bytes; n: the type is that of layer n − 1, which is one before
//                       that has one of its own
//     varint            where its data begin, counted from the first byte of the data
//     varint            number of blobs, and their records
//   record of a blob
//     1       element type
//     1       0: its values; 1 + coding: levels (LevelCoding); 5: float32 values in the coding of float_coding.hpp
//     1       number of axes, at most 8; then a varint for each extent
//     levels  varint, number of scales, 4 bytes each in front of the coded levels; 0 for element type int8
//             1, 0: each scale is that of count / scales levels in a row; 1: two varints, run and period (ScaleLayout)
//             varint, size of the coded levels
//     floats  of storage 5: varint, size of their code
//     4       CRC-32 of its data
//
// Version 1: the text section is the prototxt; each layer has its type, without the 0 before it; blobs are stored in
// the ways 0 to 3.

NUQ_NAMESPACE_BEGIN

/// Type of a blob's values; part of the file format.
enum class ElementType : std::uint8_t { float32, float64, int32, int8, bytes };

/// Bytes of a value; 0 for no type.
[[nodiscard]] constexpr std::size_t element_bytes(ElementType type) noexcept {
  constexpr std::array<std::uint8_t, 5> sizes = {4, 8, 4, 1, 1};
  const auto index = static_cast<std::size_t>(type);
  return index < sizes.size() ? sizes[index] : 0;
}

/// The extents of a blob. No axis is a single value.
struct PackedShape {
  static constexpr std::size_t max_axes = 8;
  std::array<std::uint64_t, max_axes> extents{};
  std::size_t axes = 0;
};

/// Which scale a level has: level i takes scale (i / block) · period + (i / run) mod period, a block being
/// count · period / scales levels. One output channel after the other has {count / scales, scales}; a Deconvolution
/// [in × out/group × kernel] has {kernel, out/group}.
struct ScaleLayout {
  std::uint64_t run = 0;     ///< neighbours with one scale
  std::uint64_t period = 0;  ///< scales that take turns
};

namespace detail {

inline constexpr std::array<std::uint8_t, 4> packed_magic = {'N', 'U', 'Q', '1'};
inline constexpr std::uint16_t packed_version = 2;
inline constexpr std::size_t packed_header_bytes = 48;
inline constexpr std::uint8_t coded_float_storage = 5;  ///< behind those of the codings of levels

/// Whether a file begins as packed model files do.
[[nodiscard]] constexpr bool begins_as_packed(std::string_view bytes) noexcept {
  constexpr char magic[] = {packed_magic[0], packed_magic[1], packed_magic[2], packed_magic[3]};
  return bytes.substr(0, packed_magic.size()) == std::string_view(magic, packed_magic.size());
}

/// The greatest number of values whose bytes can still be counted, and be part of an object.
inline constexpr std::uint64_t max_packed_elements = static_cast<std::uint64_t>(PTRDIFF_MAX) / 8;

/// The product of the extents, 0 where any is 0; false where it is more than max_packed_elements, or an extent no
/// std::int64_t.
[[nodiscard]] constexpr bool count_elements(const PackedShape& shape, std::uint64_t& count) noexcept {
  bool is_empty = false;
  for (std::size_t axis = 0; axis < shape.axes; ++axis) {
    if (shape.extents[axis] > static_cast<std::uint64_t>(INT64_MAX)) return false;
    is_empty = is_empty || shape.extents[axis] == 0;
  }
  count = is_empty ? 0 : 1;
  if (is_empty) return true;
  for (std::size_t axis = 0; axis < shape.axes; ++axis) {
    if (count > max_packed_elements / shape.extents[axis]) return false;
    count *= shape.extents[axis];
  }
  return true;
}

/// Rows of the matrix that is coded: the first extent that is not 1, so that a matrix in the older form of blobs,
/// [1 × 1 × out × in], has its own.
template <class Extents>
[[nodiscard]] constexpr std::size_t coded_rows(const Extents& extents, std::size_t axes) noexcept {
  std::size_t axis = 0;
  while (axis < axes && extents[axis] == 1) ++axis;
  return axis == axes ? 1 : static_cast<std::size_t>(extents[axis]);
}

/// The layout of scales that belong to one row after the other.
[[nodiscard]] constexpr ScaleLayout row_layout(std::uint64_t count, std::uint64_t scales) noexcept {
  return {scales == 0 ? 0 : count / scales, scales};
}

/// Whether `scales` scales in this layout cover `count` > 0 levels.
[[nodiscard]] constexpr bool is_valid_layout(const ScaleLayout& layout, std::uint64_t scales,
                                             std::uint64_t count) noexcept {
  if (scales == 0 || layout.run == 0 || layout.period == 0) return false;
  if (count % layout.run != 0 || scales % layout.period != 0) return false;
  const std::uint64_t runs = count / layout.run;
  const std::uint64_t blocks = scales / layout.period;
  return runs % blocks == 0 && runs / blocks % layout.period == 0;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_FORMAT_HPP
