#ifndef NUQ_IO_NPY_HPP
#define NUQ_IO_NPY_HPP

#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

}  // namespace detail

/// The array in the bytes of an .npy file (versions 1.0 to 3.0; little-endian uint8, int8, int32, int64, float32 or
/// float64 in C order). `file` is only named in messages. Throws FormatError malformed_file, unsupported_format,
/// size_mismatch. Source: the format's description, `numpy.lib.format`.
NUQ_FUNCTION [[nodiscard]] NumericArray parse_npy(std::string bytes, const std::string& file);

/// Reads an .npy file; see `parse_npy`. Throws FormatError file_not_readable as well.
NUQ_FUNCTION [[nodiscard]] NumericArray read_npy(const std::string& path);

/// The bytes of an .npy file (version 1.0, float32) that holds `tensor`.
NUQ_FUNCTION [[nodiscard]] std::string npy_bytes(const TensorView& tensor);

/// Writes a tensor as float32 .npy file, whole or not at all. Throws FormatError file_not_writable.
NUQ_FUNCTION void write_npy(const std::string& path, const TensorView& tensor);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "nuq/io/atomic_file.hpp"
#include "nuq/io/detail/little_endian.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What the header of an .npy file says: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
struct NpyHeader {
  std::optional<NumericType> type;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

/// Reads the dictionary of an .npy header, a Python literal of which only the three known keys may occur, in any order.
class NpyHeaderParser {
 public:
  NUQ_FUNCTION NpyHeaderParser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  NUQ_FUNCTION [[nodiscard]] NpyHeader parse() {
    NpyHeader header;
    expect('{');
    while (!accept('}')) {
      entry(header);
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!rest_.empty()) malformed("text after the dictionary");
    if (!header.type || !header.fortran_order || !header.shape) malformed("a key is missing");
    return header;
  }

 private:
  NUQ_FUNCTION void entry(NpyHeader& header) {
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr") {
      assign(header.type, element_type());
    } else if (key == "fortran_order") {
      assign(header.fortran_order, boolean());
    } else if (key == "shape") {
      assign(header.shape, extents());
    } else {
      malformed("unknown key '" + std::string(key) + "'");
    }
  }

  template <class T>
  void assign(std::optional<T>& field, T value) {
    if (field) malformed("a key occurs twice");
    field = std::move(value);
  }

  NUQ_FUNCTION [[nodiscard]] NumericType element_type() {
    const std::string_view name = quoted();
    if (name == "|u1" || name == "|b1") return NumericType::uint8;
    if (name == "|i1") return NumericType::int8;
    if (name == "<i4") return NumericType::int32;
    if (name == "<i8") return NumericType::int64;
    if (name == "<f4") return NumericType::float32;
    if (name == "<f8") return NumericType::float64;
    fail(FormatError(ErrorCode::unsupported_format,
                     file_ + ": element type '" + std::string(name) + "', can read |u1 |i1 <i4 <i8 <f4 <f8"));
  }

  NUQ_FUNCTION [[nodiscard]] bool boolean() {
    skip_spaces();
    if (accept_word("True")) return true;
    if (accept_word("False")) return false;
    malformed("fortran_order is neither True nor False");
  }

