#ifndef NUQ_CAFFE_QUANTIZED_MODEL_HPP
#define NUQ_CAFFE_QUANTIZED_MODEL_HPP

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/model_rewriter.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/caffe/quantized_blobs.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Names of the layers inserted around a quantized one, as the vendor's compiler prints them.
[[nodiscard]] inline std::string quant_layer_name(const std::string& layer) { return layer + "_0_quant_layer"; }
[[nodiscard]] inline std::string dequant_layer_name(const std::string& layer) { return layer + "_dequant_layer"; }

/// True when every quantized layer has an activation scale, so that Quant and DeQuant layers can be written.
[[nodiscard]] inline bool has_activation_scales(const NetworkQuantization& quantization) {
  for (const auto& [name, layer] : quantization) {
    if (!layer.activation) return false;
  }
  return true;
}

namespace detail {

/// Inserts Quant before and DeQuant after quantized layers. Layers that read one blob version with one scale share the first's Quant.
class QuantLayerInserter {
 public:
  QuantLayerInserter(const Graph& graph, ModelRewriter& rewriter) : graph_(graph), rewriter_(rewriter) {}

  void insert(const Node& node, const ActivationScale& activation, const schema::LayerParameter& dequant_blobs) {
    rewriter_.set_bottom(node, 0, quantized_input(node, activation));
    schema::LayerParameter dequant = dequant_blobs;
    const std::string& blob = graph_.values[node.outputs.front()].blob;
    dequant.set_name(dequant_layer_name(node.name));
    dequant.set_type("DeQuant");
    dequant.add_bottom(blob);
    dequant.add_top(blob);
    dequant.mutable_dequant_param()->set_channel_wise(dequant.blobs(0).shape().dim(0) > 1);
    rewriter_.insert_after(node, dequant);
    rewriter_.add_weights(dequant);
  }

 private:
  struct SharedQuant {
    std::size_t value;
    ActivationScale activation;
    std::string blob;
  };

  /// The blob with the quantized input of a layer; inserts the Quant layer that writes it unless an earlier layer has it.
  [[nodiscard]] std::string quantized_input(const Node& node, const ActivationScale& activation) {
    const std::size_t value = node.inputs.front();
    for (const SharedQuant& quant : quants_) {
      if (quant.value == value && quant.activation.scale == activation.scale && quant.activation.offset == activation.offset) return quant.blob;
    }
    const std::string& source = graph_.values[value].blob;
    const std::string blob = source + "_" + node.name + "_quant";
    schema::LayerParameter quant;
    quant.set_name(quant_layer_name(node.name));
    quant.set_type("Quant");
    quant.add_bottom(source);
    quant.add_top(blob);
    schema::QuantParameter& parameter = *quant.mutable_quant_param();
    parameter.set_with_offset(activation.with_offset);
    parameter.set_scale(1.0F / activation.scale);
    parameter.set_offset(std::string(1, static_cast<char>(static_cast<signed char>(activation.offset))));
    parameter.set_object_layer(node.name);
    rewriter_.insert_before(node, quant);
    quants_.push_back({value, activation, blob});
    return blob;
  }

  const Graph& graph_;
  ModelRewriter& rewriter_;
  std::vector<SharedQuant> quants_;
};

inline void add_float_blob(schema::LayerParameter& layer, const std::vector<float>& values) {
  schema::BlobProto& blob = *layer.add_blobs();
  blob.mutable_shape()->add_dim(static_cast<std::int64_t>(values.size()));
  blob.mutable_data()->Add(values.begin(), values.end());
}

/// DeQuant of a fake-quant model: three float blobs, scale, shift_bit (0: none) and offset_w (0).
[[nodiscard]] inline schema::LayerParameter fake_dequant_blobs(const LayerQuantization& quantization) {
  schema::LayerParameter layer;
  const std::vector<float> scales = dequantization_scales(quantization);
  add_float_blob(layer, scales);
  add_float_blob(layer, std::vector<float>(scales.size(), 0.0F));
  add_float_blob(layer, std::vector<float>(scales.size(), 0.0F));
  return layer;
}

/// DeQuant of a deploy model: one blob of packed uint64.
[[nodiscard]] inline schema::LayerParameter deploy_dequant_blobs(const LayerQuantization& quantization) {
  schema::LayerParameter layer;
  const std::vector<float> scales = dequantization_scales(quantization);
  schema::BlobProto& blob = *layer.add_blobs();
  blob.mutable_shape()->add_dim(static_cast<std::int64_t>(scales.size()));
  blob.set_raw_data(packed_dequantization(scales));
  return layer;
}

}  // namespace detail

