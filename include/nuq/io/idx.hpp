#ifndef NUQ_IO_IDX_HPP
#define NUQ_IO_IDX_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The array in the bytes of an IDX file, the format of MNIST: two zero bytes, element type, number of axes, big-endian
/// 32-bit extents, elements. Elements of one byte only. `file` is only named in messages. Throws FormatError
/// malformed_file, unsupported_format, size_mismatch. Source: the MNIST database's description.
NUQ_FUNCTION [[nodiscard]] NumericArray parse_idx(std::string bytes, const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "nuq/core/tensor.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline NumericType idx_element_type(unsigned char code, const std::string& file) {
  if (code == 0x08) return NumericType::uint8;
  if (code == 0x09) return NumericType::int8;
  fail(FormatError(ErrorCode::unsupported_format,
                   file + ": idx element type " + std::to_string(code) + ", can read 8 (uint8) and 9 (int8)"));
}

}  // namespace detail

NUQ_DEFINITION NumericArray parse_idx(std::string bytes, const std::string& file) {
  constexpr std::size_t extents_at = 4;
  if (bytes.size() < extents_at || bytes[0] != 0 || bytes[1] != 0) {
    detail::fail(FormatError(ErrorCode::malformed_file, file + ": not an idx file"));
  }
  const NumericType type = detail::idx_element_type(static_cast<unsigned char>(bytes[2]), file);
  const std::size_t axes = static_cast<unsigned char>(bytes[3]);
  const std::size_t header_size = extents_at + 4 * axes;
  if (bytes.size() < header_size) {
    detail::fail(FormatError(ErrorCode::malformed_file, file + ": the file ends inside its idx header"));
  }
  Shape shape(axes);
  for (std::size_t at = extents_at; at < header_size; ++at) {
    std::int64_t& extent = shape[(at - extents_at) / 4];
    extent = extent * 256 + static_cast<unsigned char>(bytes[at]);
  }
  return detail::array_of(std::move(bytes), header_size, type, std::move(shape), file);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_IDX_HPP
