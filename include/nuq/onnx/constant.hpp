#ifndef NUQ_ONNX_CONSTANT_HPP
#define NUQ_ONNX_CONSTANT_HPP

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/onnx_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The values of a constant: floats of the types FLOAT, FLOAT16, BFLOAT16 and DOUBLE, whole numbers of the integer
/// types and BOOL. Other types have none here.
struct OnnxConstant {
  int type = onnx_schema::TensorProto::UNDEFINED;
  Shape shape;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;

  NUQ_FUNCTION [[nodiscard]] bool is_float() const noexcept;
  NUQ_FUNCTION [[nodiscard]] bool is_integer() const noexcept;
  /// The values as floats, whatever they are.
  NUQ_FUNCTION [[nodiscard]] std::vector<float> values() const;
};

/// "float32", "int64", … for messages.
NUQ_FUNCTION [[nodiscard]] std::string onnx_type_name(int type);

/// The tensors of a model: in the .onnx file itself, or in files beside it.
class OnnxTensors {
 public:
  NUQ_FUNCTION OnnxTensors(std::string model_file, ResourceLimits limits);

  /// Throws ModelError that begins with `place` for what is no tensor: extents that are negative or absurd, another
  /// number of values than they ask for, an unknown type, a file that is absent, short or outside of the model's
  /// folder.
  NUQ_FUNCTION void check(const onnx_schema::TensorProto& tensor, const std::string& place);

  /// Of a tensor that passes `check`.
  NUQ_FUNCTION [[nodiscard]] OnnxConstant read(const onnx_schema::TensorProto& tensor, const std::string& place);

  /// Puts the values of tensors in other files into a graph, those of its subgraphs too.
  NUQ_FUNCTION void take_in(onnx_schema::GraphProto& graph);

  /// A tensor's one value everywhere in a valid shape; of no values where the tensor has not one number.
  NUQ_FUNCTION [[nodiscard]] OnnxConstant repeated(const onnx_schema::TensorProto& value, Shape shape,
                                                   const std::string& place);

  /// The little-endian values of a tensor that does not keep them in a field of their type; empty for one that does.
  NUQ_FUNCTION [[nodiscard]] std::string_view raw(const onnx_schema::TensorProto& tensor, const std::string& place);

 private:
  NUQ_FUNCTION [[nodiscard]] std::string_view external(const onnx_schema::TensorProto& tensor,
                                                       const std::string& place);
  NUQ_FUNCTION [[nodiscard]] const MappedFile& file(const std::string& location, const std::string& place);

