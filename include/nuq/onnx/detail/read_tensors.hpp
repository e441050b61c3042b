#ifndef NUQ_ONNX_DETAIL_READ_TENSORS_HPP
#define NUQ_ONNX_DETAIL_READ_TENSORS_HPP

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
#include "nuq/onnx/functions/layout.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Replaces extents that only the inputs tell: by 0 where the input has the same one at that place, by −1 for one
/// alone.
NUQ_FUNCTION [[nodiscard]] inline std::optional<Shape> reshape_target(const OnnxNumbers& target,
                                                                      const OnnxShape& input) {
  Shape shape;
  bool has_rest = false;
  for (const OnnxExtent& extent : target.values) has_rest = has_rest || (extent.is_known() && extent.value == -1);
  for (std::size_t axis = 0; axis < target.values.size(); ++axis) {
    const OnnxExtent& extent = target.values[axis];
    if (extent.is_known()) {
      shape.push_back(extent.value);
    } else if (input && axis < input->size() && (*input)[axis] == extent) {
      shape.push_back(0);
    } else if (!has_rest) {
      shape.push_back(-1);
      has_rest = true;
    } else {
      return std::nullopt;
    }
  }
  return shape;
}

/// What the values of an input become in another shape, as far as that is known.
NUQ_FUNCTION [[nodiscard]] inline OnnxShape reshaped(OnnxNodeReader& node, const OnnxNumbers& target,
                                                     const OnnxShape& input) {
  std::vector<OnnxExtent> shape = target.values;
  OnnxExtent* rest = nullptr;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == OnnxExtent{0}) shape[axis] = input && axis < input->size() ? (*input)[axis] : node.new_symbol();
    if (shape[axis] == OnnxExtent{-1}) rest = &shape[axis];
  }
  if (rest == nullptr) return shape;
  *rest = node.new_symbol();
  if (!input) return shape;
  std::int64_t all = 1;
  std::vector<std::size_t> symbols;  // of the input, those of the target taken away
  for (const OnnxExtent& extent : *input) {
    if (extent.is_known()) all = times(all, extent.value);
    if (!extent.is_known()) symbols.push_back(extent.symbol);
  }
  std::int64_t given = 1;
  for (const OnnxExtent& extent : shape) {
    if (&extent == rest) continue;
    if (extent.is_known()) {
      given = times(given, extent.value);
      continue;
    }
    const auto same = std::find(symbols.begin(), symbols.end(), extent.symbol);
    if (same == symbols.end()) return shape;
    symbols.erase(same);
  }
  if (symbols.empty() && given > 0 && all % given == 0) *rest = {all / given};
  if (symbols.size() == 1 && given == all) *rest = {0, symbols.front()};
  return shape;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_reshape(OnnxNodeReader& node) {
  std::optional<OnnxNumbers> target;
  if (node.has_input(1)) {
    target = node.numbers(1);
  } else {
    target = OnnxNumbers{};
    for (const std::int64_t extent : node.integer_list("shape")) target->values.push_back({extent});
  }
  const bool zero_is_extent = node.integer("allowzero", 0) != 0;
  if (!target || target->is_scalar) return not_computed(node, "its shape is computed from values");
  const OnnxShape input = node.shape(0);
  const std::optional<Shape> shape = reshape_target(*target, input);
  if (!shape) return not_computed(node, "its shape depends on the extents of inputs in more than one place");
  for (const OnnxExtent& extent : target->values) {
    if (extent.value < -1 || !is_moderate(extent.value)) return not_computed(node, "its shape is impossible");
    if (zero_is_extent && extent == OnnxExtent{0}) return not_computed(node, "an extent of 0 is not computed");
  }
  return of_first_input(ops::Reshape{*shape, 0, -1}, reshaped(node, *target, input));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_flatten(OnnxNodeReader& node) {
  const std::int64_t axis = node.integer("axis", 1);
  const OnnxShape input = node.shape(0);
  if (axis == 0) return of_first_input(ops::Reshape{{1, -1}, 0, -1}, {});
  const bool is_second = axis == 1 || (input && axis + static_cast<std::int64_t>(input->size()) == 1);
  if (!is_second || (input && input->size() < 2)) {
    OnnxShape matrix;
    if (input) {
      const auto rank = static_cast<std::int64_t>(input->size());
      const std::int64_t begin = axis < 0 ? axis + rank : axis;
      if (begin < 0 || begin > rank)
        return not_computed(node, "axis " + std::to_string(axis) + " lies outside of its input");
      std::vector<OnnxExtent> sides(2, OnnxExtent{1});
      for (std::int64_t at = 0; at < rank; ++at) {
        OnnxExtent& side = sides[at < begin ? 0 : 1];
        const OnnxExtent& extent = (*input)[static_cast<std::size_t>(at)];
        side = side.is_known() && extent.is_known() ? OnnxExtent{times(side.value, extent.value)} : node.new_symbol();
      }
      matrix = sides;
    }
    return of_function(node, flattened(axis), matrix);
  }
  OnnxShape shape;
  if (input) {
    OnnxNumbers target{{input->front(), {-1}}, false};
    shape = reshaped(node, target, input);
  }
  return of_first_input(ops::Flatten{1, -1}, shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_transpose(OnnxNodeReader& node) {
  const OnnxShape input = node.shape(0);
  std::vector<std::int64_t> order = node.integer_list("perm");
  if (order.empty()) {
    if (!input) return not_computed(node, "the number of axes that it turns around is not known");
    for (std::size_t axis = input->size(); axis-- > 0;) order.push_back(static_cast<std::int64_t>(axis));
  }
  OnnxShape shape;
  if (input && order.size() == input->size()) {
    shape = *input;
    for (std::size_t axis = 0; axis < order.size(); ++axis) {
      const std::size_t from = place_of_axis(order[axis], input->size());
      if (from == input->size()) return not_computed(node, "its order names an axis that the input has not");
      (*shape)[axis] = (*input)[from];
    }
  }
  return of_first_input(ops::Permute{order}, shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_squeeze(OnnxNodeReader& node) {
  const auto axes = node.list_or_input("axes", 1);
  if (!axes) return not_computed(node, "its axes are not constant");
  OnnxShape shape = node.shape(0);
  if (shape && axes->empty()) shape.reset();
  if (shape) {
    std::vector<OnnxExtent> kept;
    for (std::size_t axis = 0; axis < shape->size(); ++axis) {
      const bool is_dropped = std::any_of(
          axes->begin(), axes->end(), [&](std::int64_t given) { return place_of_axis(given, shape->size()) == axis; });
      if (!is_dropped) kept.push_back((*shape)[axis]);
    }
    shape = kept;
  }
  return of_first_input(ops::Squeeze{*axes}, shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_unsqueeze(OnnxNodeReader& node) {
  const auto axes = node.list_or_input("axes", 1);
  if (!axes) return not_computed(node, "its axes are not constant");
  const OnnxShape input = node.shape(0);
  OnnxShape shape;
  if (input) {
    std::vector<OnnxExtent> result(input->size() + axes->size(), OnnxExtent{-1});
    for (const std::int64_t axis : *axes) {
      const std::size_t place = place_of_axis(axis, result.size());
      if (place == result.size()) return not_computed(node, "its axes lie outside of the output");
      result[place] = {1};
    }
    auto next = input->begin();
    for (OnnxExtent& extent : result) {
      if (extent == OnnxExtent{-1} && next != input->end()) extent = *next++;
    }
    shape = result;
  }
  return of_first_input(ops::Unsqueeze{*axes}, shape);
}

/// Extents that only the inputs tell must be those that the first input has at that place already.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_expand(OnnxNodeReader& node) {
  const std::optional<OnnxNumbers> target = node.numbers(1);
  const OnnxShape input = node.shape(0);
  if (!target || target->values.empty()) return not_computed(node, "its shape is not constant");
  Shape shape;
  for (std::size_t axis = 0; axis < target->values.size(); ++axis) {
    const OnnxExtent& extent = target->values[axis];
    const std::size_t behind = target->values.size() - axis;
    const bool is_kept = input && behind <= input->size() && (*input)[input->size() - behind] == extent;
    if (!extent.is_known() && !is_kept) return not_computed(node, "its shape depends on the extents of other inputs");
    shape.push_back(extent.is_known() ? extent.value : 1);
  }
  return of_first_input(ops::Expand{shape}, broadcast(node, input, target->values));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_concat(OnnxNodeReader& node) {
  const std::int64_t axis = node.integer("axis", 1);
  OnnxOperation read;
  read.operation = ops::Concat{axis};
  read.shape = node.shape(0);
  for (std::size_t input = 0; input < node.inputs(); ++input) {
    read.inputs.push_back(input);
    const OnnxShape part = node.shape(input);
    if (!read.shape || !part || part->size() != read.shape->size()) {
      read.shape.reset();
      continue;
    }
    const std::size_t place = place_of_axis(axis, part->size());
    if (place == part->size())
      return not_computed(node, "axis " + std::to_string(axis) + " lies outside of its inputs");
    OnnxExtent& total = (*read.shape)[place];
    if (input == 0) continue;
    total = total.is_known() && (*part)[place].is_known() ? OnnxExtent{total.value + (*part)[place].value}
                                                          : node.new_symbol();
  }
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_split(OnnxNodeReader& node) {
  ops::Slice slice;
  slice.axis = node.integer("axis", 0);
  const auto sizes = node.list_or_input("split", 1);
  const auto outputs = static_cast<std::size_t>(node.node().output_size());
  const std::int64_t parts = node.integer("num_outputs", static_cast<std::int64_t>(outputs));
  if (!sizes || !are_moderate(*sizes)) return not_computed(node, "its sizes are not constant");
  if (parts < 1 || parts != static_cast<std::int64_t>(outputs))
    return not_computed(node, "num_outputs is another number");
  std::int64_t place = 0;
  for (std::size_t part = 0; part + 1 < sizes->size(); ++part) slice.points.push_back(place += (*sizes)[part]);
  const OnnxShape input = node.shape(0);
  std::vector<OnnxShape> shapes(outputs, input);
  if (input) {
    const std::size_t along = place_of_axis(slice.axis, input->size());
    if (along == input->size()) return not_computed(node, "its axis lies outside of its input");
    const OnnxExtent whole = (*input)[along];
    if (!sizes->empty() && whole.is_known() && place + sizes->back() != whole.value)
      return not_computed(node,
                          "its sizes do not add up to the " + std::to_string(whole.value) + " values of its axis");
    const std::int64_t share = whole.is_known() ? (whole.value + parts - 1) / parts : 0;
    const bool is_uneven = node.has("num_outputs") && whole.is_known() && share * parts != whole.value;
    for (std::int64_t part = 1; is_uneven && part < parts; ++part) slice.points.push_back(part * share);
    for (std::size_t part = 0; part < outputs; ++part) {
      OnnxExtent& extent = (*shapes[part])[along];
      extent = part < sizes->size() ? OnnxExtent{(*sizes)[part]} : OnnxExtent{share};
      if (sizes->empty() && !whole.is_known()) extent = node.new_symbol();
      if (is_uneven && part + 1 == outputs) extent = {whole.value - share * (parts - 1)};
    }
  }
  OnnxOperation read = of_first_input(slice, shapes.front());
  if (outputs > 1) read.further_shapes.assign(shapes.begin() + 1, shapes.end());
  read.outputs = outputs;
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_slice(OnnxNodeReader& node) {
  const auto starts = node.list_or_input("starts", 1);
  const auto ends = node.list_or_input("ends", 2);
  auto axes = node.list_or_input("axes", 3);
  auto steps = node.has_input(4) ? node.integers(4) : std::vector<std::int64_t>{};
  if (!starts || !ends || !axes || !steps) return not_computed(node, "where it begins and ends is not constant");
  if (axes->empty()) {
    for (std::size_t axis = 0; axis < starts->size(); ++axis) axes->push_back(static_cast<std::int64_t>(axis));
  }
  if (steps->empty()) steps->assign(starts->size(), 1);
  OnnxShape shape = node.shape(0);
  if (shape) {
    for (const std::int64_t axis : *axes) {
      const std::size_t place = place_of_axis(axis, shape->size());
      if (place == shape->size())
        return not_computed(node, "axis " + std::to_string(axis) + " lies outside of its input");
      (*shape)[place] = node.new_symbol();
    }
  }
  return of_first_input(ops::StridedSlice{*axes, *starts, *ends, *steps}, shape);
}

/// Of constant places from any tensor; of rows, told when it runs, from a constant matrix.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_gather(OnnxNodeReader& node) {
  const std::int64_t axis = node.integer("axis", 0);
  const std::optional<OnnxNumbers> numbers = node.numbers(1);
  const auto places = node.integers(1);
  if (places && numbers) {
    OnnxShape shape = node.shape(0);
    if (shape) {
      const std::size_t place = place_of_axis(axis, shape->size());
      if (place == shape->size())
        return not_computed(node, "axis " + std::to_string(axis) + " lies outside of its input");
      (*shape)[place] = {static_cast<std::int64_t>(places->size())};
      if (numbers->is_scalar) shape->erase(shape->begin() + static_cast<std::ptrdiff_t>(place));
    }
    return of_first_input(ops::Take{axis, *places, !numbers->is_scalar}, shape);
  }
  const std::optional<OnnxConstant> table = node.constant(0);
  if (!table || !table->is_float() || table->shape.size() != 2 || axis != 0)
    return not_computed(node, "its places are not constant");
  OnnxOperation read;
  read.operation = ops::Embed{table->shape[0], table->shape[1], false};
  read.inputs = {1};
  read.blobs = {Tensor(table->shape, table->floats)};
  if (OnnxShape shape = node.shape(1)) {
    shape->push_back({table->shape[1]});
    read.shape = shape;
  }
  return read;
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_pad(OnnxNodeReader& node) {
  const std::string mode = node.text("mode", "constant");
  const bool has_attributes = !node.has_input(1);
  std::optional<std::vector<std::int64_t>> pads =
      node.integer_list(has_attributes && node.has("paddings") ? "paddings" : "pads");
  if (!has_attributes) pads = node.integers(1);
  const std::optional<float> value = node.has_input(2) ? node.number(2) : node.real("value", 0.0F);
  const auto axes = node.has_input(3) ? node.integers(3) : std::vector<std::int64_t>{};
  const OnnxShape input = node.shape(0);
  if (!pads || !value || !axes || pads->size() % 2 != 0 || !are_moderate(*pads))
    return not_computed(node, "its pads are not constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect")
    return not_computed(node, "mode '" + mode + "' is not computed");
  ops::Pad pad;
  pad.value = *value;
  pad.mode = mode == "edge" ? ops::PadMode::edge : (mode == "reflect" ? ops::PadMode::reflect : ops::PadMode::constant);
  const std::size_t half = pads->size() / 2;
  pad.begin.assign(pads->begin(), pads->begin() + static_cast<std::ptrdiff_t>(half));
  pad.end.assign(pads->begin() + static_cast<std::ptrdiff_t>(half), pads->end());
  if (!axes->empty()) {
    if (!input || axes->size() != half) return not_computed(node, "the axes of its pads are not known");
    ops::Pad whole = pad;
    whole.begin.assign(input->size(), 0);
    whole.end.assign(input->size(), 0);
    for (std::size_t at = 0; at < half; ++at) {
      const std::size_t place = place_of_axis((*axes)[at], input->size());
      if (place == input->size()) return not_computed(node, "an axis of its pads lies outside of its input");
      whole.begin[place] = pad.begin[at];
      whole.end[place] = pad.end[at];
    }
    pad = whole;
  }
  OnnxShape shape = input;
  if (shape) {
    for (std::size_t axis = 0; axis < shape->size() && axis < pad.begin.size(); ++axis) {
      const std::int64_t added = pad.begin[axis] + pad.end[axis];
      OnnxExtent& extent = (*shape)[axis];
      if (added != 0) extent = extent.is_known() ? OnnxExtent{extent.value + added} : node.new_symbol();
    }
  }
  return of_first_input(pad, shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation repeated_along_axes(OnnxNodeReader& node,
                                                                    const std::vector<std::int64_t>& repeats) {
  OnnxShape shape = node.shape(0);
  for (std::size_t axis = 0; shape && axis < shape->size() && axis < repeats.size(); ++axis) {
    const std::int64_t count = repeats[axis];
    if (count < 1 || count > max_window_parameter)
      return not_computed(node, "it repeats " + std::to_string(count) + " times");
    OnnxExtent& extent = (*shape)[axis];
    if (count != 1) extent = extent.is_known() ? OnnxExtent{times(extent.value, count)} : node.new_symbol();
  }
  return of_function(node, repeated(repeats), shape);
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_tile(OnnxNodeReader& node) {
  const auto repeats = node.integers(1);
  if (!repeats || node.has_input(2) || !are_moderate(*repeats))
    return not_computed(node, "how often it repeats is not constant");
  ops::Tile tile{0, 1};
  for (std::size_t axis = 0; axis < repeats->size(); ++axis) {
    if ((*repeats)[axis] == 1) continue;
    if ((*repeats)[axis] < 1 || (*repeats)[axis] > max_window_parameter)
      return not_computed(node, "it repeats " + std::to_string((*repeats)[axis]) + " times");
    if (tile.tiles != 1) return repeated_along_axes(node, *repeats);
    tile = {static_cast<std::int64_t>(axis), (*repeats)[axis]};
  }
  OnnxShape shape = node.shape(0);
  if (shape && tile.tiles != 1 && tile.axis < static_cast<std::int64_t>(shape->size())) {
    OnnxExtent& extent = (*shape)[static_cast<std::size_t>(tile.axis)];
    extent = extent.is_known() ? OnnxExtent{times(extent.value, tile.tiles)} : node.new_symbol();
  }
  return of_first_input(tile, shape);
}

template <ops::ReduceMethod method>
[[nodiscard]] OnnxOperation read_reduce(OnnxNodeReader& node) {
  const auto axes = node.list_or_input("axes", 1);
  const bool keeps_axes = node.integer("keepdims", 1) != 0;
  const bool is_noop = node.integer("noop_with_empty_axes", 0) != 0;
  if (!axes) return not_computed(node, "its axes are not constant");
  if (axes->empty() && is_noop) return same_shape(node, ops::Split{});
  OnnxShape shape = node.shape(0);
  if (shape) {
    std::vector<OnnxExtent> kept;
    for (std::size_t axis = 0; axis < shape->size(); ++axis) {
      const bool is_reduced = axes->empty() || std::any_of(axes->begin(), axes->end(), [&](std::int64_t given) {
                                return place_of_axis(given, shape->size()) == axis;
                              });
      if (!is_reduced) kept.push_back((*shape)[axis]);
      if (is_reduced && keeps_axes) kept.push_back({1});
    }
    shape = kept;
  }
  return of_first_input(ops::Reduce{method, *axes, keeps_axes}, shape);
}

/// Before opset 13 all axes from `axis` on are one.
NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_onnx_softmax(OnnxNodeReader& node) {
  const bool takes_one_axis = node.opset() >= 13;
  const std::int64_t axis = node.integer("axis", takes_one_axis ? -1 : 1);
  const OnnxShape input = node.shape(0);
  bool is_single = takes_one_axis || axis == -1;
  if (!is_single && input) {
    const std::size_t place = place_of_axis(axis, input->size());
    is_single =
        place < input->size() && std::all_of(input->begin() + static_cast<std::ptrdiff_t>(place) + 1, input->end(),
                                             [](const OnnxExtent& extent) { return extent == OnnxExtent{1}; });
  }
  if (!is_single) {
    return of_function(
        node,
        line_function(axis, true,
                      [](const Line<const float>& line, const Line<float>& result) { soften(line, result, false); }),
        input);
  }
  return same_shape(node, ops::Softmax{axis});
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_TENSORS_HPP
