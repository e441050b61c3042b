#ifndef NUQ_CAFFE_CAFFE_FORMAT_HPP
#define NUQ_CAFFE_CAFFE_FORMAT_HPP

#include <memory>

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a graph built from the model carries with it.
NUQ_FUNCTION [[nodiscard]] std::shared_ptr<const ModelSource> caffe_source(std::shared_ptr<const Model> model);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/packed/coding_choice.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline ModelFiles caffe_files(const std::string& prefix) {
  return {prefix + "_model.prototxt", prefix + "_weights.caffemodel"};
}

/// A prototxt and a caffemodel about to be written.
NUQ_FUNCTION class CaffeModel final : public FormattedModel {
 public:
  explicit CaffeModel(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  explicit CaffeModel(Model model) : CaffeModel(std::make_shared<const Model>(std::move(model))) {}

  [[nodiscard]] std::vector<Layer> layers() const override {
    std::vector<Layer> layers;
    const schema::NetParameter net = upgraded(model_->net);
    for (const schema::LayerParameter& layer : net.layer())
      layers.push_back({layer.name(), layer.type(), layer.type() == "Quant" || layer.type() == "DeQuant"});
    return layers;
  }

  void stage(FileSet& files, const std::string& prefix) const override {
    const ModelFiles names = caffe_files(prefix);
    write_model(*model_, files, names.model_file, names.weights_file);
  }

  [[nodiscard]] std::vector<std::uint8_t> packed(const Graph& graph, const NetworkQuantization& quantization,
                                                 Parallel& parallel, CodingChoice choice) const override {
    return packed_file_of(graph, *model_, quantization, parallel, choice);
  }

 private:
  std::shared_ptr<const Model> model_;
};

NUQ_FUNCTION class CaffeFormat final : public CaffeSource {
 public:
  explicit CaffeFormat(std::shared_ptr<const Model> model) : CaffeSource(std::move(model)) {}

  [[nodiscard]] ModelFiles files() const override { return {this->model_file(), this->weights_file()}; }
  [[nodiscard]] ModelFiles files(const std::string& prefix) const override { return caffe_files(prefix); }
  [[nodiscard]] Graph graph() const override { return build_graph(this->model()); }
  [[nodiscard]] std::unique_ptr<FormattedModel> original() const override {
    return std::make_unique<NUQ_CLASS(CaffeModel)>(this->model());
  }
  [[nodiscard]] std::unique_ptr<FormattedModel> fake_quant(const Graph& graph, const NetworkQuantization& quantization,
                                                           Parallel& parallel) const override {
    return std::make_unique<NUQ_CLASS(CaffeModel)>(fake_quant_model(graph, quantization, parallel));
  }
  [[nodiscard]] std::unique_ptr<FormattedModel> deploy(const Graph& graph,
                                                       const NetworkQuantization& quantization) const override {
    return std::make_unique<NUQ_CLASS(CaffeModel)>(deploy_model(graph, quantization));
  }
};

}  // namespace detail

NUQ_DEFINITION std::shared_ptr<const ModelSource> caffe_source(std::shared_ptr<const Model> model) {
  return std::make_shared<const detail::NUQ_CLASS(CaffeFormat)>(std::move(model));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_CAFFE_FORMAT_HPP
