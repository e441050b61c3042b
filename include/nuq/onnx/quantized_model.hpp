#ifndef NUQ_ONNX_QUANTIZED_MODEL_HPP
#define NUQ_ONNX_QUANTIZED_MODEL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How the weights of quantized layers stand in a model.
enum class OnnxWeightForm {
  floats,    ///< level · scale
  cast,      ///< int8 levels → Cast → Mul by the scales: any runtime works that out when it loads the model
  qdq,       ///< int8 levels → DequantizeLinear
  palette,   ///< uint8 places, uint4 where both do, → Cast → Gather from the layer's levels → Mul by the scales
  integers,  ///< int8 levels, in a deploy model
  removed    ///< without values, in a file that is not there: a skeleton
};

/// The version of ONNX's own operations that a model asks for.
NUQ_FUNCTION [[nodiscard]] std::int64_t onnx_opset(const onnx_schema::ModelProto& model);

/// The form that a model's options name, "cast", "qdq" or "palette", and cast where they name none. Throws ConfigError
/// for another name and for qdq where the model's version of operations does not know it.
NUQ_FUNCTION [[nodiscard]] OnnxWeightForm onnx_weight_form(const OnnxModel& model);

/// The model that computes what the quantized network computes, its weights in a form. `graph` is the model's network,
/// what could be folded into layers folded: in layers that are quantized what was folded is gone from the model, its
/// last value's name kept. All else stays as it is; tensors from other files are taken in. Constants that nobody reads
/// any longer are left out. Where there are activation scales, the inputs of quantized layers go through QuantizeLinear
/// and DequantizeLinear, `<layer>.quant` and `<layer>.dequant`; layers that read one value with one grid share the
/// first one's QuantizeLinear, and biases are those of the deploy model. Throws RecordError missing_record where only
/// some layers have an activation scale, ModelError for a version of operations without QuantizeLinear and for
/// shift_bit, which it cannot say.
NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto quantized_onnx_model(const OnnxModel& model, const Graph& graph,
                                                                        const NetworkQuantization& quantization,
                                                                        OnnxWeightForm form);

/// The model for the vendor's compiler: int8 weights in place of the floats, int32 bias, AscendQuant in front of
/// quantized layers and AscendDequant behind, behind the Add of a bias where a MatMul has one. Throws RecordError
/// missing_record where a layer has no activation scale, ModelError scale_out_of_range for a bias beyond int32 and as
/// `quantized_onnx_model`.
NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto deploy_onnx_model(const OnnxModel& model, const Graph& graph,
                                                                     const NetworkQuantization& quantization);

/// The same tensors in the order in which the file has them: a layer's levels, and the float weights.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int8_t> onnx_levels(const OnnxModel& model, const Node& node,
                                                                const QuantizedWeights& weights);

/// The shape of a layer's weights as its node reads them.
NUQ_FUNCTION [[nodiscard]] Shape onnx_weight_shape(const OnnxModel& model, const Node& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx/model_editor.hpp"
#include "nuq/onnx/scope.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// From which on a Cast names its type by number, a Mul repeats its operands to one shape, a DequantizeLinear has a
/// scale for each channel, and there is one at all.
inline constexpr std::int64_t first_opset_with_types = 6;
inline constexpr std::int64_t first_broadcasting_opset = 7;
inline constexpr std::int64_t first_opset_with_axes = 13;
inline constexpr std::int64_t first_quantizing_opset = 10;
inline constexpr std::int64_t first_opset_with_4_bits = 21;

/// Whether the model's version of the format has tensors of 4 bits a value.
NUQ_FUNCTION [[nodiscard]] inline bool has_4_bit_types(const onnx_schema::ModelProto& model) {
  return model.ir_version() >= 10;
}

/// Whether the file has a layer's matrix as [in × out], where the graph has [out × in].
NUQ_FUNCTION [[nodiscard]] inline bool is_stored_transposed(const OnnxModel& model, const Node& node) {
  if (!is<ops::InnerProduct>(node)) return false;
  const onnx_schema::NodeProto& source = model.proto.graph().node(static_cast<int>(node.source_index));
  const onnx_schema::AttributeProto* const transposed = onnx_attribute(source, "transB");
  return transposed == nullptr || transposed->i() == 0;
}

template <class T>
[[nodiscard]] std::vector<T> in_file_order(const OnnxModel& model, const Node& node, std::vector<T> values) {
  if (!is_stored_transposed(model, node)) return values;
  const Shape& shape = node.blobs.front().shape;
  return swap_leading_axes<T>(values, static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1]));
}

