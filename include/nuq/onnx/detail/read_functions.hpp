#ifndef NUQ_ONNX_DETAIL_READ_FUNCTIONS_HPP
#define NUQ_ONNX_DETAIL_READ_FUNCTIONS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/detail/read_elementwise.hpp"
#include "nuq/onnx/functions/along_axis.hpp"
#include "nuq/onnx/functions/elementwise.hpp"
#include "nuq/onnx/functions/layout.hpp"
#include "nuq/onnx/functions/normalization.hpp"
#include "nuq/onnx/functions/recurrent.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A function of one value of each input, which broadcast.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_broadcast(OnnxNodeReader& node, ValueFunction value,
                                                               int type = onnx_schema::TensorProto::UNDEFINED) {
  if (aligns_elsewhere(node)) return misaligned(node);
  OnnxShape shape = node.shape(0);
  for (std::size_t input = 1; input < node.inputs(); ++input) shape = broadcast(node, shape, node.shape(input));
  OnnxOperation read = of_function(node, elementwise(std::move(value)), shape, node.inputs());
  if (type != onnx_schema::TensorProto::UNDEFINED) read.types = {type};
  return read;
}

/// Whether an input is a constant with whole numbers that floats do not hold.
NUQ_FUNCTION [[nodiscard]] inline bool has_large_number(const OnnxNodeReader& node, std::size_t input) {
  constexpr std::int64_t largest = 1 << 24;
  const std::optional<OnnxConstant> constant = node.constant(input);
  return constant && std::any_of(constant->integers.begin(), constant->integers.end(),
                                 [](std::int64_t value) { return value > largest || value < -largest; });
}

using Comparison = bool (*)(float left, float right);

template <Comparison holds>
[[nodiscard]] OnnxOperation read_comparison(OnnxNodeReader& node) {
  for (std::size_t input = 0; input < node.inputs(); ++input) {
    if (has_large_number(node, input)) return not_computed(node, "whole numbers beyond 2^24 are not compared");
  }
  return read_broadcast(
      node, [](const float* values) { return holds(values[0], values[1]) ? 1.0F : 0.0F; },
      onnx_schema::TensorProto::BOOL);
}

NUQ_FUNCTION [[nodiscard]] inline bool is_equal(float left, float right) {
  return left == right;
}
NUQ_FUNCTION [[nodiscard]] inline bool is_greater(float left, float right) {
  return left > right;
}
NUQ_FUNCTION [[nodiscard]] inline bool is_less(float left, float right) {
  return left < right;
}
NUQ_FUNCTION [[nodiscard]] inline bool is_not_less(float left, float right) {
  return left >= right;
}
NUQ_FUNCTION [[nodiscard]] inline bool is_not_greater(float left, float right) {
  return left <= right;
}

/// Of whole numbers and truth values: whether computed numbers are equal is decided by how a runtime rounds them.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_equal(OnnxNodeReader& node) {
  OnnxConstant operand;
  operand.type = node.type_of(0);
  if (!operand.is_integer())
    return not_computed(
        node, "whether numbers of type " + onnx_type_name(operand.type) + " are equal is a matter of rounding");
  return read_comparison<is_equal>(node);
}
NUQ_FUNCTION [[nodiscard]] inline bool holds_both(float left, float right) {
  return left != 0.0F && right != 0.0F;
}
NUQ_FUNCTION [[nodiscard]] inline bool holds_either(float left, float right) {
  return left != 0.0F || right != 0.0F;
}
NUQ_FUNCTION [[nodiscard]] inline bool differs(float left, float right) {
  return (left != 0.0F) != (right != 0.0F);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_where(OnnxNodeReader& node) {
  OnnxOperation read =
      read_broadcast(node, [](const float* values) { return values[0] != 0.0F ? values[1] : values[2]; });
  read.types = {node.type_of(1)};
  return read;
}

/// The remainder has the sign of the divisor, or with `fmod` that of the dividend.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_mod(OnnxNodeReader& node) {
  if (node.integer("fmod", 0) != 0)
    return read_broadcast(node, [](const float* values) { return std::fmod(values[0], values[1]); });
  return read_broadcast(node, [](const float* values) {
    const float rest = std::fmod(values[0], values[1]);
    return rest != 0.0F && (rest < 0.0F) != (values[1] < 0.0F) ? rest + values[1] : rest;
  });
}

