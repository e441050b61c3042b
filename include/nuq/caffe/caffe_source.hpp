#ifndef NUQ_CAFFE_CAFFE_SOURCE_HPP
#define NUQ_CAFFE_CAFFE_SOURCE_HPP

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A prototxt and its caffemodel. What it writes them with stands in caffe/caffe_format.hpp.
class CaffeSource : public ModelSource {
 public:
  static constexpr std::string_view name = "caffe";

  [[nodiscard]] std::string_view format() const noexcept override { return name; }
  [[nodiscard]] const std::string& model_file() const noexcept override { return model_->model_file; }
  [[nodiscard]] const std::string& weights_file() const noexcept override { return model_->weights_file; }

  [[nodiscard]] const std::shared_ptr<const Model>& model() const noexcept { return model_; }

 protected:
  NUQ_FUNCTION explicit CaffeSource(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

 private:
  std::shared_ptr<const Model> model_;
};

/// The model that a graph has been built from. Throws ModelError for a graph of another origin.
NUQ_FUNCTION [[nodiscard]] inline const std::shared_ptr<const Model>& caffe_model(const Graph& graph) {
  if (graph.source != nullptr && graph.source->format() == CaffeSource::name)
    return static_cast<const CaffeSource&>(*graph.source).model();
  detail::fail(ModelError(ErrorCode::unsupported_format,
                          "network '" + graph.name + "' does not come from a prototxt, wanted one that does"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_CAFFE_SOURCE_HPP
