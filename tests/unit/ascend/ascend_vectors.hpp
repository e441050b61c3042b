#ifndef NUQ_TESTS_UNIT_ASCEND_ASCEND_VECTORS_HPP
#define NUQ_TESTS_UNIT_ASCEND_ASCEND_VECTORS_HPP

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nuq/ascend/parameters.hpp"

/// What the graph compiler's own weight compressor made of generated inputs: data/ascend_dc_vectors of the folder that
/// NUQ_MODEL_ZOO names.
namespace ascend_vectors {

using Bytes = std::vector<std::uint8_t>;

inline Bytes read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Bytes from_hex(const std::string& digits) {
  Bytes bytes;
  for (std::size_t at = 0; at < digits.size(); at += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(at, 2), nullptr, 16)));
  return bytes;
}

/// The folder with a slash behind; empty, which the test says, where there is none.
inline std::string folder() {
  const char* const zoo = std::getenv("NUQ_MODEL_ZOO");
  if (zoo != nullptr) return std::string(zoo) + "/data/ascend_dc_vectors/";
  MESSAGE("skipped: set NUQ_MODEL_ZOO to the folder of reference data to run it");
  return {};
}

inline nlohmann::json manifest(const std::string& folder) {
  return nlohmann::json::parse(read_bytes(folder + "manifest.json"));
}

inline nuq::AscendDictionaryParameters parameters_of(const nlohmann::json& stored) {
  nuq::AscendDictionaryParameters parameters;
  parameters.engines = stored["engines"];
  parameters.channels = stored["channels"];
  parameters.max_ratio = stored["max_ratio"];
  parameters.mode = stored["mode"] == "LOW" ? nuq::AscendMode::low : nuq::AscendMode::high;
  parameters.fractal_size = stored["fractal_size"];
  parameters.tight = stored["tight"];
  parameters.init_offset = stored["init_offset"];
  return parameters;
}

/// The inputs, each read once.
class Inputs {
 public:
  explicit Inputs(std::string folder) : folder_(std::move(folder)) {}
  const Bytes& operator[](const std::string& name) {
    const auto [at, added] = inputs_.try_emplace(name);
    if (added) at->second = read_bytes(folder_ + name);
    return at->second;
  }

 private:
  std::string folder_;
  std::map<std::string, Bytes> inputs_;
};

}  // namespace ascend_vectors

#endif  // NUQ_TESTS_UNIT_ASCEND_ASCEND_VECTORS_HPP