  std::string model_file_;
  ResourceLimits limits_;
  std::map<std::string, std::unique_ptr<const MappedFile>> files_;  // by location
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/core/support/half_float.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Bits of one value; 0 for strings and unknown types.
NUQ_FUNCTION [[nodiscard]] inline int bits_of_type(int type) noexcept {
  using T = onnx_schema::TensorProto;
  switch (type) {
    case T::DOUBLE:
    case T::INT64:
    case T::UINT64:
    case T::COMPLEX64:
      return 64;
    case T::COMPLEX128:
      return 128;
    case T::FLOAT:
    case T::INT32:
    case T::UINT32:
      return 32;
    case T::FLOAT16:
    case T::BFLOAT16:
    case T::INT16:
    case T::UINT16:
      return 16;
    case T::INT8:
    case T::UINT8:
    case T::BOOL:
    case T::FLOAT8E4M3FN:
    case T::FLOAT8E4M3FNUZ:
    case T::FLOAT8E5M2:
    case T::FLOAT8E5M2FNUZ:
    case T::FLOAT8E8M0:
      return 8;
    case T::INT4:
    case T::UINT4:
    case T::FLOAT4E2M1:
      return 4;
    case T::INT2:
    case T::UINT2:
      return 2;
    case T::FLOAT6E2M3:
    case T::FLOAT6E3M2:
      return 6;
    default:
      return 0;
  }
}

/// How many values the field of the tensor's type holds.
NUQ_FUNCTION [[nodiscard]] inline std::size_t typed_count(const onnx_schema::TensorProto& tensor) noexcept {
  using T = onnx_schema::TensorProto;
  switch (tensor.data_type()) {
    case T::FLOAT:
      return static_cast<std::size_t>(tensor.float_data_size());
    case T::COMPLEX64:
      return static_cast<std::size_t>(tensor.float_data_size()) / 2;
    case T::DOUBLE:
      return static_cast<std::size_t>(tensor.double_data_size());
    case T::COMPLEX128:
      return static_cast<std::size_t>(tensor.double_data_size()) / 2;
    case T::INT64:
      return static_cast<std::size_t>(tensor.int64_data_size());
    case T::UINT32:
    case T::UINT64:
      return static_cast<std::size_t>(tensor.uint64_data_size());
    case T::STRING:
      return static_cast<std::size_t>(tensor.string_data_size());
    default:
      return static_cast<std::size_t>(tensor.int32_data_size());
  }
}

NUQ_FUNCTION [[nodiscard]] inline float bfloat_value(std::uint16_t upper) noexcept {
  const std::uint32_t bits = static_cast<std::uint32_t>(upper) << 16U;
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The unsigned number in `bytes` little-endian bytes.
NUQ_FUNCTION [[nodiscard]] inline std::uint64_t little_endian(const char* data, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t at = bytes; at-- > 0;) value = value << 8U | static_cast<unsigned char>(data[at]);
  return value;
}

NUQ_FUNCTION [[nodiscard]] inline float float_of_bits(int type, std::uint64_t bits) noexcept {
  using T = onnx_schema::TensorProto;
  if (type == T::FLOAT16) return float_of_half(static_cast<std::uint16_t>(bits));
  if (type == T::BFLOAT16) return bfloat_value(static_cast<std::uint16_t>(bits));
  if (type == T::DOUBLE) {
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
  }
  const auto single = static_cast<std::uint32_t>(bits);
  float value = 0.0F;
  std::memcpy(&value, &single, sizeof value);
  return value;
}

NUQ_FUNCTION [[nodiscard]] inline std::int64_t integer_of_bits(int type, std::uint64_t bits) noexcept {
  using T = onnx_schema::TensorProto;
  if (type == T::INT8) return static_cast<std::int8_t>(bits);
  if (type == T::INT16) return static_cast<std::int16_t>(bits);
  if (type == T::INT32) return static_cast<std::int32_t>(bits);
  return static_cast<std::int64_t>(bits);
}

/// Numbers of four bits, the first one of each byte in its low bits.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> four_bit_integers(std::string_view bytes, std::size_t count,
                                                                              bool is_signed) {
  std::vector<std::int64_t> values(count);
  for (std::size_t at = 0; at < count; ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at / 2]);
    const std::int64_t value = (byte >> (at % 2 * 4)) & 0xF;
    values[at] = is_signed && value > 7 ? value - 16 : value;
  }
  return values;
}

/// A number in a field of a reference to a file; −1 for what is none.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t reference_number(const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::strtoll(text.c_str(), nullptr, 10);
}

NUQ_FUNCTION [[noreturn]] inline void fail_tensor(ErrorCode code, const std::string& place,
                                                  const std::string& problem) {
  fail(ModelError(code, place + ": " + problem));
}

}  // namespace detail

NUQ_DEFINITION bool OnnxConstant::is_float() const noexcept {
  using T = onnx_schema::TensorProto;
  return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
}

NUQ_DEFINITION bool OnnxConstant::is_integer() const noexcept {
  using T = onnx_schema::TensorProto;
  return type == T::INT64 || type == T::INT32 || type == T::INT16 || type == T::INT8 || type == T::UINT64 ||
         type == T::UINT32 || type == T::UINT16 || type == T::UINT8 || type == T::BOOL || type == T::INT4 ||
         type == T::UINT4;
}

NUQ_DEFINITION std::vector<float> OnnxConstant::values() const {
  return is_float() ? floats : std::vector<float>(integers.begin(), integers.end());
}