  /// `()`, `(3,)`, `(3, 4)` or `(3, 4,)`.
  NUQ_FUNCTION [[nodiscard]] Shape extents() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      shape.push_back(extent());
      if (accept(',')) continue;
      if (shape.size() == 1) malformed("shape is not a tuple");
      expect(')');
      break;
    }
    return shape;
  }

  NUQ_FUNCTION [[nodiscard]] std::int64_t extent() {
    skip_spaces();
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value = value * 10 + (rest_[digits] - '0');
      if (value > max_element_count) malformed("shape has an impossible extent");
    }
    if (digits == 0) malformed("shape holds something that is no number");
    rest_.remove_prefix(digits);
    return value;
  }

  NUQ_FUNCTION [[nodiscard]] std::string_view quoted() {
    skip_spaces();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) malformed("a quoted word is missing");
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) malformed("a quoted word does not end");
    const std::string_view word = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return word;
  }

  NUQ_FUNCTION [[nodiscard]] bool accept_word(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  NUQ_FUNCTION [[nodiscard]] bool accept(char character) {
    skip_spaces();
    return accept_word({&character, 1});
  }
  NUQ_FUNCTION void expect(char character) {
    if (!accept(character)) malformed(std::string("'") + character + "' is missing");
  }
  NUQ_FUNCTION void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }

  NUQ_FUNCTION [[noreturn]] void malformed(const std::string& what) const {
    fail(FormatError(ErrorCode::malformed_file, file_ + ": npy header: " + what));
  }

  std::string_view rest_;
  const std::string& file_;
};

/// `(2, 3)` as Python writes it; `(3,)` with one element.
NUQ_FUNCTION [[nodiscard]] inline std::string python_tuple(const Shape& shape) {
  std::string text = "(";
  for (const std::int64_t extent : shape) text += std::to_string(extent) + ", ";
  if (shape.size() > 1) text.pop_back();
  if (!shape.empty()) text.pop_back();
  return text + ")";
}

}  // namespace detail

NUQ_DEFINITION NumericArray parse_npy(std::string bytes, const std::string& file) {
  constexpr std::size_t version_at = detail::npy_magic.size();
  if (bytes.size() < version_at + 4 || bytes.compare(0, version_at, detail::npy_magic) != 0) {
    detail::fail(FormatError(ErrorCode::malformed_file, file + ": not an npy file"));
  }
  const int version = static_cast<unsigned char>(bytes[version_at]);
  if (version < 1 || version > 3 || bytes[version_at + 1] != 0) {
    detail::fail(FormatError(ErrorCode::unsupported_format,
                             file + ": npy version " + std::to_string(version) + "." +
                                 std::to_string(static_cast<unsigned char>(bytes[version_at + 1])) +
                                 ", can read 1.0 to 3.0"));
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  const std::size_t text_at = version_at + 2 + length_bytes;
  std::size_t length = 0;
  for (std::size_t at = (std::min)(text_at, bytes.size()); at > version_at + 2; --at) {
    length = length << 8U | static_cast<unsigned char>(bytes[at - 1]);
  }
  if (bytes.size() < text_at || bytes.size() - text_at < length) {
    detail::fail(FormatError(ErrorCode::malformed_file, file + ": npy header: the file ends inside it"));
  }
  const detail::NpyHeader header =
      detail::NpyHeaderParser(std::string_view(bytes).substr(text_at, length), file).parse();
  if (*header.fortran_order && header.shape->size() > 1) {
    detail::fail(FormatError(ErrorCode::unsupported_format, file + ": elements in Fortran order, wanted C order"));
  }
  return detail::array_of(std::move(bytes), text_at + length, *header.type, *header.shape, file);
}

NUQ_DEFINITION NumericArray read_npy(const std::string& path) {
  return parse_npy(std::string(MappedFile(path).bytes()), path);
}

NUQ_DEFINITION std::string npy_bytes(const TensorView& tensor) {
  constexpr std::size_t alignment = 64;  // of the first element, as NumPy has it
  constexpr std::size_t prefix = detail::npy_magic.size() + 4;
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': " + detail::python_tuple(tensor.shape) + ", }";
  header.append((alignment - (prefix + header.size() + 1) % alignment) % alignment, ' ');
  header += '\n';

  std::string bytes(detail::npy_magic);
  bytes.reserve(prefix + header.size() + tensor.values.size() * sizeof(float));
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xFFU), static_cast<char>(header.size() >> 8U)};
  bytes += header;
  for (const float value : tensor.values) detail::append_little_endian(bytes, value);
  return bytes;
}

NUQ_DEFINITION void write_npy(const std::string& path, const TensorView& tensor) {
  write_file_atomically(path, npy_bytes(tensor));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_NPY_HPP
