#ifndef NUQ_IO_NUMERIC_ARRAY_HPP
#define NUQ_IO_NUMERIC_ARRAY_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Type of the elements of an array file.
enum class NumericType { uint8, int8, int32, int64, float32, float64 };

/// In bytes.
[[nodiscard]] constexpr std::size_t element_size(NumericType type) noexcept {
  switch (type) {
    case NumericType::uint8:
    case NumericType::int8:
      return 1;
    case NumericType::int32:
    case NumericType::float32:
      return 4;
    case NumericType::int64:
    case NumericType::float64:
      return 8;
  }
  return 0;
}

/// Whether a type holds whole numbers alone.
[[nodiscard]] constexpr bool is_integer(NumericType type) noexcept {
  return type != NumericType::float32 && type != NumericType::float64;
}

/// The content of an array file as stored: elements in C order (last axis fastest), each little-endian.
struct NumericArray {
  NumericType type = NumericType::float32;
  Shape shape;
  std::string bytes;  ///< element_count(shape) · element_size(type)
};

namespace detail {

/// An array out of a file's bytes: everything after the first `header_size` is the elements. Throws FormatError where
/// the shape is absurd or does not fit the number of bytes.
NUQ_FUNCTION [[nodiscard]] NumericArray array_of(std::string file_bytes, std::size_t header_size, NumericType type,
                                                 Shape shape, const std::string& file);

}  // namespace detail

/// The elements as float, rounded to nearest where float cannot hold them.
NUQ_FUNCTION [[nodiscard]] Tensor to_tensor(const NumericArray& array);

/// An element of an array, and its place among all.
struct NumericElement {
  std::size_t index = 0;
  double value = 0.0;
};

/// The first element that is no finite float: NaN, infinite, or beyond float's range. Nothing where there is none.
NUQ_FUNCTION [[nodiscard]] std::optional<NumericElement> first_beyond_float(const NumericArray& array);

/// The elements of an integer array, in order; none for an array of floating-point numbers (see `is_integer`).
NUQ_FUNCTION [[nodiscard]] std::vector<std::int64_t> to_integers(const NumericArray& array);

/// Entries [first, first + count) along the first axis; they, and at least one, must exist.
NUQ_FUNCTION [[nodiscard]] NumericArray entries_of(const NumericArray& array, std::size_t first, std::size_t count);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cmath>
#include <limits>
#include <utility>

#include "nuq/core/finite.hpp"
#include "nuq/io/detail/little_endian.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION NumericArray array_of(std::string file_bytes, std::size_t header_size, NumericType type, Shape shape,
                                     const std::string& file) {
  if (!is_valid_shape(shape)) {
    fail(FormatError(ErrorCode::malformed_file, file + ": impossible shape " + to_string(shape)));
  }
  const std::size_t found = file_bytes.size() - header_size;
  const std::uint64_t wanted = std::uint64_t{element_count(shape)} * element_size(type);
  if (found != wanted) {
    fail(FormatError(ErrorCode::size_mismatch, file + ": " + std::to_string(found) + " bytes of elements, shape " +
                                                   to_string(shape) + " needs " + std::to_string(wanted)));
  }
  file_bytes.erase(0, header_size);
  return {type, std::move(shape), std::move(file_bytes)};
}

template <class Stored, class Value>
[[nodiscard]] std::vector<Value> convert_elements(const std::string& bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Stored));
  for (std::size_t index = 0; index < values.size(); ++index) {
    values[index] = static_cast<Value>(load_little_endian<Stored>(bytes.data() + index * sizeof(Stored)));
  }
  return values;
}

template <class Stored>
[[nodiscard]] std::optional<NumericElement> first_beyond_float_of(const std::string& bytes) {
  constexpr auto largest = static_cast<double>((std::numeric_limits<float>::max)());
  for (std::size_t index = 0; index < bytes.size() / sizeof(Stored); ++index) {
    const auto value = static_cast<double>(load_little_endian<Stored>(bytes.data() + index * sizeof(Stored)));
    if (!is_finite(value) || std::fabs(value) > largest) return NumericElement{index, value};
  }
  return std::nullopt;
}

}  // namespace detail

NUQ_DEFINITION std::optional<NumericElement> first_beyond_float(const NumericArray& array) {
  if (array.type == NumericType::float32) return detail::first_beyond_float_of<float>(array.bytes);
  if (array.type == NumericType::float64) return detail::first_beyond_float_of<double>(array.bytes);
  return std::nullopt;
}

NUQ_DEFINITION Tensor to_tensor(const NumericArray& array) {
  switch (array.type) {
    case NumericType::uint8:
      return {array.shape, detail::convert_elements<std::uint8_t, float>(array.bytes)};
    case NumericType::int8:
      return {array.shape, detail::convert_elements<std::int8_t, float>(array.bytes)};
    case NumericType::int32:
      return {array.shape, detail::convert_elements<std::int32_t, float>(array.bytes)};
    case NumericType::int64:
      return {array.shape, detail::convert_elements<std::int64_t, float>(array.bytes)};
    case NumericType::float32:
      return {array.shape, detail::convert_elements<float, float>(array.bytes)};
    case NumericType::float64:
      return {array.shape, detail::convert_elements<double, float>(array.bytes)};
  }
  return {};
}

NUQ_DEFINITION std::vector<std::int64_t> to_integers(const NumericArray& array) {
  switch (array.type) {
    case NumericType::uint8:
      return detail::convert_elements<std::uint8_t, std::int64_t>(array.bytes);
    case NumericType::int8:
      return detail::convert_elements<std::int8_t, std::int64_t>(array.bytes);
    case NumericType::int32:
      return detail::convert_elements<std::int32_t, std::int64_t>(array.bytes);
    case NumericType::int64:
      return detail::convert_elements<std::int64_t, std::int64_t>(array.bytes);
    case NumericType::float32:
    case NumericType::float64:
      break;
  }
  return {};
}

NUQ_DEFINITION NumericArray entries_of(const NumericArray& array, std::size_t first, std::size_t count) {
  NumericArray part{array.type, array.shape, {}};
  part.shape[0] = static_cast<std::int64_t>(count);
  const std::size_t entry_bytes = array.bytes.size() / static_cast<std::size_t>(array.shape[0]);
  part.bytes = array.bytes.substr(first * entry_bytes, count * entry_bytes);
  return part;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_NUMERIC_ARRAY_HPP