NUQ_DEFINITION std::string onnx_type_name(int type) {
  static constexpr const char* names[] = {"undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
                                          "int32",     "int64",   "string",    "bool",       "float16", "float64",
                                          "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};
  const bool is_named = type >= 0 && static_cast<std::size_t>(type) < sizeof names / sizeof names[0];
  return is_named ? names[type] : "type " + std::to_string(type);
}

NUQ_DEFINITION OnnxTensors::OnnxTensors(std::string model_file, ResourceLimits limits)
    : model_file_(std::move(model_file)), limits_(limits) {}

NUQ_DEFINITION void OnnxTensors::check(const onnx_schema::TensorProto& tensor, const std::string& place) {
  const Shape shape(tensor.dims().begin(), tensor.dims().end());
  if (!is_valid_shape(shape)) {
    detail::fail_tensor(ErrorCode::size_mismatch, place,
                        "has shape " + to_string(shape) + ", wanted extents from 0 and fewer than 2^40 values");
  }
  const int bits = detail::bits_of_type(tensor.data_type());
  const bool is_string = tensor.data_type() == onnx_schema::TensorProto::STRING;
  if (bits == 0 && !is_string) {
    detail::fail_tensor(ErrorCode::unsupported_format, place,
                        "has data type " + std::to_string(tensor.data_type()) + ", wanted one that ONNX knows");
  }
  if (tensor.has_segment()) detail::fail_tensor(ErrorCode::unsupported_format, place, "is one segment of a tensor");
  const std::size_t count = element_count(shape);
  const bool is_typed = !tensor.has_raw_data() && tensor.data_location() != onnx_schema::TensorProto::EXTERNAL;
  if (is_typed) {
    const std::size_t held = detail::typed_count(tensor);
    const std::size_t wanted = bits > 0 && bits < 8 ? (count * static_cast<std::size_t>(bits) + 7) / 8 : count;
    if (held == wanted) return;
    detail::fail_tensor(ErrorCode::size_mismatch, place,
                        "holds " + std::to_string(held) + " values, its shape " + to_string(shape) + " asks for " +
                            std::to_string(count));
  }
  const std::size_t wanted = (count * static_cast<std::size_t>(bits) + 7) / 8;
  const std::size_t held = raw(tensor, place).size();
  if (held == wanted && !is_string) return;
  detail::fail_tensor(ErrorCode::size_mismatch, place,
                      "holds " + std::to_string(held) + " bytes, its shape " + to_string(shape) + " asks for " +
                          std::to_string(wanted));
}

NUQ_DEFINITION void OnnxTensors::take_in(onnx_schema::GraphProto& graph) {
  const auto take = [this](onnx_schema::TensorProto& tensor) {
    if (tensor.data_location() != onnx_schema::TensorProto::EXTERNAL) return;
    tensor.set_raw_data(std::string(raw(tensor, model_file_ + ": tensor '" + tensor.name() + "'")));
    tensor.clear_external_data();
    tensor.clear_data_location();
  };
  for (onnx_schema::TensorProto& tensor : *graph.mutable_initializer()) take(tensor);
  for (onnx_schema::NodeProto& node : *graph.mutable_node()) {
    for (onnx_schema::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) take(*attribute.mutable_t());
      if (attribute.has_g()) take_in(*attribute.mutable_g());
      for (onnx_schema::GraphProto& inner : *attribute.mutable_graphs()) take_in(inner);
    }
  }
}

NUQ_DEFINITION OnnxConstant OnnxTensors::repeated(const onnx_schema::TensorProto& value, Shape shape,
                                                  const std::string& place) {
  constexpr std::uint64_t bytes_of_value = 32;  // in the copies that a network is made with
  const std::size_t count = element_count(shape);
  limits_.require_memory(bytes_of_value * static_cast<std::uint64_t>(count), place);
  OnnxConstant constant = read(value, place);
  constant.shape = std::move(shape);
  if (constant.floats.size() == 1) constant.floats.resize(count, constant.floats.front());
  if (constant.integers.size() == 1) constant.integers.resize(count, constant.integers.front());
  return constant;
}