/// The extents with which a layer's scales multiply its weights.
NUQ_FUNCTION [[nodiscard]] inline Shape scale_shape(const Node& node, std::size_t scales) {
  if (scales == 1) return {1};
  Shape shape(node.blobs.front().shape.size(), 1);
  shape[has_input_first(node) ? 1 : 0] = static_cast<std::int64_t>(scales);
  return shape;
}

/// A float tensor that stands for a layer's weights in a packed file.
NUQ_FUNCTION [[nodiscard]] inline onnx_schema::TensorProto tensor_elsewhere(const std::string& name,
                                                                            const std::string& layer,
                                                                            const Shape& shape) {
  onnx_schema::TensorProto tensor = raw_tensor<float>(name, onnx_schema::TensorProto::FLOAT, shape, {});
  tensor.clear_raw_data();
  tensor.set_data_location(onnx_schema::TensorProto::EXTERNAL);
  onnx_schema::StringStringEntryProto& location = *tensor.add_external_data();
  location.set_key("location");
  location.set_value("weights_of_" + layer);
  return tensor;
}

/// Puts quantized layers into a model.
class OnnxRewriter {
 public:
  NUQ_FUNCTION OnnxRewriter(const OnnxModel& model, const Graph& graph, OnnxWeightForm form)
      : model_(model), graph_(graph), form_(form), editor_(model, graph.limits), opset_(onnx_opset(model.proto)) {
    for (const std::string& name : onnx_node_names(model.proto.graph())) places_.emplace(name, places_.size());
  }

  /// Gives a layer its levels, and the bias that goes with them.
  NUQ_FUNCTION void set_quantized(const Node& node, const LayerQuantization& layer, bool is_shared) {
    onnx_schema::NodeProto& target = proto_node(node);
    const std::string weights = target.input(1);
    const auto known = replaced_.find(weights);
    const std::string replacement = known != replaced_.end() ? known->second : stored(node, layer.weights, weights);
    if (is_shared) replaced_.emplace(weights, replacement);
    target.set_input(1, replacement);
    const bool has_new_bias = !node.fused.empty() || !layer.bias_correction.empty();
    for (const std::string& folded : node.fused) editor_.set_removed(places_.at(folded), true);
    target.set_input(0, graph_.values[node.inputs.front()].blob);
    if (const std::optional<std::size_t> sum = place_of_folded_bias(node, layer)) {
      set_folded_bias(node, *sum, layer);
      return;
    }
    target.set_output(0, graph_.values[node.outputs.front()].blob);
    if (has_new_bias && !layer.activation && target.op_type() != "MatMul")
      set_bias(node, target, corrected_bias(node, layer.bias_correction));
  }

  /// Rounds a layer's input to its grid, and its bias to the deploy model's.
  NUQ_FUNCTION void quantize_input(const Node& node, const LayerQuantization& layer) {
    const Grid grid = grid_of(node, layer);
    const std::string levels = levels_of_input(node, layer, [&] {
      return insert_in_front(node, "QuantizeLinear", ".quant", {input_of(node), grid.scale, grid.zero}).output(0);
    });
    const std::string values =
        insert_in_front(node, "DequantizeLinear", ".dequant", {levels, grid.scale, grid.zero}).output(0);
    proto_node(node).set_input(0, values);
    if (quantizes_weights(node)) set_deployed_bias(node, layer, place_of_bias(node, layer));
  }

  /// Gives a layer the levels of its input, and numbers behind the layer again.
  NUQ_FUNCTION void compute_in_integers(const Node& node, const LayerQuantization& layer) {
    const std::string levels = levels_of_input(node, layer, [&] { return add_ascend_quant(node, layer); });
    proto_node(node).set_input(0, levels);
    const std::optional<std::size_t> sum = place_of_bias(node, layer);
    if (quantizes_weights(node)) set_deployed_bias(node, layer, sum);
    if (sum) rename_product(node, *sum);
    add_ascend_dequant(node, layer, sum.value_or(node.source_index));
  }

  NUQ_FUNCTION [[nodiscard]] onnx_schema::ModelProto finish() && { return std::move(editor_).finish(); }

 private:
  NUQ_FUNCTION [[nodiscard]] onnx_schema::NodeProto& proto_node(const Node& node) {
    return editor_.node(node.source_index);
  }

