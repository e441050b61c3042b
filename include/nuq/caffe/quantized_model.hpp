#ifndef NUQ_CAFFE_QUANTIZED_MODEL_HPP
#define NUQ_CAFFE_QUANTIZED_MODEL_HPP

#include <string>
#include <vector>

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Dequantization parameters as the vendor's compiler reads them, one uint64 per scale, as protobuf's packed varints:
/// bits 0–31 the scale's bit pattern, 32–39 shift_bit and 40–47 offset_w, which is 0 here (AMCT manual, quantization
/// formulas). `shifts` are as many as the scales.
NUQ_FUNCTION [[nodiscard]] std::string packed_dequantization(const std::vector<float>& scales,
                                                             const std::vector<int>& shifts);

/// The model that computes in float what the quantized network computes: weights are level × scale bit for bit, Quant
/// layers round the inputs. Without any activation scale it has stock layers alone and keeps the syntax of the file.
/// Throws RecordError missing_record where only some layers have an activation scale, ModelError duplicate_name where
/// the model has a layer or blob of the name of an inserted one.
NUQ_FUNCTION [[nodiscard]] Model fake_quant_model(const Graph& graph, const NetworkQuantization& quantization,
                                                  Parallel& parallel);

/// \copydoc fake_quant_model(const Graph&, const NetworkQuantization&, Parallel&)
NUQ_FUNCTION [[nodiscard]] Model fake_quant_model(const Graph& graph, const NetworkQuantization& quantization);

/// The model for the vendor's compiler: int8 weights, int32 bias, Quant and DeQuant layers.
/// Throws RecordError missing_record where a layer has no activation scale, ModelError duplicate_name where the model
/// has a layer or blob of the name of an inserted one, ModelError scale_out_of_range for a bias beyond int32.
NUQ_FUNCTION [[nodiscard]] Model deploy_model(const Graph& graph, const NetworkQuantization& quantization);

/// The model whose forward passes calibrate the activations: fake-quant weights and one layer for each quantized layer
/// that observes its input as `settings` plan it and records the grid in `record_file`: IFMR, HFMG, or MinMax, this
/// library's own. Inputs that cannot be quantized are not observed. Where they ask for `joint_quant`, a SearchN
/// observes each group of layers whose outputs are added up. Throws ModelError duplicate_name where the model has a
/// layer of the name of an inserted one.
NUQ_FUNCTION [[nodiscard]] Model calibration_model(const Graph& graph, const NetworkQuantization& quantization,
                                                   const QuantizationSettings& settings,
                                                   const std::string& record_file);

