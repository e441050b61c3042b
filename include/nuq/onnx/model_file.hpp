#ifndef NUQ_ONNX_MODEL_FILE_HPP
#define NUQ_ONNX_MODEL_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Whether a file is an .onnx model: its message begins with the version of the format, whatever the file is called, or
/// its name ends in .onnx, and what is wrong with it remains to be said. A packed file counts if its text is such a
/// message.
NUQ_FUNCTION [[nodiscard]] bool is_onnx_file(const std::string& file);

/// A model from memory; the file's name is for messages. Throws ModelError: empty, a git-lfs pointer, text, over 2 GB,
/// no message of the schema, without a graph, nested too deep.
NUQ_FUNCTION [[nodiscard]] OnnxModel parse_onnx_model(std::string_view bytes, const std::string& file);

/// Reads an .onnx file or, told by its content, a packed file of one. Throws FormatError file_not_readable, and what
/// `parse_onnx_model` and `onnx_model_of_packed_file` throw.
NUQ_FUNCTION [[nodiscard]] OnnxModel read_onnx_model(const std::string& file,
                                                     const ResourceLimits& limits = ResourceLimits::from_environment());

/// The bytes of a model's file; the same model always gives the same. Throws ModelError for 2 GB and more.
NUQ_FUNCTION [[nodiscard]] std::string onnx_file_bytes(const onnx_schema::ModelProto& model, const std::string& file);

/// What one file cannot hold: protobuf's own limit.
inline constexpr std::size_t max_onnx_bytes = (std::numeric_limits<std::int32_t>::max)();

/// The bytes of a model, and those of the file beside it that holds its large initializers.
struct OnnxFiles {
  std::string model;
  std::string data;  ///< empty where the model holds all
};

/// A model in files: in one if that is not larger than `most_bytes`, otherwise with its initializers of 1 kB and more
/// in a second one, called as `file` with ".data" behind, at multiples of 4096 bytes. Throws ModelError for what is too
/// large without them too.
NUQ_FUNCTION [[nodiscard]] OnnxFiles onnx_files(const onnx_schema::ModelProto& model, const std::string& file,
                                                std::size_t most_bytes = max_onnx_bytes);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <algorithm>
#include <filesystem>

#include "nuq/core/support/ends_with.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/packed/packed_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// No control characters but white space: a page or a prototxt under a model's name.
NUQ_FUNCTION [[nodiscard]] inline bool is_plain_text(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 256);
  return std::none_of(start.begin(), start.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

NUQ_FUNCTION [[noreturn]] inline void fail_onnx(const std::string& file, const std::string& problem) {
  fail(ModelError(ErrorCode::malformed_file, file + ": " + problem));
}

}  // namespace detail

NUQ_DEFINITION bool is_onnx_file(const std::string& file) {
  const bool has_ending = detail::ends_with(file, ".onnx");
  try {
    const MappedFile content(file);
    const std::string_view bytes = content.bytes();
    if (!detail::begins_as_packed(bytes)) return has_ending || detail::begins_as_onnx(bytes);
    return detail::begins_as_onnx(PackedModel(bytes.data(), bytes.size(), file).prototxt());
  } catch (const FormatError&) {
    return has_ending;
  }
}

NUQ_DEFINITION OnnxModel parse_onnx_model(std::string_view bytes, const std::string& file) {
  if (bytes.empty()) detail::fail_onnx(file, "is empty, wanted an .onnx model");
  if (bytes.substr(0, 23) == "version https://git-lfs") {
    detail::fail_onnx(file, "is a git-lfs pointer, wanted the file it stands for (run `git lfs pull`)");
  }
  if (detail::is_plain_text(bytes)) detail::fail_onnx(file, "is text, wanted an .onnx model");
  if (bytes.size() > max_onnx_bytes) {
    detail::fail(ModelError(ErrorCode::unsupported_format, file + ": is larger than 2 GB, protobuf's limit"));
  }
  OnnxModel model;
  model.file = file;
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetRecursionLimit(100);
  if (!model.proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage()) {
    detail::fail_onnx(file, "is truncated, nested too deep or no .onnx model: its protobuf message cannot be parsed");
  }
  if (!model.proto.has_graph()) detail::fail_onnx(file, "has no graph, wanted an .onnx model");
  return model;
}

NUQ_DEFINITION OnnxModel read_onnx_model(const std::string& file, const ResourceLimits& limits) {
  refuse_half_written(file);
  const MappedFile content(file);
  const std::string_view bytes = content.bytes();
  if (!detail::begins_as_packed(bytes)) return parse_onnx_model(bytes, file);
  return onnx_model_of_packed_file({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file, limits);
}

NUQ_DEFINITION std::string onnx_file_bytes(const onnx_schema::ModelProto& model, const std::string& file) {
  if (model.ByteSizeLong() > max_onnx_bytes) {
    detail::fail(ModelError(ErrorCode::unsupported_format, file + ": would be larger than 2 GB, protobuf's limit"));
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  model.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

NUQ_DEFINITION OnnxFiles onnx_files(const onnx_schema::ModelProto& model, const std::string& file,
                                    std::size_t most_bytes) {
  if (model.ByteSizeLong() <= most_bytes) return {onnx_file_bytes(model, file), {}};
  constexpr std::size_t least = 1024;
  constexpr std::size_t alignment = 4096;  // of pages, so that runtimes can map the file
  onnx_schema::ModelProto without = model;
  OnnxFiles files;
  for (onnx_schema::TensorProto& tensor : *without.mutable_graph()->mutable_initializer()) {
    if (tensor.raw_data().size() < least) continue;
    files.data.resize((files.data.size() + alignment - 1) / alignment * alignment);
    const auto add_entry = [&tensor](const char* key, const std::string& value) {
      onnx_schema::StringStringEntryProto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add_entry("location", std::filesystem::path(file).filename().string() + ".data");
    add_entry("offset", std::to_string(files.data.size()));
    add_entry("length", std::to_string(tensor.raw_data().size()));
    files.data += tensor.raw_data();
    tensor.clear_raw_data();
    tensor.set_data_location(onnx_schema::TensorProto::EXTERNAL);
  }
  files.model = onnx_file_bytes(without, file);
  return files;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_MODEL_FILE_HPP
