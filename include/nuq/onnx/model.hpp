#ifndef NUQ_ONNX_MODEL_HPP
#define NUQ_ONNX_MODEL_HPP

#include <string>

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

NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_MODEL_HPP