/// The same with the graph's own weights, in float, and without SearchN, for the planned layers. The grids are
/// those that `calibrate_activations` finds, and hold however the weights are quantized.
NUQ_FUNCTION [[nodiscard]] Model calibration_model(const Graph& graph, const QuantizationSettings& settings,
                                                   const std::string& record_file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/caffe/model_rewriter.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/eltwise_groups.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string packed_dequantization(const std::vector<float>& scales, const std::vector<int>& shifts) {
  std::string bytes;
  for (std::size_t channel = 0; channel < scales.size(); ++channel) {
    std::uint32_t scale = 0;
    std::memcpy(&scale, &scales[channel], sizeof scale);
    std::uint64_t rest = scale | static_cast<std::uint64_t>(shifts[channel]) << 32U;
    for (; rest > 0x7FU; rest >>= 7U) bytes.push_back(static_cast<char>(static_cast<unsigned char>(rest | 0x80U)));
    bytes.push_back(static_cast<char>(rest));
  }
  return bytes;
}

namespace detail {

/// Inserts Quant before and DeQuant behind quantized layers. Layers that read one blob version with one grid share the
/// first one's Quant. DeQuant works in place.
class QuantLayerInserter {
 public:
  NUQ_FUNCTION QuantLayerInserter(const Graph& graph, ModelRewriter& rewriter) : graph_(graph), rewriter_(rewriter) {}

  /// `dequant_blobs` makes the blobs of the DeQuant layer. Throws RecordError without an activation
  /// scale.
  template <class DequantBlobs>
  void insert(const Node& node, const LayerQuantization& quantization, DequantBlobs&& dequant_blobs) {
    const std::string& blob = graph_.values[node.outputs.front()].blob;
    if (graph_.values[node.inputs.front()].blob == blob) {
      fail_layer(
          ErrorCode::unsupported_layer, graph_.model_file(), node.name,
          "works in place on blob '" + blob + "', wanted another top than its bottom to put a Quant layer between");
    }
    rewriter_.set_bottom(node, quantized_input(node, activation_of(node, quantization)));
    schema::LayerParameter dequant;
    dequant.set_name(dequant_layer_name(node.name));
    dequant.set_type("DeQuant");
    dequant.add_bottom(blob);
    dequant.add_top(blob);
    const QuantizedWeights& weights = quantization.weights;
    dequant.mutable_dequant_param()->set_channel_wise(!is<ops::InnerProduct>(node) &&
                                                      weights.scales.size() == weights.rows);
    const std::vector<schema::BlobProto> blobs = dequant_blobs(quantization);
    dequant.mutable_blobs()->Add(blobs.begin(), blobs.end());
    rewriter_.insert_after(node, std::move(dequant));
  }

 private:
  struct SharedQuant {
    std::size_t value;
    ActivationScale grid;
    std::string blob;
  };

  /// The blob with the quantized input of a layer; inserts the Quant layer that writes it unless an earlier layer has
  /// it.
  NUQ_FUNCTION [[nodiscard]] std::string quantized_input(const Node& node, const ActivationScale& grid) {
    const std::size_t value = node.inputs.front();
    for (const SharedQuant& quant : quants_) {
      if (quant.value == value && quant.grid.scale == grid.scale && quant.grid.offset == grid.offset) return quant.blob;
    }
    const std::string& source = graph_.values[value].blob;
    const std::string blob = source + "_" + node.name + "_quant";
    schema::LayerParameter quant;
    quant.set_name(quant_layer_name(node.name));
    quant.set_type("Quant");
    quant.add_bottom(source);
    quant.add_top(blob);
    schema::QuantParameter& parameter = *quant.mutable_quant_param();
    parameter.set_with_offset(grid.with_offset);
    parameter.set_scale(1.0F / grid.scale);
    parameter.set_offset(std::string(1, static_cast<char>(static_cast<signed char>(grid.offset))));
    parameter.set_object_layer(node.name);
    rewriter_.insert_before(node, std::move(quant));
    quants_.push_back({value, grid, blob});
    return blob;
  }

  const Graph& graph_;
  ModelRewriter& rewriter_;
  std::vector<SharedQuant> quants_;
};

NUQ_FUNCTION [[nodiscard]] inline schema::BlobProto blob_of_extent(std::size_t extent) {
  schema::BlobProto blob;
  blob.mutable_shape()->add_dim(static_cast<std::int64_t>(extent));
  return blob;
}

NUQ_FUNCTION [[nodiscard]] inline schema::BlobProto float_blob(const std::vector<float>& values) {
  schema::BlobProto blob = blob_of_extent(values.size());
  blob.mutable_data()->Add(values.begin(), values.end());
  return blob;
}

/// DeQuant of a fake-quant model: scale, shift_bit (0: none) and offset_w (0) as floats.
NUQ_FUNCTION [[nodiscard]] inline std::vector<schema::BlobProto> fake_dequant_blobs(
    const LayerQuantization& quantization) {
  const std::vector<float> scales = dequantization_scales(quantization);
  const std::vector<int> shifts = dequantization_shifts(quantization);
  return {float_blob(scales), float_blob({shifts.begin(), shifts.end()}),
          float_blob(std::vector<float>(scales.size()))};
}

/// DeQuant of a deploy model: one blob of uint64.
NUQ_FUNCTION [[nodiscard]] inline std::vector<schema::BlobProto> deploy_dequant_blobs(
    const LayerQuantization& quantization) {
  const std::vector<float> scales = dequantization_scales(quantization);
  schema::BlobProto blob = blob_of_extent(scales.size());
  blob.set_raw_data(packed_dequantization(scales, dequantization_shifts(quantization)));
  return {std::move(blob)};
}

/// Gives layers the weights of their levels, and the biases that go with them.
NUQ_FUNCTION inline void set_dequantized_weights(ModelRewriter& rewriter, const Graph& graph,
                                                 const NetworkQuantization& quantization, Parallel& parallel) {
  struct Filling {
    const Node* node;
    const QuantizedWeights* weights;
    google::protobuf::RepeatedField<float>* values;
  };
  std::vector<Filling> fillings;
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    if (!quantizes_weights(node)) return;
    fillings.push_back({&node, &layer.weights, rewriter.replace_blob(node, 0).mutable_data()});
    if (layer.bias_correction.empty()) return;
    const std::vector<float> bias = corrected_bias(node, layer.bias_correction);
    rewriter.replace_blob(node, 1).mutable_data()->Add(bias.begin(), bias.end());
  });
  parallel.for_each_block(fillings.size(), [&fillings](std::size_t index) {
    const auto [node, weights, values] = fillings[index];
    const auto size = static_cast<int>(weights->levels.size());
    values->Reserve(size);
    dequantize(*node, *weights, values->AddNAlreadyReserved(size));
  });
}

