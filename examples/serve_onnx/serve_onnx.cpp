// A service on ONNX Runtime that ships the packed file: its network is loaded from the .nuq file alone, in memory, and
// computes what another file of the same network does, bit for bit.

#include <onnxruntime_cxx_api.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "packed_session.hpp"

namespace {

std::vector<char> bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error(file + ": cannot be read");
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A network's inputs, of numbers between -1 and 1, and what it computes from them.
class Service {
 public:
  Service(const char* what, std::size_t bytes, const std::function<Ort::Session()>& load) : session_(nullptr) {
    const auto start = std::chrono::steady_clock::now();
    session_ = load();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    std::printf("%-9s %9zu bytes, loaded in %.1f ms\n", what, bytes, taken.count());
  }

  /// The values of all outputs, one output after the other. `extents` are those that the network leaves open.
  [[nodiscard]] std::vector<float> outputs(const std::vector<std::int64_t>& extents) {
    auto extent = extents.begin();
    std::vector<std::string> names;
    std::vector<std::vector<float>> values;
    std::vector<Ort::Value> inputs;
    for (std::size_t index = 0; index < session_.GetInputCount(); ++index) {
      names.emplace_back(session_.GetInputNameAllocated(index, allocator_).get());
      const Ort::TypeInfo type = session_.GetInputTypeInfo(index);
      const auto tensor = type.GetTensorTypeAndShapeInfo();
      if (tensor.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        throw std::runtime_error("input " + names.back() + " is not of floats");
      std::vector<std::int64_t> shape = tensor.GetShape();
      std::size_t count = 1;
      for (std::int64_t& size : shape) {
        if (size < 0) size = extent == extents.end() ? 1 : *extent++;
        count *= static_cast<std::size_t>(size);
      }
      std::vector<float>& numbers = values.emplace_back(count);
      for (std::size_t place = 0; place < count; ++place) numbers[place] = static_cast<float>(std::sin(place * place));
      inputs.push_back(Ort::Value::CreateTensor<float>(memory_, numbers.data(), count, shape.data(), shape.size()));
    }
    return run(names, inputs);
  }

 private:
  [[nodiscard]] std::vector<float> run(const std::vector<std::string>& input_names,
                                       const std::vector<Ort::Value>& inputs) {
    std::vector<const char*> wanted_inputs;
    for (const std::string& name : input_names) wanted_inputs.push_back(name.c_str());
    std::vector<Ort::AllocatedStringPtr> output_names;
    std::vector<const char*> wanted_outputs;
    for (std::size_t index = 0; index < session_.GetOutputCount(); ++index) {
      output_names.push_back(session_.GetOutputNameAllocated(index, allocator_));
      wanted_outputs.push_back(output_names.back().get());
    }
    const std::vector<Ort::Value> results = session_.Run(Ort::RunOptions(), wanted_inputs.data(), inputs.data(),
                                                         inputs.size(), wanted_outputs.data(), wanted_outputs.size());
    std::vector<float> values;
    for (const Ort::Value& result : results) {
      const float* const first = result.GetTensorData<float>();
      values.insert(values.end(), first, first + result.GetTensorTypeAndShapeInfo().GetElementCount());
    }
    return values;
  }

  Ort::AllocatorWithDefaultOptions allocator_;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  Ort::Session session_;
};

int run(const std::string& packed_file, const std::string& other_file, const std::vector<std::int64_t>& extents) {
  const Ort::Env env(ORT_LOGGING_LEVEL_WARNING, "serve_onnx");
  const std::vector<char> packed_bytes = bytes_of(packed_file);
  const std::vector<char> other_bytes = bytes_of(other_file);
  Service packed("packed:", packed_bytes.size(), [&] {
    return packed_session(env, packed_bytes.data(), packed_bytes.size(), packed_file, Ort::SessionOptions());
  });
  Service other("other:", other_bytes.size(),
                [&] { return Ort::Session(env, other_bytes.data(), other_bytes.size(), Ort::SessionOptions()); });
  const std::vector<float> found = packed.outputs(extents);
  const std::vector<float> wanted = other.outputs(extents);
  const bool same =
      found.size() == wanted.size() && std::memcmp(found.data(), wanted.data(), sizeof(float) * found.size()) == 0;
  std::printf("%zu output values, %s\n", found.size(), same ? "the same bit for bit" : "which differ");
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: nuq_serve_onnx FILE.nuq OTHER.onnx [EXTENT...]   (those that the inputs leave open)\n");
    return 2;
  }
  try {
    std::vector<std::int64_t> extents;
    for (int index = 3; index < argc; ++index) extents.push_back(std::stoll(argv[index]));
    return run(argv[1], argv[2], extents);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