  struct Grid {
    std::string scale;
    std::string zero;
  };
  struct SharedLevels {
    std::size_t value;
    ActivationScale grid;
    std::string name;
  };

  NUQ_FUNCTION [[nodiscard]] const std::string& input_of(const Node& node) const {
    return graph_.values[node.inputs.front()].blob;
  }

  NUQ_FUNCTION onnx_schema::NodeProto& insert_in_front(const Node& node, const std::string& type,
                                                       const std::string& ending,
                                                       const std::vector<std::string>& inputs) {
    const std::string name = node.name + ending;
    return editor_.insert_before(node.source_index, type, name, inputs, name + "_output");
  }

  NUQ_FUNCTION [[nodiscard]] Grid grid_of(const Node& node, const LayerQuantization& layer) {
    using T = onnx_schema::TensorProto;
    if (opset_ < first_quantizing_opset) {
      fail(ModelError(ErrorCode::unsupported_format,
                      model_.file +
                          ": quantized activations need version 10 of ONNX's operations, the model asks for " +
                          std::to_string(opset_) + ", wanted a run that quantizes weights only (--weights-only)"));
    }
    const ActivationScale& grid = activation_of(node, layer);
    const auto zero = static_cast<std::int8_t>(grid.offset);
    return {editor_.add(raw_tensor<float>(node.name + ".scale_d", T::FLOAT, {}, {grid.scale})),
            editor_.add(raw_tensor<std::int8_t>(node.name + ".offset_d", T::INT8, {}, {zero}))};
  }

  /// The levels of a layer's input: those of an earlier layer that reads the value with the same grid, or what `added`
  /// adds.
  template <class Added>
  [[nodiscard]] std::string levels_of_input(const Node& node, const LayerQuantization& layer, Added&& added) {
    const ActivationScale& grid = activation_of(node, layer);
    const std::size_t value = node.inputs.front();
    for (const SharedLevels& known : levels_) {
      if (known.value == value && known.grid.scale == grid.scale && known.grid.offset == grid.offset) return known.name;
    }
    levels_.push_back({value, grid, added()});
    return levels_.back().name;
  }

  NUQ_FUNCTION [[nodiscard]] std::string add_ascend_quant(const Node& node, const LayerQuantization& layer) {
    const ActivationScale& grid = activation_of(node, layer);
    onnx_schema::NodeProto& quant = insert_in_front(node, "AscendQuant", ".quant", {input_of(node)});
    add_onnx_attribute(quant, "scale", 1.0F / grid.scale);
    add_onnx_attribute(quant, "offset", static_cast<float>(grid.offset));
    add_onnx_attribute(quant, "dst_type", std::string("INT8"));
    return quant.output(0);
  }

