#ifndef NUQ_CAFFE_BLOB_HPP
#define NUQ_CAFFE_BLOB_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Whose blob it is, for messages.
struct BlobOrigin {
  std::string file;
  std::string layer;
  int index = 0;  ///< position among the layer's blobs
};

/// The extents a blob declares: `shape`, or the older num × channels × height × width. Not checked.
NUQ_FUNCTION [[nodiscard]] Shape blob_shape(const schema::BlobProto& blob);

namespace detail {

/// Gives a blob the shape that another one of as many values declares, in the same way of writing it; a blob of another
/// number of values keeps its own.
NUQ_FUNCTION void declare_shape_of(const schema::BlobProto& other, schema::BlobProto& blob);

NUQ_FUNCTION [[noreturn]] void fail_blob(ErrorCode code, const BlobOrigin& origin, const std::string& problem);

/// The int8 values of a deploy model's weights.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int8_t> int8_values(const schema::BlobProto& blob);

/// The uint64 values that the vendor stores in field 12, packed (the bytes of its varints) or not.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint64_t> uint64_values(const schema::BlobProto& blob,
                                                                    const BlobOrigin& origin);

}  // namespace detail

/// A blob's values in its declared shape as floats; those stored in half or double precision or as integers are
/// converted. Throws ModelError naming file, layer and blob: impossible extents, a number of values that contradicts
/// the shape, a NaN or infinite value, uint64 data.
NUQ_FUNCTION [[nodiscard]] Tensor tensor_of(const schema::BlobProto& blob, const BlobOrigin& origin);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "nuq/core/finite.hpp"
#include "nuq/core/support/half_float.hpp"
#include "nuq/graph/layer_error.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Shape blob_shape(const schema::BlobProto& blob) {
  if (blob.has_num() || blob.has_channels() || blob.has_height() || blob.has_width()) {
    return {blob.num(), blob.channels(), blob.height(), blob.width()};
  }
  return {blob.shape().dim().begin(), blob.shape().dim().end()};
}

namespace detail {

NUQ_DEFINITION void declare_shape_of(const schema::BlobProto& other, schema::BlobProto& blob) {
  const Shape declared = blob_shape(other);
  const Shape own = blob_shape(blob);
  if (!is_valid_shape(declared) || !is_valid_shape(own) || element_count(declared) != element_count(own)) return;
  blob.clear_shape();
  blob.clear_num();
  blob.clear_channels();
  blob.clear_height();
  blob.clear_width();
  if (other.has_shape()) *blob.mutable_shape() = other.shape();
  if (other.has_num()) blob.set_num(other.num());
  if (other.has_channels()) blob.set_channels(other.channels());
  if (other.has_height()) blob.set_height(other.height());
  if (other.has_width()) blob.set_width(other.width());
}

NUQ_DEFINITION void fail_blob(ErrorCode code, const BlobOrigin& origin, const std::string& problem) {
  fail_layer(code, origin.file, origin.layer, "blob " + std::to_string(origin.index) + " " + problem);
}

/// The element type of NVCaffe's raw data, a varint in field 10; nothing in blobs of others.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::uint64_t> raw_data_type(const schema::BlobProto& blob) {
  constexpr int type_field = 10;
  const google::protobuf::UnknownFieldSet& unknown = blob.unknown_fields();
  for (int index = 0; index < unknown.field_count(); ++index) {
    const google::protobuf::UnknownField& field = unknown.field(index);
    if (field.number() == type_field && field.type() == google::protobuf::UnknownField::TYPE_VARINT)
      return field.varint();
  }
  return std::nullopt;
}

