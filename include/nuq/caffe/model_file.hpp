#ifndef NUQ_CAFFE_MODEL_FILE_HPP
#define NUQ_CAFFE_MODEL_FILE_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "nuq/caffe/first_parse_error.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/support/byte_order_mark.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] schema::NetParameter parse_prototxt(std::string_view text, const std::string& file);

}  // namespace detail

/// A model from memory; the file names are for messages alone. Unknown fields of the text, and unknown values of
/// enumerations, are tolerated: `unknown_fields` finds them. `weights` is
/// the content of a caffemodel; without a `weights_file` there is none and it is not looked at. Throws ModelError:
/// empty, git-lfs pointer, HDF5, over 2 GB, or malformed, with `file:line:column` for text.
NUQ_FUNCTION [[nodiscard]] Model parse_model(std::string_view text, std::string_view weights,
                                             const std::string& model_file, const std::string& weights_file);

/// Reads a prototxt and, unless `weights_file` is empty, a binary caffemodel; or, told by its content, a packed model
/// file, which holds both. Throws FormatError file_not_readable, and whatever `parse_model` and `model_of_packed_file`
/// throw.
NUQ_FUNCTION [[nodiscard]] Model read_model(const std::string& model_file, const std::string& weights_file,
                                            const ResourceLimits& limits = ResourceLimits::from_environment());

/// Stages a model: its text as it is and, unless `weights_file` is empty, its weights in binary form; the same model
/// always gives the same bytes. Nothing appears before `files.commit()`.
NUQ_FUNCTION void write_model(const Model& model, FileSet& files, const std::string& model_file,
                              const std::string& weights_file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <cstdio>
#include <system_error>

#include "nuq/caffe/mixed_syntax.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/caffe/unknown_fields.hpp"
#include "nuq/packed/format.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Refuses what can be neither a prototxt nor a caffemodel.
NUQ_FUNCTION inline void check_content(std::string_view bytes, const std::string& file) {
  const auto starts_with = [bytes](std::string_view start) { return bytes.substr(0, start.size()) == start; };
  if (bytes.empty()) fail(ModelError(ErrorCode::malformed_file, file + ": is empty"));
  if (starts_with("version https://git-lfs")) {
    fail(ModelError(ErrorCode::malformed_file,
                    file + ": is a git-lfs pointer, wanted the file it stands for (run `git lfs pull`)"));
  }
  if (starts_with("\x89HDF"))
    fail(ModelError(ErrorCode::unsupported_format, file + ": HDF5 caffemodel is not supported, wanted a protobuf one"));
  if (bytes.size() > max_message_bytes)
    fail(ModelError(ErrorCode::unsupported_format, file + ": is larger than 2 GB, protobuf's limit"));
}

/// True for bytes without control characters other than white space: a prototxt given as a caffemodel.
NUQ_FUNCTION [[nodiscard]] inline bool looks_like_text(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 256);
  return std::none_of(start.begin(), start.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

/// False, with the parser's error, where the text is no network of the schema.
NUQ_FUNCTION [[nodiscard]] inline bool parse_text(std::string_view text, schema::NetParameter& net,
                                                  FirstParseError& error) {
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.AllowUnknownExtension(true);
  parser.RecordErrorsTo(&error);
#if GOOGLE_PROTOBUF_VERSION >= 3008000
  parser.SetRecursionLimit(100);  // as in binary files; the default would let a hostile file exhaust the stack
#endif
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  return parser.Parse(&stream, &net);
}

NUQ_DEFINITION schema::NetParameter parse_prototxt(std::string_view text, const std::string& file) {
  text = without_byte_order_mark(text);
  check_content(text, file);
  FirstParseError error;
  schema::NetParameter net;
  if (parse_text(text, net, error)) return net;
  if (error.is_about_value()) {
    FirstParseError other_error;
    if (parse_text(without_unknown_values(text, unknown_fields(text)), net, other_error)) return net;
  }
  const std::string mixture = mixed_syntax_of(text);
  fail(ModelError(ErrorCode::malformed_file, file + ":" + (mixture.empty() ? error.text() : error.place() + mixture)));
}

NUQ_FUNCTION [[nodiscard]] inline schema::NetWeights parse_caffemodel(std::string_view bytes, const std::string& file) {
  check_content(bytes, file);
  schema::NetWeights weights;
  const bool parsed = weights.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (parsed && weights.layer_size() + weights.layers_size() > 0) return weights;
  const std::string problem = looks_like_text(bytes) ? "is text (a prototxt?), wanted a binary caffemodel"
                              : parsed               ? "holds no layers, wanted a caffemodel"
                                       : "is truncated or no caffemodel: its protobuf message cannot be parsed";
  fail(ModelError(ErrorCode::malformed_file, file + ": " + problem));
}

NUQ_FUNCTION inline void stage_caffemodel(const schema::NetWeights& weights, FileSet& files, const std::string& file) {
  if (weights.ByteSizeLong() > max_message_bytes) {
    fail(ModelError(ErrorCode::unsupported_format, file + ": would be larger than 2 GB, protobuf's limit"));
  }
  constexpr int block_bytes = 1 << 20;  // the system takes a few large pieces in half the time of many small ones
  std::FILE* const stream = std::fopen(files.stage(file).c_str(), "wb");
  if (stream == nullptr) fail_to_write(file, last_system_error());
  bool is_written = false;
  int cause = 0;
  {
    google::protobuf::io::FileOutputStream output(::fileno(stream), block_bytes);
    is_written = weights.SerializeToZeroCopyStream(&output) && output.Flush();
    cause = output.GetErrno();
  }
  if (std::fclose(stream) != 0 || !is_written) fail_to_write(file, std::generic_category().message(cause));
}

}  // namespace detail

NUQ_DEFINITION Model parse_model(std::string_view text, std::string_view weights, const std::string& model_file,
                                 const std::string& weights_file) {
  Model model;
  model.model_file = model_file;
  model.weights_file = weights_file;
  model.net = detail::parse_prototxt(text, model_file);
  if (!weights_file.empty()) model.weights = detail::parse_caffemodel(weights, weights_file);
  model.text = text;
  return model;
}

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline Model packed_model(std::string_view bytes, const std::string& file,
                                                     const std::string& weights_file, const ResourceLimits& limits) {
  if (!weights_file.empty()) {
    fail(ModelError(ErrorCode::invalid_argument,
                    file + ": is a packed file, which holds its weights, wanted none besides: " + weights_file));
  }
  Model model = model_of_packed_file({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file, limits);
  model.weights_file = file;
  return model;
}

}  // namespace detail

NUQ_DEFINITION Model read_model(const std::string& model_file, const std::string& weights_file,
                                const ResourceLimits& limits) {
  refuse_half_written(model_file);
  refuse_half_written(weights_file);
  const MappedFile text(model_file);
  if (detail::begins_as_packed(text.bytes()))
    return detail::packed_model(text.bytes(), model_file, weights_file, limits);
  if (weights_file.empty()) return parse_model(text.bytes(), {}, model_file, {});
  const MappedFile weights(weights_file);
  return parse_model(text.bytes(), weights.bytes(), model_file, weights_file);
}

NUQ_DEFINITION void write_model(const Model& model, FileSet& files, const std::string& model_file,
                                const std::string& weights_file) {
  files.stage(model_file, model.text);
  if (!weights_file.empty()) detail::stage_caffemodel(model.weights, files, weights_file);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_MODEL_FILE_HPP
