#ifndef NUQ_ONNX_MODEL_HPP
#define NUQ_ONNX_MODEL_HPP

#include <string>
#include <string_view>

#include "nuq/graph/load_graph.hpp"
#include "nuq/onnx_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The content of an .onnx file, as written; what it keeps in files beside it stays there.
struct OnnxModel {
  std::string file;  ///< its name, for messages and to find the files beside it
  onnx_schema::ModelProto proto;
  ReadOptions options{};  ///< how a network is made of it
};

namespace detail {

/// Whether a message begins with the version of the format.
[[nodiscard]] constexpr bool begins_as_onnx(std::string_view bytes) noexcept {
  return bytes.size() > 2 && bytes[0] == 8 && bytes[1] > 0 && bytes[1] < 64;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_MODEL_HPP
