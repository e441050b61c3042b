#ifndef NUQ_ONNX_ONNX_SOURCE_HPP
#define NUQ_ONNX_ONNX_SOURCE_HPP

#include <memory>

#include "nuq/compiled.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a graph built from the model carries with it.
NUQ_FUNCTION [[nodiscard]] std::shared_ptr<const ModelSource> onnx_source(std::shared_ptr<const OnnxModel> model);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/onnx/build_graph.hpp"
#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/layer_inputs.hpp"
#include "nuq/onnx/model_file.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#include "nuq/onnx/quantized_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// An .onnx model about to be written; `source` is the one that it was made from.
NUQ_FUNCTION class OnnxFormattedModel final : public FormattedModel {
 public:
  OnnxFormattedModel(std::shared_ptr<const OnnxModel> source, onnx_schema::ModelProto proto)
      : source_(std::move(source)), proto_(std::move(proto)) {}

  [[nodiscard]] std::vector<Layer> layers() const override {
    const std::vector<std::string> known = onnx_node_names(source_->proto.graph());
    const std::set<std::string> originals(known.begin(), known.end());
    const std::vector<std::string> names = onnx_node_names(proto_.graph());
    std::vector<Layer> layers;
    for (const onnx_schema::NodeProto& node : proto_.graph().node()) {
      const std::string& name = names[layers.size()];
      const std::string type = originals.count(name) > 0 ? std::string() : type_of_inserted(node.op_type());
      layers.push_back({name, type.empty() ? node.op_type() : type, !type.empty()});
    }
    return layers;
  }

  void stage(FileSet& files, const std::string& prefix) const override {
    const std::string file = prefix + "_model.onnx";
    const OnnxFiles written = onnx_files(proto_, file);
    if (!written.data.empty()) files.stage(file + ".data", written.data);
    files.stage(file, written.model);
  }

  [[nodiscard]] std::vector<std::uint8_t> packed(const Graph& graph, const NetworkQuantization& quantization,
                                                 Parallel& parallel, CodingChoice choice) const override {
    return packed_onnx_file(*source_, graph, quantization, parallel, choice);
  }

 private:
  /// What the vendor calls the nodes around quantized layers; empty for others.
  [[nodiscard]] static std::string type_of_inserted(const std::string& type) {
    if (type == "QuantizeLinear" || type == "AscendQuant") return "Quant";
    return type == "DequantizeLinear" || type == "AscendDequant" ? "DeQuant" : "";
  }

  std::shared_ptr<const OnnxModel> source_;
  onnx_schema::ModelProto proto_;
};

NUQ_FUNCTION class OnnxSource final : public ModelSource {
 public:
  explicit OnnxSource(std::shared_ptr<const OnnxModel> model) : model_(std::move(model)) {}

  [[nodiscard]] std::string_view format() const noexcept override { return "onnx"; }
  [[nodiscard]] const std::string& model_file() const noexcept override { return model_->file; }
  [[nodiscard]] const std::string& weights_file() const noexcept override { return model_->file; }

  [[nodiscard]] ModelFiles files() const override { return {model_->file, {}}; }
  [[nodiscard]] ModelFiles files(const std::string& prefix) const override { return {prefix + "_model.onnx", {}}; }
  [[nodiscard]] Graph graph() const override { return build_onnx_graph(model_); }
  [[nodiscard]] std::unique_ptr<FormattedModel> original() const override { return formatted(model_->proto); }
  [[nodiscard]] std::unique_ptr<FormattedModel> fake_quant(const Graph& graph, const NetworkQuantization& quantization,
                                                           Parallel&) const override {
    return formatted(quantized_onnx_model(*model_, graph, quantization, OnnxWeightForm::floats));
  }
  [[nodiscard]] std::unique_ptr<FormattedModel> with_levels(const Graph& graph,
                                                            const NetworkQuantization& quantization) const override {
    return formatted(quantized_onnx_model(*model_, graph, quantization, onnx_weight_form(*model_)));
  }
  [[nodiscard]] std::string with_layer_inputs(const Graph& graph,
                                              const std::vector<std::string>& layers) const override {
    return onnx_file_bytes(onnx_model_with_layer_inputs(*model_, graph, layers), model_->file);
  }
  [[nodiscard]] std::unique_ptr<FormattedModel> deploy(const Graph& graph,
                                                       const NetworkQuantization& quantization) const override {
    return formatted(deploy_onnx_model(*model_, graph, quantization));
  }

 private:
  [[nodiscard]] std::unique_ptr<FormattedModel> formatted(onnx_schema::ModelProto proto) const {
    return std::make_unique<NUQ_CLASS(OnnxFormattedModel)>(model_, std::move(proto));
  }

  std::shared_ptr<const OnnxModel> model_;
};

}  // namespace detail

NUQ_DEFINITION std::shared_ptr<const ModelSource> onnx_source(std::shared_ptr<const OnnxModel> model) {
  return std::make_shared<const detail::NUQ_CLASS(OnnxSource)>(std::move(model));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_ONNX_SOURCE_HPP