NUQ_DEFINITION OnnxConstant OnnxTensors::read(const onnx_schema::TensorProto& tensor, const std::string& place) {
  check(tensor, place);
  OnnxConstant constant;
  constant.type = tensor.data_type();
  constant.shape.assign(tensor.dims().begin(), tensor.dims().end());
  const std::size_t count = element_count(constant.shape);
  limits_.require_memory(8 * static_cast<std::uint64_t>(count), place);
  const bool is_float = constant.is_float();
  if (!is_float && !constant.is_integer()) return constant;
  const std::string_view bytes = raw(tensor, place);
  if (detail::bits_of_type(constant.type) == 4) {
    std::string typed;
    for (const std::int32_t value : tensor.int32_data()) typed += static_cast<char>(value);
    const bool is_signed = constant.type == onnx_schema::TensorProto::INT4;
    constant.integers = detail::four_bit_integers(bytes.empty() ? std::string_view(typed) : bytes, count, is_signed);
    return constant;
  }
  const auto width = static_cast<std::size_t>(detail::bits_of_type(constant.type)) / 8;
  if (!bytes.empty()) {
    if (is_float) constant.floats.resize(count);
    if (!is_float) constant.integers.resize(count);
    for (std::size_t at = 0; at < count; ++at) {
      const std::uint64_t value = detail::little_endian(bytes.data() + at * width, width);
      if (is_float) constant.floats[at] = detail::float_of_bits(constant.type, value);
      if (!is_float) constant.integers[at] = detail::integer_of_bits(constant.type, value);
    }
    return constant;
  }
  using T = onnx_schema::TensorProto;
  if (constant.type == T::FLOAT) {
    constant.floats.assign(tensor.float_data().begin(), tensor.float_data().end());
  } else if (constant.type == T::DOUBLE) {
    for (const double value : tensor.double_data()) constant.floats.push_back(static_cast<float>(value));
  } else if (is_float) {
    for (const std::int32_t value : tensor.int32_data())
      constant.floats.push_back(detail::float_of_bits(constant.type, static_cast<std::uint32_t>(value)));
  } else if (constant.type == T::INT64) {
    constant.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
  } else if (constant.type == T::UINT64 || constant.type == T::UINT32) {
    constant.integers.assign(tensor.uint64_data().begin(), tensor.uint64_data().end());
  } else {
    constant.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  }
  return constant;
}

NUQ_DEFINITION std::string_view OnnxTensors::raw(const onnx_schema::TensorProto& tensor, const std::string& place) {
  if (tensor.data_location() == onnx_schema::TensorProto::EXTERNAL) return external(tensor, place);
  return tensor.raw_data();
}

NUQ_DEFINITION std::string_view OnnxTensors::external(const onnx_schema::TensorProto& tensor,
                                                      const std::string& place) {
  std::string location;
  std::string offset_text = "0";
  std::string length_text;
  for (const onnx_schema::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset_text = entry.value();
    if (entry.key() == "length") length_text = entry.value();
  }
  const std::string_view bytes = file(location, place).bytes();
  const std::int64_t offset = detail::reference_number(offset_text);
  const bool begins_within = offset >= 0 && static_cast<std::uint64_t>(offset) <= bytes.size();
  const std::uint64_t rest = begins_within ? bytes.size() - static_cast<std::uint64_t>(offset) : 0;
  const std::int64_t length =
      length_text.empty() ? static_cast<std::int64_t>(rest) : detail::reference_number(length_text);
  if (!begins_within || length < 0 || static_cast<std::uint64_t>(length) > rest) {
    detail::fail_tensor(ErrorCode::size_mismatch, place,
                        "its values stand in '" + location + "' at " + offset_text + ", " +
                            (length_text.empty() ? "to the end" : length_text + " bytes") + ", which has " +
                            std::to_string(bytes.size()) + " bytes");
  }
  return bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

NUQ_DEFINITION const MappedFile& OnnxTensors::file(const std::string& location, const std::string& place) {
  const auto known = files_.find(location);
  if (known != files_.end()) return *known->second;
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::absolute(fs::path(model_file_), error).parent_path().lexically_normal();
  const fs::path path = (folder / fs::u8path(location)).lexically_normal();
  const auto is_within = [](const fs::path& outer, const fs::path& inner) {
    const fs::path way = inner.lexically_relative(outer);
    return !way.empty() && way != "." && *way.begin() != "..";
  };
  if (location.empty() || fs::u8path(location).is_absolute() || !is_within(folder, path) ||
      !is_within(fs::weakly_canonical(folder, error), fs::weakly_canonical(path, error))) {
    detail::fail_tensor(ErrorCode::file_not_readable, place,
                        "its values stand in '" + location + "', wanted a file in the model's folder");
  }
  try {
    return *files_.emplace(location, std::make_unique<const MappedFile>(path.string())).first->second;
  } catch (const FormatError& unreadable) {
    detail::fail_tensor(ErrorCode::file_not_readable, place, unreadable.message());
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_CONSTANT_HPP
