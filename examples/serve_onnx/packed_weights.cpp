// Packed files for other languages: one function with C's calling convention, of the standard library alone.

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

#include "nuq/packed.hpp"

#if defined(_WIN32)
#define NUQ_EXPORTED __declspec(dllexport)
#else
#define NUQ_EXPORTED __attribute__((visibility("default")))
#endif

namespace {

/// Is given a part of a packed file: the text, with an empty name, then each layer's weights. The memory lasts as long
/// as the call.
using Take = void (*)(const char* layer, const void* data, std::size_t bytes);

void read(const void* file, std::size_t size, const char* name, Take take) {
  const nuq::PackedModel packed(file, size, name);
  take("", packed.prototxt().data(), packed.prototxt().size());
  for (std::size_t index = 0; index < packed.view().layer_count(); ++index) {
    const std::string layer(packed.view().layer(index).name());
    const std::vector<float> weights = packed.floats(layer, 0);
    take(layer.c_str(), weights.data(), sizeof(float) * weights.size());
  }
}

}  // namespace

/// Reads a packed file of `size` bytes. Null, or what is wrong with it, until the thread's next call.
extern "C" NUQ_EXPORTED const char* nuq_read_packed(const void* file, std::size_t size, const char* name, Take take) {
  thread_local std::string problem;
  try {
    read(file, size, name, take);
    return nullptr;
  } catch (const std::exception& error) {
    problem = error.what();
    return problem.c_str();
  }
}
