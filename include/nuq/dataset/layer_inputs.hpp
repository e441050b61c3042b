#ifndef NUQ_DATASET_LAYER_INPUTS_HPP
#define NUQ_DATASET_LAYER_INPUTS_HPP

#include <map>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A blob's name as that of a file: characters outside of [A-Za-z0-9_.-] become underscores, those of several bytes in
/// UTF-8 one.
NUQ_FUNCTION [[nodiscard]] std::string blob_file_name(const std::string& blob);

/// What a runtime of the user's own has given the layers of a network, in a folder: `<batch>__<blob>.npy`, batches
/// counted from 0, the blob's name as `blob_file_name` writes it. With ReplayingEngine they calibrate a network in
/// place of data.
class LayerInputs {
 public:
  /// Looks at the files' names. Files of blobs that no layer reads are left alone. Throws FormatError file_not_readable
  /// for no folder, ConfigError for a batch that lacks what another has, a file's name that is of two blobs, and no
  /// file of a blob that a layer reads.
  NUQ_FUNCTION LayerInputs(std::string folder, const Graph& graph);

  [[nodiscard]] int batches() const noexcept { return static_cast<int>(batches_.size()); }

  /// The arrays of a batch by blob. Throws what `read_npy` throws, ConfigError for a batch that there is not.
  NUQ_FUNCTION [[nodiscard]] std::map<std::string, Tensor> batch(int index) const;

 private:
  std::string folder_;
  std::vector<std::map<std::string, std::string>> batches_;  // files by blob
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/io/numeric_array.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The blobs that layers read, by file name; several where names differ in other characters alone.
NUQ_FUNCTION [[nodiscard]] inline std::map<std::string, std::set<std::string>> blobs_by_file_name(const Graph& graph) {
  std::map<std::string, std::set<std::string>> blobs;
  for (const Node& node : graph.nodes) {
    for (const std::size_t value : node.inputs) {
      const std::string& blob = graph.values[value].blob;
      blobs[blob_file_name(blob)].insert(blob);
    }
  }
  return blobs;
}

}  // namespace detail

NUQ_DEFINITION std::string blob_file_name(const std::string& blob) {
  std::string name;
  bool within_character = false;
  for (const char c : blob) {
    const bool is_kept =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    const auto byte = static_cast<unsigned char>(c);
    const bool goes_on = within_character && (byte & 0xC0U) == 0x80U;
    if (!goes_on) name += is_kept ? c : '_';
    within_character = byte >= 0x80U;
  }
  return name;
}

NUQ_DEFINITION LayerInputs::LayerInputs(std::string folder, const Graph& graph) : folder_(std::move(folder)) {
  const std::map<std::string, std::set<std::string>> blobs = detail::blobs_by_file_name(graph);
  std::error_code problem;
  std::map<int, std::map<std::string, std::string>> found;
  for (std::filesystem::directory_iterator at(folder_, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = at->path().filename().string();
    const std::size_t separator = name.find("__");
    if (separator == std::string::npos || at->path().extension() != ".npy") continue;
    int batch = -1;
    const auto [behind, error] = std::from_chars(name.data(), name.data() + separator, batch);
    if (error != std::errc() || behind != name.data() + separator || batch < 0) continue;
    const auto named = blobs.find(name.substr(separator + 2, name.size() - separator - 6));
    if (named == blobs.end()) continue;
    if (named->second.size() > 1) {
      detail::fail(ConfigError(ErrorCode::duplicate_name, at->path().string() + ": is of blob '" +
                                                              *named->second.begin() + "' or of '" +
                                                              *named->second.rbegin() + "'"));
    }
    found[batch][*named->second.begin()] = at->path().string();
  }
  if (problem) detail::fail(FormatError(ErrorCode::file_not_readable, folder_ + ": " + problem.message()));
  if (found.empty()) {
    detail::fail(ConfigError(ErrorCode::nothing_to_do,
                             folder_ +
                                 ": no file of a layer's input, wanted <batch>__<blob>.npy for the blobs that "
                                 "layers of " +
                                 graph.model_file() + " read"));
  }
  for (auto& [batch, files] : found) {
    if (batch != batches()) {
      detail::fail(ConfigError(ErrorCode::unknown_name, folder_ + ": no files of batch " + std::to_string(batches())));
    }
    batches_.push_back(std::move(files));
    for (const auto& [blob, file] : batches_.front()) {
      if (batches_.back().count(blob) == 0) {
        detail::fail(ConfigError(ErrorCode::unknown_name, folder_ + ": batch " + std::to_string(batch) +
                                                              " lacks blob '" + blob + "', which batch 0 has"));
      }
    }
  }
}

NUQ_DEFINITION std::map<std::string, Tensor> LayerInputs::batch(int index) const {
  if (index < 0 || index >= batches()) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, folder_ + ": batch " + std::to_string(index) +
                                                              ", there are " + std::to_string(batches())));
  }
  std::map<std::string, Tensor> batch;
  for (const auto& [blob, file] : batches_.at(static_cast<std::size_t>(index)))
    batch.emplace(blob, to_tensor(read_npy(file)));
  return batch;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_LAYER_INPUTS_HPP