/// The model that computes in float what the quantized network computes: weights are level × scale bit for bit, Quant layers
/// round the inputs (absent in a weights-only run, whose model has stock layers alone).
[[nodiscard]] inline Model fake_quant_model(const Graph& graph, const NetworkQuantization& quantization) {
  const bool with_activations = has_activation_scales(quantization);
  ModelRewriter rewriter(graph, with_activations ? RewriteSyntax::current : RewriteSyntax::as_written);
  detail::QuantLayerInserter inserter(graph, rewriter);
  for (const Node& node : graph.nodes) {
    const auto found = quantization.find(node.name);
    if (found == quantization.end()) continue;
    rewriter.set_blob(node, 0, dequantized_weights(node, found->second.weights));
    if (with_activations) inserter.insert(node, *found->second.activation, detail::fake_dequant_blobs(found->second));
  }
  return std::move(rewriter).finish();
}

/// The model for the vendor's compiler: int8 weights, int32 bias, Quant and DeQuant layers. Every layer needs an activation scale.
[[nodiscard]] inline Model deploy_model(const Graph& graph, const NetworkQuantization& quantization) {
  ModelRewriter rewriter(graph, RewriteSyntax::current);
  detail::QuantLayerInserter inserter(graph, rewriter);
  for (const Node& node : graph.nodes) {
    const auto found = quantization.find(node.name);
    if (found == quantization.end()) continue;
    const LayerQuantization& layer = found->second;
    if (!layer.activation) {
      detail::fail(RecordError(ErrorCode::missing_record, "layer '" + node.name + "': no scale_d is recorded: run the calibration first"));
    }
    const std::vector<std::int8_t> levels = int8_weights(node, layer.weights);
    rewriter.emptied_blob(node, 0, node.blobs.front().shape).set_int8_data(levels.data(), levels.size());
    if (node.blobs.size() > 1) {
      const std::vector<std::int32_t> bias = int32_bias(node, layer);
      rewriter.emptied_blob(node, 1, node.blobs[1].shape).mutable_int32_data()->Add(bias.begin(), bias.end());
    }
    inserter.insert(node, *layer.activation, detail::deploy_dequant_blobs(layer));
  }
  return std::move(rewriter).finish();
}

/// The model whose forward passes calibrate the activations: fake-quant weights and one IFMR layer per quantized layer, which
/// observes that layer's input for `batch_num` batches and names the record file.
[[nodiscard]] inline Model calibration_model(const Graph& graph, const NetworkQuantization& quantization) {
  ModelRewriter rewriter(graph, RewriteSyntax::current);
  for (const Node& node : graph.nodes) {
    const auto found = quantization.find(node.name);
    if (found == quantization.end()) continue;
    rewriter.set_blob(node, 0, dequantized_weights(node, found->second.weights));
    const ActivationPlan& plan = graph.plan.at(node.name).activation;
    schema::LayerParameter observer;
    observer.set_name(node.name + "_ifmr");
    observer.set_type("IFMR");
    observer.add_bottom(graph.values[node.inputs.front()].blob);
    schema::IFMRParameter& parameter = *observer.mutable_ifmr_param();
    parameter.set_batch_num(static_cast<std::uint32_t>(graph.batch_num));
    parameter.set_with_offset(plan.asymmetric);
    parameter.set_search_range_start(plan.search_range_start);
    parameter.set_search_range_end(plan.search_range_end);
    parameter.set_search_step(plan.search_step);
    parameter.set_max_percentile(plan.max_percentile);
    parameter.set_min_percentile(plan.min_percentile);
    parameter.add_object_layer(node.name);
    parameter.set_record_file_path(graph.record_file);
    rewriter.insert_before(node, observer);
  }
  return std::move(rewriter).finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_QUANTIZED_MODEL_HPP
