#ifndef NUQ_EXAMPLES_PACKED_SESSION_HPP
#define NUQ_EXAMPLES_PACKED_SESSION_HPP

#include <onnxruntime_cxx_api.h>

#include <cstddef>
#include <string>
#include <vector>

#include "nuq/packed.hpp"

/// The session of a packed file (`size` bytes at `data`; `name` is for messages) whose text is a skeleton .onnx. No
/// file is written, and the bytes are not needed afterwards. ONNX Runtime 1.18 or later.
inline Ort::Session packed_session(const Ort::Env& env, const void* data, std::size_t size, const std::string& name,
                                   Ort::SessionOptions options) {
  const nuq::PackedModel packed(data, size, name);
  const std::size_t count = packed.view().layer_count();
  std::vector<std::string> files;  // that the skeleton says its weights are in
  std::vector<std::vector<float>> weights;
  std::vector<char*> contents;
  std::vector<std::size_t> sizes;
  for (std::size_t index = 0; index < count; ++index) {
    const std::string layer(packed.view().layer(index).name());
    files.push_back("weights_of_" + layer);
    weights.push_back(packed.floats(layer, 0));
    contents.push_back(reinterpret_cast<char*>(weights.back().data()));
    sizes.push_back(sizeof(float) * weights.back().size());
  }
  options.AddExternalInitializersFromFilesInMemory(files, contents, sizes);
  return Ort::Session(env, packed.prototxt().data(), packed.prototxt().size(), options);
}

#endif  // NUQ_EXAMPLES_PACKED_SESSION_HPP
