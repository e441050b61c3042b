#ifndef NUQ_EXAMPLES_CLI_PACKED_ONNX_HPP
#define NUQ_EXAMPLES_CLI_PACKED_ONNX_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "nuq/core/array_view.hpp"
#ifdef NUQ_TOOL_READS_ONNX
#include "nuq/io/atomic_file.hpp"
#include "nuq/onnx/model_file.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#endif

/// Whether a packed file is one of an .onnx model.
[[nodiscard]] inline bool holds_onnx_model([[maybe_unused]] const std::string& file) {
#ifdef NUQ_TOOL_READS_ONNX
  return nuq::is_onnx_file(file);
#else
  return false;
#endif
}

/// Decodes all of such a file; writes the model unless `model_file` is empty.
inline void unpack_onnx([[maybe_unused]] std::string_view bytes, [[maybe_unused]] const std::string& name,
                        [[maybe_unused]] const std::string& model_file) {
#ifdef NUQ_TOOL_READS_ONNX
  const nuq::OnnxModel model =
      nuq::onnx_model_of_packed_file({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, name);
  if (!model_file.empty()) nuq::write_file_atomically(model_file, nuq::onnx_file_bytes(model.proto, model_file));
#endif
}

#endif  // NUQ_EXAMPLES_CLI_PACKED_ONNX_HPP