/// Little-endian IEEE 754 numbers, as floats.
template <class Float, class Bits>
[[nodiscard]] std::vector<float> floats_of(std::string_view bytes) {
  static_assert(sizeof(Float) == sizeof(Bits), "the bits are those of the number");
  std::vector<float> values(bytes.size() / sizeof(Float));
  for (std::size_t index = 0; index < values.size(); ++index) {
    Bits bits = 0;
    for (std::size_t byte = sizeof(Float); byte-- > 0;)
      bits = static_cast<Bits>(bits << 8U | static_cast<unsigned char>(bytes[sizeof(Float) * index + byte]));
    Float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    values[index] = static_cast<float>(value);
  }
  return values;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<float> floats_of_halves(std::string_view bytes) {
  std::vector<float> values(bytes.size() / 2);
  for (std::size_t index = 0; index < values.size(); ++index) {
    const auto low = static_cast<unsigned char>(bytes[2 * index]);
    const auto high = static_cast<unsigned char>(bytes[2 * index + 1]);
    values[index] = float_of_half(static_cast<std::uint16_t>(low | (high << 8U)));
  }
  return values;
}

NUQ_DEFINITION std::vector<std::int8_t> int8_values(const schema::BlobProto& blob) {
  std::vector<std::int8_t> values(blob.int8_data().size());
  if (!values.empty()) std::memcpy(values.data(), blob.int8_data().data(), values.size());
  return values;
}

NUQ_DEFINITION std::vector<std::uint64_t> uint64_values(const schema::BlobProto& blob, const BlobOrigin& origin) {
  constexpr int values_field = 12;
  std::vector<std::uint64_t> values;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char byte : blob.raw_data()) {
    const auto bits = static_cast<unsigned char>(byte);
    if (shift > 63) break;
    value |= static_cast<std::uint64_t>(bits & 0x7FU) << shift;
    shift += 7;
    if ((bits & 0x80U) != 0) continue;
    values.push_back(value);
    value = 0;
    shift = 0;
  }
  if (shift != 0) fail_blob(ErrorCode::malformed_file, origin, "has a broken uint64 in field 12");
  for (int index = 0; index < blob.unknown_fields().field_count(); ++index) {
    const google::protobuf::UnknownField& field = blob.unknown_fields().field(index);
    if (field.number() == values_field && field.type() == google::protobuf::UnknownField::TYPE_VARINT)
      values.push_back(field.varint());
  }
  return values;
}

/// The values of NVCaffe's raw data, whose enum Type counts DOUBLE, FLOAT, FLOAT16, INT, UINT, BOOL
/// (NVIDIA/caffe, caffe.proto).
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> raw_values(const schema::BlobProto& blob,
                                                                const BlobOrigin& origin) {
  const std::optional<std::uint64_t> type = raw_data_type(blob);
  const std::string_view bytes = blob.raw_data();
  if (!type) fail_blob(ErrorCode::unsupported_format, origin, "stores uint64 values in field 12, wanted numbers");
  if (*type > schema::NvCaffe::FLOAT16) {
    fail_blob(ErrorCode::unsupported_format, origin,
              "has raw data of type " + std::to_string(*type) + ", wanted 0 (DOUBLE), 1 (FLOAT) or 2 (FLOAT16)");
  }
  const std::size_t size = *type == schema::NvCaffe::DOUBLE ? 8 : *type == schema::NvCaffe::FLOAT ? 4 : 2;
  if (bytes.size() % size != 0) {
    fail_blob(
        ErrorCode::size_mismatch, origin,
        "has " + std::to_string(bytes.size()) + " bytes of raw data, wanted a multiple of " + std::to_string(size));
  }
  if (*type == schema::NvCaffe::DOUBLE) return floats_of<double, std::uint64_t>(bytes);
  return *type == schema::NvCaffe::FLOAT ? floats_of<float, std::uint32_t>(bytes) : floats_of_halves(bytes);
}

/// The values a blob stores as numbers, whatever their element type. Memory is bounded by the message's own size.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> stored_values(const schema::BlobProto& blob,
                                                                   const BlobOrigin& origin) {
  if (blob.double_data_size() > 0) {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(blob.double_data_size()));
    for (const double value : blob.double_data()) values.push_back(static_cast<float>(value));
    return values;
  }
  if (!blob.int8_data().empty()) {
    const std::vector<std::int8_t> levels = int8_values(blob);
    return {levels.begin(), levels.end()};
  }
  if (!blob.raw_data().empty()) return raw_values(blob, origin);
  if (blob.int32_data_size() > 0 && blob.data().empty()) {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(blob.int32_data_size()));
    for (const std::int32_t value : blob.int32_data()) values.push_back(static_cast<float>(value));
    return values;
  }
  return {blob.data().begin(), blob.data().end()};
}

}  // namespace detail

NUQ_DEFINITION Tensor tensor_of(const schema::BlobProto& blob, const BlobOrigin& origin) {
  Shape shape = blob_shape(blob);
  if (!is_valid_shape(shape))
    detail::fail_blob(ErrorCode::malformed_file, origin, "has the impossible shape " + to_string(shape));
  std::vector<float> values = detail::stored_values(blob, origin);
  if (values.size() != element_count(shape)) {
    detail::fail_blob(ErrorCode::size_mismatch, origin,
                      "has " + std::to_string(values.size()) + " values, shape " + to_string(shape) + " needs " +
                          std::to_string(element_count(shape)));
  }
  if (!all_finite(values)) {
    const auto found = std::find_if(values.begin(), values.end(), [](float value) { return !is_finite(value); });
    detail::fail_blob(ErrorCode::non_finite_value, origin,
                      "value " + std::to_string(found - values.begin()) + " is " + std::to_string(*found) +
                          ", wanted a finite number");
  }
  return {std::move(shape), std::move(values)};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_BLOB_HPP