/// What the observers of all algorithms are told.
template <class Parameter>
void set_observed_layer(const std::string& layer, const ActivationPlan& plan, int batch_num,
                        const std::string& record_file, Parameter& parameter) {
  parameter.set_batch_num(static_cast<std::uint32_t>(batch_num));
  parameter.set_with_offset(plan.asymmetric);
  parameter.add_object_layer(layer);
  parameter.set_record_file_path(record_file);
}

/// A layer that observes another one's input for `batch_num` batches and names the record file.
NUQ_FUNCTION [[nodiscard]] inline schema::LayerParameter activation_observer(const Graph& graph, const Node& node,
                                                                             const QuantizationSettings& settings,
                                                                             const std::string& record_file) {
  const auto planned = settings.plan.find(node.name);
  const ActivationPlan plan = planned == settings.plan.end() ? ActivationPlan{} : planned->second.activation;
  schema::LayerParameter observer;
  observer.add_bottom(graph.values[node.inputs.front()].blob);
  const auto observe = [&](const char* type, const char* suffix, auto& parameter) {
    observer.set_type(type);
    observer.set_name(node.name + suffix);
    set_observed_layer(node.name, plan, settings.batch_num, record_file, parameter);
  };
  if (plan.algorithm == ActivationAlgorithm::hfmg) {
    observe("HFMG", "_hfmg", *observer.mutable_hfmg_param());
    observer.mutable_hfmg_param()->set_num_of_bins(static_cast<std::uint32_t>(plan.num_of_bins));
  } else if (plan.algorithm == ActivationAlgorithm::min_max) {
    observe("MinMax", "_min_max", *observer.mutable_min_max_param());
  } else {
    schema::IFMRParameter& parameter = *observer.mutable_ifmr_param();
    observe("IFMR", "_ifmr", parameter);
    parameter.set_search_range_start(plan.search_range_start);
    parameter.set_search_range_end(plan.search_range_end);
    parameter.set_search_step(plan.search_step);
    parameter.set_max_percentile(plan.max_percentile);
    parameter.set_min_percentile(plan.min_percentile);
  }
  return observer;
}