  /// The places of the nodes that were folded into a layer from behind, in order.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::size_t> folded_behind(const Node& node) const {
    const auto& nodes = model_.proto.graph().node();
    std::vector<std::size_t> places;
    std::string value = nodes[static_cast<int>(node.source_index)].output(0);
    for (const std::string& name : node.fused) {
      const std::size_t place = places_.at(name);
      const onnx_schema::NodeProto& folded = nodes[static_cast<int>(place)];
      if (std::find(folded.input().begin(), folded.input().end(), value) == folded.input().end()) continue;
      places.push_back(place);
      value = folded.output(0);
    }
    return places;
  }

  /// The place of the node that adds what was folded into the bias of a MatMul, which has no input for one: the first
  /// Add among the folded nodes, or the last of these. Nothing where there is nothing to add.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> place_of_folded_bias(const Node& node,
                                                                             const LayerQuantization& layer) const {
    const auto& nodes = model_.proto.graph().node();
    if (nodes[static_cast<int>(node.source_index)].op_type() != "MatMul" || node.blobs.size() < 2) return std::nullopt;
    const std::vector<float> bias = corrected_bias(node, layer.bias_correction);
    const bool is_zero = std::all_of(bias.begin(), bias.end(), [](float value) { return value == 0.0F; });
    const std::vector<std::size_t> folded = folded_behind(node);
    if (is_zero || folded.empty()) return std::nullopt;
    const auto is_add = [&nodes](std::size_t place) { return nodes[static_cast<int>(place)].op_type() == "Add"; };
    const auto add = std::find_if(folded.begin(), folded.end(), is_add);
    return add == folded.end() ? folded.back() : *add;
  }

  /// Gives a MatMul, through an Add behind it, the bias that has been folded into it. An Add that does so as it is
  /// stays.
  NUQ_FUNCTION void set_folded_bias(const Node& node, std::size_t place, const LayerQuantization& layer) {
    editor_.set_removed(place, false);
    const std::vector<float> bias = corrected_bias(node, layer.bias_correction);
    if (folded_behind(node).size() == 1 && constant_of_sum(node, place).values == bias) return;
    make_sum(node, place);
    if (layer.activation) return;
    editor_.set_constant(
        editor_.node(place), bias_input(node, place),
        raw_tensor(node.name + "_bias_nuq", onnx_schema::TensorProto::FLOAT, bias_of_sum(node, place).shape, bias));
  }

  /// Makes a node that was folded into a MatMul an Add of it and a constant.
  NUQ_FUNCTION void make_sum(const Node& node, std::size_t place) {
    onnx_schema::NodeProto& sum = editor_.node(place);
    const std::string& product = proto_node(node).output(0);
    const bool is_add = sum.op_type() == "Add";
    const int variable = is_add && editor_.original().is_constant(sum.input(0)) ? 0 : 1;
    const std::string constant = is_add ? sum.input(variable) : std::string();
    sum.set_op_type("Add");
    sum.clear_attribute();
    sum.clear_input();
    sum.add_input(variable == 0 ? constant : product);
    sum.add_input(variable == 0 ? product : constant);
    sum.set_output(0, graph_.values[node.outputs.front()].blob);
    if (opset_ < first_broadcasting_opset) add_onnx_attribute(sum, "broadcast", std::int64_t{1});
  }

  /// The place of the Add that gives a MatMul its bias, one value for each output or one for all.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> place_of_bias(const Node& node,
                                                                      const LayerQuantization& layer) {
    if (const std::optional<std::size_t> folded = place_of_folded_bias(node, layer)) return folded;
    const std::string& product = proto_node(node).output(0);
    const bool has_own = proto_node(node).op_type() != "MatMul" || node.blobs.size() > 1;
    if (has_own || editor_.readings(product) != 1) return std::nullopt;
    const auto& nodes = model_.proto.graph().node();
    const auto reads = [&product](const onnx_schema::NodeProto& other) {
      return other.op_type() == "Add" && other.input_size() == 2 &&
             (other.input(0) == product || other.input(1) == product);
    };
    const auto sum = std::find_if(nodes.begin(), nodes.end(), reads);
    if (sum == nodes.end()) return std::nullopt;
    const auto place = static_cast<std::size_t>(sum - nodes.begin());
    return bias_of_sum(node, place).values.empty() ? std::nullopt : std::optional<std::size_t>(place);
  }

  NUQ_FUNCTION [[nodiscard]] int bias_input(const Node& node, std::size_t place) {
    return editor_.node(place).input(0) == proto_node(node).output(0) ? 1 : 0;
  }

  /// The constant of an Add behind a layer, one value for each of its outputs; empty where there is no such constant.
  NUQ_FUNCTION [[nodiscard]] Tensor constant_of_sum(const Node& node, std::size_t place) {
    const onnx_schema::NodeProto& sum = model_.proto.graph().node(static_cast<int>(place));
    if (sum.op_type() != "Add") return {};
    OnnxConstants constants(editor_.original(), editor_.tensors(), model_.file);
    const std::optional<OnnxConstant> bias = constants.find(sum.input(bias_input(node, place)));
    if (!bias || !bias->is_float()) return {};
    const std::int64_t outputs = node.blobs.front().shape.front();
    Shape shape = bias->shape.empty() ? Shape{1} : bias->shape;
    if (element_count(shape) == 1) {
      shape.back() = outputs;
      return {shape, std::vector<float>(static_cast<std::size_t>(outputs), bias->floats.front())};
    }
    const bool is_row = shape.back() == outputs && static_cast<std::int64_t>(bias->floats.size()) == outputs;
    return is_row ? Tensor(shape, bias->floats) : Tensor();
  }

  /// What an Add behind a layer adds to each of its outputs; empty where that is no constant.
  NUQ_FUNCTION [[nodiscard]] Tensor bias_of_sum(const Node& node, std::size_t place) {
    Tensor given = constant_of_sum(node, place);
    if (node.blobs.size() < 2) return given;
    return {given.values.empty() ? node.blobs[1].shape : given.shape, node.blobs[1].values};
  }

  /// Gives a layer, or the Add behind it, the bias of a deploy model: in integers, or as the floats that they stand
  /// for.
  NUQ_FUNCTION void set_deployed_bias(const Node& node, const LayerQuantization& layer,
                                      const std::optional<std::size_t>& sum) {
    using T = onnx_schema::TensorProto;
    if (!sum && (node.blobs.size() < 2 || proto_node(node).op_type() == "MatMul")) return;
    Node biased = without_blobs(node);
    biased.blobs.emplace_back(node.blobs.front().shape, std::vector<float>());
    biased.blobs.push_back(sum ? bias_of_sum(node, *sum) : node.blobs[1]);
    const Shape& shape = biased.blobs[1].shape;
    const std::vector<std::int32_t> bias = with_error_place(model_.file, [&] { return int32_bias(biased, layer); });
    onnx_schema::NodeProto& target = editor_.node(sum.value_or(node.source_index));
    const int input = sum ? bias_input(node, *sum) : 2;
    if (form_ == OnnxWeightForm::integers) {
      editor_.set_constant(target, input, raw_tensor(node.name + ".bias", T::INT32, shape, bias));
    } else {
      const std::vector<float> values = dequantized_bias(bias, dequantization_scales(layer));
      editor_.set_constant(target, input, raw_tensor(node.name + ".bias", T::FLOAT, shape, values));
    }
  }

  NUQ_FUNCTION [[nodiscard]] static std::vector<float> dequantized_bias(const std::vector<std::int32_t>& bias,
                                                                        const std::vector<float>& scales) {
    std::vector<float> values;
    for (const std::int32_t value : bias)
      values.push_back(static_cast<float>(value) * scales[scales.size() == 1 ? 0 : values.size()]);
    return values;
  }

  /// What a MatMul gives to the Add of its bias is of another type than before.
  NUQ_FUNCTION void rename_product(const Node& node, std::size_t sum) {
    const std::string name = editor_.free_name(node.name + "_products");
    proto_node(node).set_output(0, name);
    editor_.node(sum).set_input(1 - bias_input(node, sum), name);
  }

  /// Behind the node at a place, whose output is renamed.
  NUQ_FUNCTION void add_ascend_dequant(const Node& node, const LayerQuantization& layer, std::size_t place) {
    const std::vector<float> scales = dequantization_scales(layer);
    std::vector<std::uint64_t> bits;
    for (const float scale : scales) {
      std::uint32_t pattern = 0;
      std::memcpy(&pattern, &scale, sizeof pattern);
      bits.push_back(pattern);
    }
    const std::string factors = editor_.add(raw_tensor(node.name + ".dequant.param", onnx_schema::TensorProto::UINT64,
                                                       {static_cast<std::int64_t>(bits.size())}, bits));
    onnx_schema::NodeProto& last = editor_.node(place);
    const std::string output = last.output(0);
    last.set_output(0, editor_.free_name(node.name + "_sums"));
    const std::string name = node.name + ".dequant";
    onnx_schema::NodeProto& dequant =
        editor_.insert_behind(place, "AscendDequant", name, {last.output(0), factors}, name + "_output");
    dequant.set_output(0, output);
    add_onnx_attribute(dequant, "dtype", std::int64_t{0});
  }

  /// A node in front of a layer that works out a constant, `name`.
  NUQ_FUNCTION onnx_schema::NodeProto& add_before(const Node& layer, const std::string& type,
                                                  const std::vector<std::string>& inputs, const std::string& name) {
    return editor_.insert_before(layer.source_index, type, name + "_" + type, inputs, name);
  }

  NUQ_FUNCTION [[nodiscard]] std::string add_cast(const Node& layer, const std::string& input, const std::string& name,
                                                  onnx_schema::TensorProto::DataType type) {
    onnx_schema::NodeProto& cast = add_before(layer, "Cast", {input}, name);
    if (opset_ >= first_opset_with_types) {
      add_onnx_attribute(cast, "to", std::int64_t{type});
    } else {
      add_onnx_attribute(cast, "to", onnx_schema::TensorProto::DataType_Name(type));
    }
    return cast.output(0);
  }

  NUQ_FUNCTION [[nodiscard]] std::string add_product(const Node& layer, const std::string& values,
                                                     const std::string& scale, const std::string& name) {
    onnx_schema::NodeProto& product = add_before(layer, "Mul", {values, scale}, name);
    if (opset_ < first_broadcasting_opset) {
      add_onnx_attribute(product, "broadcast", std::int64_t{1});
      add_onnx_attribute(product, "axis", std::int64_t{has_input_first(layer) ? 1 : 0});
    }
    return product.output(0);
  }

  /// The name of a layer's new weights, which its `weights` were.
  NUQ_FUNCTION [[nodiscard]] std::string stored(const Node& node, const QuantizedWeights& quantized,
                                                const std::string& weights) {
    using T = onnx_schema::TensorProto;
    const Shape shape = onnx_weight_shape(model_, node);
    const std::string base = weights + "_nuq";
    if (form_ == OnnxWeightForm::floats) {
      const std::vector<float> values = in_file_order(model_, node, dequantized_weights(node, quantized));
      return editor_.put(weights, raw_tensor(base, T::FLOAT, shape, values));
    }
    if (form_ == OnnxWeightForm::removed) return editor_.put(weights, tensor_elsewhere(base, node.name, shape));
    const std::vector<std::int8_t> levels = onnx_levels(model_, node, quantized);
    if (form_ == OnnxWeightForm::integers) return editor_.put(weights, raw_tensor(base, T::INT8, shape, levels));
    const auto& scales = quantized.scales;
    const std::string scale =
        form_ == OnnxWeightForm::qdq
            ? editor_.add(raw_tensor(base + "_scale", T::FLOAT, vector_shape(scales.size()), scales))
            : editor_.add(raw_tensor(base + "_scale", T::FLOAT, scale_shape(node, scales.size()), scales));
    if (form_ == OnnxWeightForm::palette) return as_palette(node, levels, shape, scale, base);
    const std::string stored_levels = editor_.add(raw_tensor(base + "_levels", T::INT8, shape, levels));
    if (form_ == OnnxWeightForm::qdq) return as_qdq(node, stored_levels, scale, scales.size(), base);
    const std::string values = add_cast(node, stored_levels, base + "_float", T::FLOAT);
    return add_product(node, values, scale, base);
  }

  NUQ_FUNCTION [[nodiscard]] static Shape vector_shape(std::size_t scales) {
    return scales == 1 ? Shape{} : Shape{static_cast<std::int64_t>(scales)};
  }

  NUQ_FUNCTION [[nodiscard]] std::string as_qdq(const Node& node, const std::string& levels, const std::string& scale,
                                                std::size_t scales, const std::string& base) {
    onnx_schema::NodeProto& values = add_before(node, "DequantizeLinear", {levels, scale}, base);
    if (scales > 1) add_onnx_attribute(values, "axis", std::int64_t{has_input_first(node) ? 1 : 0});
    return values.output(0);
  }

  NUQ_FUNCTION [[nodiscard]] std::string as_palette(const Node& node, const std::vector<std::int8_t>& levels,
                                                    const Shape& shape, const std::string& scale,
                                                    const std::string& base) {
    using T = onnx_schema::TensorProto;
    const std::set<std::int8_t> kept(levels.begin(), levels.end());
    std::map<std::int8_t, std::uint8_t> places;
    std::vector<float> table;
    for (const std::int8_t level : kept) {
      places.emplace(level, static_cast<std::uint8_t>(table.size()));
      table.push_back(static_cast<float>(level));
    }
    std::vector<std::uint8_t> indices;
    for (const std::int8_t level : levels) indices.push_back(places.at(level));
    const bool in_4_bits = table.size() <= 16 && opset_ >= first_opset_with_4_bits && has_4_bit_types(model_.proto);
    const std::string stored_places =
        editor_.add(in_4_bits ? raw_tensor(base + "_places", T::UINT4, shape, packed_in_pairs(indices))
                              : raw_tensor(base + "_places", T::UINT8, shape, indices));
    const std::string stored_table =
        editor_.add(raw_tensor(base + "_levels", T::FLOAT, {static_cast<std::int64_t>(table.size())}, table));
    const std::string numbers = add_cast(node, stored_places, base + "_indices", T::INT32);
    const std::string values = add_before(node, "Gather", {stored_table, numbers}, base + "_float").output(0);
    return add_product(node, values, scale, base);
  }

  /// Two values to a byte, the first one in its low bits.
  NUQ_FUNCTION [[nodiscard]] static std::vector<std::uint8_t> packed_in_pairs(const std::vector<std::uint8_t>& values) {
    std::vector<std::uint8_t> bytes((values.size() + 1) / 2);
    for (std::size_t index = 0; index < values.size(); ++index)
      bytes[index / 2] = static_cast<std::uint8_t>(bytes[index / 2] | (values[index] << (index % 2 * 4)));
    return bytes;
  }

  NUQ_FUNCTION void set_bias(const Node& node, onnx_schema::NodeProto& target, const std::vector<float>& bias) {
    editor_.set_constant(target, 2,
                         raw_tensor(node.name + "_bias_nuq", onnx_schema::TensorProto::FLOAT,
                                    {static_cast<std::int64_t>(bias.size())}, bias));
  }

  const OnnxModel& model_;
  const Graph& graph_;
  OnnxWeightForm form_;
  OnnxModelEditor editor_;
  std::int64_t opset_;
  std::map<std::string, std::size_t> places_;    // of nodes, by name
  std::map<std::string, std::string> replaced_;  // shared weights
  std::vector<SharedLevels> levels_;
};

