#ifndef NUQ_GRAPH_MODEL_SOURCE_HPP
#define NUQ_GRAPH_MODEL_SOURCE_HPP

#include <string>
#include <string_view>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Where a network comes from: what messages name, and what its own format needs to write the network again. Each front
/// end has one of its own, which travels with the graph.
class ModelSource {
 public:
  ModelSource() = default;
  ModelSource(const ModelSource&) = delete;
  ModelSource& operator=(const ModelSource&) = delete;
  virtual ~ModelSource() = default;

  /// The format's name, by which its own writer knows the source.
  [[nodiscard]] virtual std::string_view format() const noexcept = 0;
  [[nodiscard]] virtual const std::string& model_file() const noexcept = 0;
  /// Empty where the network has no weights, or none in a file of their own.
  [[nodiscard]] virtual const std::string& weights_file() const noexcept = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_MODEL_SOURCE_HPP
