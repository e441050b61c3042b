#ifndef NUQ_TESTS_ZOO_PUBLISHED_MODELS_HPP
#define NUQ_TESTS_ZOO_PUBLISHED_MODELS_HPP

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nuq/graph/graph.hpp"
#include "zoo.hpp"

/// A prototxt and the weights beside it.
struct PublishedModel {
  std::string name;
  std::string model;
  std::string weights;
  std::string reference;
};

inline std::vector<PublishedModel> published_models() {
  namespace fs = std::filesystem;
  std::vector<PublishedModel> models;
  for (const auto& folder : fs::directory_iterator(ZooNetwork::path("models"))) {
    const std::string name = folder.path().filename().string();
    if (!folder.is_directory() || name == "_negative" || name == "prototxt") continue;
    std::string weights;
    for (const auto& file : fs::directory_iterator(folder)) {
      if (file.path().extension() == ".caffemodel") weights = file.path().string();
    }
    for (const auto& file : fs::directory_iterator(folder)) {
      if (file.path().extension() != ".prototxt") continue;
      models.push_back({name + "/" + file.path().filename().string(), file.path().string(), weights,
                        (folder.path() / "reference").string()});
    }
  }
  std::sort(models.begin(), models.end(),
            [](const PublishedModel& a, const PublishedModel& b) { return a.name < b.name; });
  return models;
}

/// Why full inference of the file is not to be had by its own nature; nothing for a network that must run.
inline std::optional<std::string> why_not_inference(const nuq::Graph& graph) {
  for (const std::size_t input : graph.inputs) {
    if (!graph.values[input].shape.empty()) return std::nullopt;
  }
  return "training data without an input size";
}

/// The prototxts without weights.
inline std::vector<std::string> published_prototxts() {
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(ZooNetwork::path("models/prototxt")))
    files.push_back(file.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

#endif  // NUQ_TESTS_ZOO_PUBLISHED_MODELS_HPP