/// Puts a SearchN behind the last layer of a group whose outputs are added up. A group of which an output has been
/// overwritten by then, which several Eltwise may join, gets none: its sums keep their width.
NUQ_FUNCTION inline void insert_shift_observer(ModelRewriter& rewriter, const Graph& graph,
                                               const std::vector<std::string>& group, int batch_num,
                                               const std::string& record_file) {
  schema::LayerParameter observer;
  observer.set_name(group.front() + "_search_n");
  observer.set_type("SearchN");
  schema::SearchNParameter& parameter = *observer.mutable_search_n_param();
  parameter.set_batch_num(static_cast<std::uint32_t>(batch_num));
  parameter.set_record_file_path(record_file);
  const Node* last = nullptr;
  std::map<std::string, std::size_t> current;  // the latest version of each blob
  std::vector<std::size_t> observed;
  for (const Node& node : graph.nodes) {
    if (observed.size() == group.size()) break;
    for (const std::size_t output : node.outputs) current[graph.values[output].blob] = output;
    if (std::find(group.begin(), group.end(), node.name) == group.end()) continue;
    last = &node;
    observed.push_back(node.outputs.front());
    observer.add_bottom(graph.values[node.outputs.front()].blob);
    parameter.add_layer_name(node.name);
    parameter.add_layer_type(node.type);
  }
  const auto stands = [&](std::size_t value) { return current.at(graph.values[value].blob) == value; };
  if (std::all_of(observed.begin(), observed.end(), stands)) rewriter.insert_after(*last, std::move(observer));
}

}  // namespace detail

NUQ_DEFINITION Model fake_quant_model(const Graph& graph, const NetworkQuantization& quantization, Parallel& parallel) {
  const bool with_activations = has_activation_scales(quantization);
  ModelRewriter rewriter(graph, with_activations ? RewriteSyntax::current : RewriteSyntax::as_written);
  detail::QuantLayerInserter inserter(graph, rewriter);
  detail::set_dequantized_weights(rewriter, graph, quantization, parallel);
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    if (with_activations)
      inserter.insert(node, layer, [](const auto& dequantized) { return detail::fake_dequant_blobs(dequantized); });
  });
  return std::move(rewriter).finish();
}

NUQ_DEFINITION Model fake_quant_model(const Graph& graph, const NetworkQuantization& quantization) {
  Parallel serial;
  return fake_quant_model(graph, quantization, serial);
}

NUQ_DEFINITION Model deploy_model(const Graph& graph, const NetworkQuantization& quantization) {
  ModelRewriter rewriter(graph, RewriteSyntax::current);
  detail::QuantLayerInserter inserter(graph, rewriter);
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    inserter.insert(node, layer, [](const auto& dequantized) { return detail::deploy_dequant_blobs(dequantized); });
    if (!quantizes_weights(node)) return;
    const std::vector<std::int8_t> levels = int8_weights(node, layer.weights);
    rewriter.replace_blob(node, 0).set_int8_data(levels.data(), levels.size());
    if (node.blobs.size() > 1) {
      const auto bias = detail::with_error_place(graph.weights_file(), [&] { return int32_bias(node, layer); });
      rewriter.replace_blob(node, 1).mutable_int32_data()->Add(bias.begin(), bias.end());
    }
  });
  return std::move(rewriter).finish();
}

NUQ_DEFINITION Model calibration_model(const Graph& graph, const NetworkQuantization& quantization,
                                       const QuantizationSettings& settings, const std::string& record_file) {
  ModelRewriter rewriter(graph, RewriteSyntax::current);
  Parallel serial;
  detail::set_dequantized_weights(rewriter, graph, quantization, serial);
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization&) {
    if (!input_quantization_obstacle(graph, node).empty()) return;
    rewriter.insert_before(node, detail::activation_observer(graph, node, settings, record_file));
  });
  if (settings.joint_quant) {
    for (const std::vector<std::string>& group : jointly_added_layers(graph, quantization))
      detail::insert_shift_observer(rewriter, graph, group, settings.batch_num, record_file);
  }
  return std::move(rewriter).finish();
}

NUQ_DEFINITION Model calibration_model(const Graph& graph, const QuantizationSettings& settings,
                                       const std::string& record_file) {
  ModelRewriter rewriter(graph, RewriteSyntax::current);
  for (const Node& node : graph.nodes) {
    if (settings.plan.count(node.name) > 0 && input_quantization_obstacle(graph, node).empty())
      rewriter.insert_before(node, detail::activation_observer(graph, node, settings, record_file));
  }
  return std::move(rewriter).finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_QUANTIZED_MODEL_HPP