NUQ_FUNCTION inline void check_shifts(const OnnxModel& model, const NetworkQuantization& quantization) {
  for (const auto& [name, layer] : quantization) {
    if (layer.shift_bit.empty()) continue;
    fail(ModelError(ErrorCode::unsupported_format,
                    model.file + ": layer '" + name +
                        "': shift_bit is not written to .onnx models, wanted a configuration without joint_quant"));
  }
}

}  // namespace detail

NUQ_DEFINITION std::int64_t onnx_opset(const onnx_schema::ModelProto& model) {
  std::int64_t version = 1;
  for (const onnx_schema::OperatorSetIdProto& import : model.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") version = import.version();
  }
  return version;
}

NUQ_DEFINITION OnnxWeightForm onnx_weight_form(const OnnxModel& model) {
  const std::string& name = model.options.weight_form;
  const std::int64_t version = onnx_opset(model.proto);
  if (!name.empty() && name != "cast" && name != "qdq" && name != "palette") {
    detail::fail(ConfigError(ErrorCode::unknown_name, "form of weights '" + name + "': wanted cast, qdq or palette"));
  }
  if (name == "qdq" && version < detail::first_opset_with_axes) {
    detail::fail(ConfigError(ErrorCode::unsupported_format,
                             model.file + ": weights as qdq need version 13 of ONNX's operations, the model asks for " +
                                 std::to_string(version)));
  }
  if (name == "qdq") return OnnxWeightForm::qdq;
  return name == "palette" ? OnnxWeightForm::palette : OnnxWeightForm::cast;
}