/// A quotient of whole numbers, without its fraction.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_whole_quotient(OnnxNodeReader& node) {
  return read_broadcast(node, [](const float* values) {
    return static_cast<float>(std::trunc(static_cast<double>(values[0]) / static_cast<double>(values[1])));
  });
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_not(OnnxNodeReader& node) {
  return of_function(node, pointwise([](float x) { return x == 0.0F ? 1.0F : 0.0F; }), node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_is_nan(OnnxNodeReader& node) {
  OnnxOperation read = of_function(node, pointwise([](float x) { return std::isnan(x) ? 1.0F : 0.0F; }), node.shape(0));
  read.types = {onnx_schema::TensorProto::BOOL};
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_is_infinite(OnnxNodeReader& node) {
  const bool negative = node.integer("detect_negative", 1) != 0;
  const bool positive = node.integer("detect_positive", 1) != 0;
  OnnxOperation read = of_function(
      node, pointwise([=](float x) { return std::isinf(x) && (x < 0.0F ? negative : positive) ? 1.0F : 0.0F; }),
      node.shape(0));
  read.types = {onnx_schema::TensorProto::BOOL};
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_selu(OnnxNodeReader& node) {
  const float alpha = node.real("alpha", 1.67326319217681884765625F);
  const float gamma = node.real("gamma", 1.05070102214813232421875F);
  return of_function(node, pointwise([=](float x) { return gamma * (x > 0.0F ? x : alpha * std::expm1(x)); }),
                     node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_celu(OnnxNodeReader& node) {
  const float alpha = node.real("alpha", 1.0F);
  return of_function(node, pointwise([=](float x) { return x > 0.0F ? x : alpha * std::expm1(x / alpha); }),
                     node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_thresholded_relu(OnnxNodeReader& node) {
  const float alpha = node.real("alpha", 1.0F);
  return of_function(node, pointwise([=](float x) { return x > alpha ? x : 0.0F; }), node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_shrink(OnnxNodeReader& node) {
  const float bias = node.real("bias", 0.0F);
  const float limit = node.real("lambd", 0.5F);
  return of_function(node, pointwise([=](float x) { return x < -limit ? x + bias : (x > limit ? x - bias : 0.0F); }),
                     node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_swish(OnnxNodeReader& node) {
  return same_shape(node, ops::Swish{node.real("alpha", 1.0F)});
}

template <bool finds_largest>
[[nodiscard]] OnnxOperation read_place_search(OnnxNodeReader& node) {
  PlaceSearch search;
  search.axis = node.integer("axis", 0);
  search.keeps_axis = node.integer("keepdims", 1) != 0;
  search.finds_largest = finds_largest;
  search.takes_last = node.integer("select_last_index", 0) != 0;
  OnnxShape shape = node.shape(0);
  if (shape) {
    const std::size_t place = place_of_axis(search.axis, shape->size());
    if (place == shape->size()) return not_computed(node, "its axis lies outside of its input");
    (*shape)[place] = {1};
    if (!search.keeps_axis) shape->erase(shape->begin() + static_cast<std::ptrdiff_t>(place));
  }
  OnnxOperation read = of_function(node, place_search(search), shape);
  read.types = {onnx_schema::TensorProto::INT64};
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_top_k(OnnxNodeReader& node) {
  const auto count = node.list_or_input("k", 1);
  const std::int64_t axis = node.integer("axis", -1);
  const bool largest = node.integer("largest", 1) != 0;
  node.ignore("sorted");
  const std::int64_t k = node.opset() < 10 ? node.integer("k", 0) : (count && count->size() == 1 ? count->front() : 0);
  if (k < 1) return not_computed(node, "how many values it takes is not constant");
  OnnxShape shape = node.shape(0);
  if (shape) {
    const std::size_t place = place_of_axis(axis, shape->size());
    if (place == shape->size()) return not_computed(node, "its axis lies outside of its input");
    (*shape)[place] = {k};
  }
  OnnxOperation read = of_function(node, top_values(axis, k, largest), shape);
  read.outputs = static_cast<std::size_t>(node.node().output_size());
  read.types = {node.type_of(0), onnx_schema::TensorProto::INT64};
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_cum_sum(OnnxNodeReader& node) {
  const auto axis = node.integers(1);
  const bool exclusive = node.integer("exclusive", 0) != 0;
  const bool reverse = node.integer("reverse", 0) != 0;
  if (!axis || axis->size() != 1) return not_computed(node, "its axis is not constant");
  return of_function(node,
                     line_function(axis->front(), false,
                                   [=](const Line<const float>& line, const Line<float>& result) {
                                     add_up(line, result, exclusive, reverse);
                                   }),
                     node.shape(0));
}

/// Before opset 13 all axes from `axis` on are one.
template <bool logarithm>
[[nodiscard]] OnnxOperation read_soft(OnnxNodeReader& node) {
  const bool takes_rest = node.opset() < 13;
  const std::int64_t axis = node.integer("axis", takes_rest ? 1 : -1);
  return of_function(
      node,
      line_function(axis, takes_rest,
                    [](const Line<const float>& line, const Line<float>& result) { soften(line, result, logarithm); }),
      node.shape(0));
}

/// 1 where the largest value along the axis stands first.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_hardmax(OnnxNodeReader& node) {
  const bool takes_rest = node.opset() < 13;
  const std::int64_t axis = node.integer("axis", takes_rest ? 1 : -1);
  return of_function(node,
                     line_function(axis, takes_rest,
                                   [](const Line<const float>& line, const Line<float>& result) {
                                     result[sorted_places(line, 1, true, false).front()] = 1.0F;
                                   }),
                     node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_lp_normalization(OnnxNodeReader& node) {
  const std::int64_t axis = node.integer("axis", -1);
  const std::int64_t p = node.integer("p", 2);
  if (p != 1 && p != 2) return not_computed(node, "p is " + std::to_string(p) + ", wanted 1 or 2");
  return of_function(
      node,
      line_function(axis, false,
                    [p](const Line<const float>& line, const Line<float>& result) { divide_by_norm(line, result, p); }),
      node.shape(0));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_trilu(OnnxNodeReader& node) {
  const bool upper = node.integer("upper", 1) != 0;
  const auto k = node.has_input(1) ? node.integers(1) : std::vector<std::int64_t>{0};
  if (!k || k->size() != 1) return not_computed(node, "its diagonal is not constant");
  return of_function(node, triangle(upper, k->front()), node.shape(0));
}

/// The extents of an image that gets `channels` times as many channels, and so many times larger.
NUQ_FUNCTION [[nodiscard]] inline OnnxShape with_blocks(OnnxNodeReader& node, std::int64_t block, bool to_space) {
  OnnxShape shape = node.shape(0);
  if (!shape || shape->size() != 4) return std::nullopt;
  const auto changed = [&node](const OnnxExtent& extent, std::int64_t factor, bool grows) {
    if (!extent.is_known()) return node.new_symbol();
    return OnnxExtent{grows ? times(extent.value, factor) : extent.value / factor};
  };
  (*shape)[1] = changed((*shape)[1], block * block, !to_space);
  for (const std::size_t axis : {2U, 3U}) (*shape)[axis] = changed((*shape)[axis], block, to_space);
  return shape;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_depth_to_space(OnnxNodeReader& node) {
  const std::int64_t block = node.integer("blocksize", 0);
  const std::string mode = node.text("mode", "DCR");
  if (block < 1 || block > 1024) return not_computed(node, "its blocksize is impossible");
  if (mode != "DCR" && mode != "CRD") return not_computed(node, "mode '" + mode + "' is not known");
  return of_function(node, depth_to_space(block, mode == "CRD"), with_blocks(node, block, true));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_space_to_depth(OnnxNodeReader& node) {
  const std::int64_t block = node.integer("blocksize", 0);
  if (block < 1 || block > 1024) return not_computed(node, "its blocksize is impossible");
  return of_function(node, space_to_depth(block), with_blocks(node, block, false));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_gather_elements(OnnxNodeReader& node) {
  OnnxOperation read = of_function(node, gathered_elements(node.integer("axis", 0)), node.shape(1), 2);
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_instance_normalization(OnnxNodeReader& node) {
  return of_function(node, group_norm(0, node.real("epsilon", 1e-5F)), node.shape(0), 3);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_group_normalization(OnnxNodeReader& node) {
  node.ignore("stash_type");
  const std::int64_t groups = node.integer("num_groups", 0);
  if (groups < 1 || !is_moderate(groups)) return not_computed(node, "its num_groups is impossible");
  return of_function(node, group_norm(groups, node.real("epsilon", 1e-5F)), node.shape(0), 3);
}

/// Whether a recurrent layer names no other functions than those that it has unless told otherwise.
NUQ_FUNCTION [[nodiscard]] inline bool has_usual_functions(OnnxNodeReader& node, RecurrentCell cell) {
  node.ignore("activations");
  const onnx_schema::AttributeProto* const given = onnx_attribute(node.node(), "activations");
  if (given == nullptr) return true;
  std::vector<std::string> usual = {"Tanh"};
  if (cell == RecurrentCell::gru) usual = {"Sigmoid", "Tanh"};
  if (cell == RecurrentCell::lstm) usual = {"Sigmoid", "Tanh", "Tanh"};
  for (int at = 0; at < given->strings_size(); ++at) {
    if (given->strings(at) != usual[static_cast<std::size_t>(at) % usual.size()]) return false;
  }
  return true;
}

/// Why a recurrent layer is not computed; empty where nothing hinders.
NUQ_FUNCTION [[nodiscard]] inline std::string obstacle_of_recurrence(OnnxNodeReader& node, RecurrentCell cell) {
  if (!has_usual_functions(node, cell)) return "other activations than the usual ones are not computed";
  for (const char* name : {"activation_alpha", "activation_beta", "clip"}) {
    if (node.has(name)) return "attribute '" + std::string(name) + "' is not computed";
  }
  if (node.integer("layout", 0) != 0) return "layout 1 is not computed";
  if (cell == RecurrentCell::lstm && node.integer("input_forget", 0) != 0) return "input_forget is not computed";
  if (node.has_input(4)) return "sequences of several lengths are not computed";
  return node.has_input(7) ? "peepholes are not computed" : "";
}

template <RecurrentCell cell>
[[nodiscard]] OnnxOperation read_recurrent(OnnxNodeReader& node) {
  const std::string obstacle = obstacle_of_recurrence(node, cell);
  const std::string direction = node.text("direction", "forward");
  const OnnxShape recurrent_weights = node.shape(2);
  if (!obstacle.empty()) return not_computed(node, obstacle);
  Recurrence recurrence;
  recurrence.cell = cell;
  recurrence.directions = direction == "bidirectional" ? 2 : 1;
  recurrence.begins_backwards = direction == "reverse";
  recurrence.hidden = node.integer("hidden_size", 0);
  const bool is_known = recurrent_weights && recurrent_weights->size() == 3 && recurrent_weights->back().is_known();
  if (recurrence.hidden == 0 && is_known) recurrence.hidden = recurrent_weights->back().value;
  recurrence.has_bias = node.has_input(3);
  recurrence.has_state = node.has_input(5);
  recurrence.has_cell_state = node.has_input(6);
  recurrence.resets_behind_product = cell == RecurrentCell::gru && node.integer("linear_before_reset", 0) != 0;
  if (recurrence.hidden < 1 || !is_moderate(recurrence.hidden))
    return not_computed(node, "its hidden_size is not known");
  OnnxOperation read = of_function(node, recurrent(recurrence), {}, 7);
  read.outputs = static_cast<std::size_t>(node.node().output_size());
  if (const OnnxShape input = node.shape(0); input && input->size() == 3) {
    read.shape = std::vector<OnnxExtent>{input->front(), {recurrence.directions}, (*input)[1], {recurrence.hidden}};
  }
  return read;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_FUNCTIONS_HPP