NUQ_DEFINITION std::vector<std::int8_t> onnx_levels(const OnnxModel& model, const Node& node,
                                                    const QuantizedWeights& weights) {
  return detail::in_file_order(model, node, int8_weights(node, weights));
}

NUQ_DEFINITION Shape onnx_weight_shape(const OnnxModel& model, const Node& node) {
  Shape shape = node.blobs.front().shape;
  if (detail::is_stored_transposed(model, node)) std::swap(shape[0], shape[1]);
  return shape;
}

NUQ_DEFINITION onnx_schema::ModelProto quantized_onnx_model(const OnnxModel& model, const Graph& graph,
                                                            const NetworkQuantization& quantization,
                                                            OnnxWeightForm form) {
  detail::check_shifts(model, quantization);
  const bool with_activations = has_activation_scales(quantization);
  detail::OnnxRewriter rewriter(model, graph, form);
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    if (quantizes_weights(node)) rewriter.set_quantized(node, layer, !node.shared_parameters.empty());
    if (with_activations) rewriter.quantize_input(node, layer);
  });
  return std::move(rewriter).finish();
}

NUQ_DEFINITION onnx_schema::ModelProto deploy_onnx_model(const OnnxModel& model, const Graph& graph,
                                                         const NetworkQuantization& quantization) {
  detail::check_shifts(model, quantization);
  detail::OnnxRewriter rewriter(model, graph, OnnxWeightForm::integers);
  for_each_quantized(graph, quantization, [&](const Node& node, const LayerQuantization& layer) {
    if (quantizes_weights(node)) rewriter.set_quantized(node, layer, !node.shared_parameters.empty());
    rewriter.compute_in_integers(node, layer);
  });
  return std::move(rewriter).finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_QUANTIZED_MODEL_HPP
