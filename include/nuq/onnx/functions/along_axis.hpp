#ifndef NUQ_ONNX_FUNCTIONS_ALONG_AXIS_HPP
#define NUQ_ONNX_FUNCTIONS_ALONG_AXIS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The values along one axis at one place of the others.
template <class Value>
struct Line {
  Value* first;
  std::int64_t stride;
  std::int64_t extent;

  [[nodiscard]] Value& operator[](std::int64_t place) const noexcept { return first[place * stride]; }
};

/// Calls visit(input line, output line) for each line of an axis; the output may have another extent along it.
template <class Visit>
void for_each_line(const TensorView& input, std::size_t axis, Tensor& output, std::int64_t output_extent,
                   Visit&& visit) {
  const AxisSplit split = split_at(input.shape, axis, axis + 1);
  for (std::int64_t outer = 0; outer < split.outer; ++outer) {
    for (std::int64_t inner = 0; inner < split.inner; ++inner) {
      visit(
          Line<const float>{input.values.data() + outer * split.extent * split.inner + inner, split.inner,
                            split.extent},
          Line<float>{output.values.data() + outer * output_extent * split.inner + inner, split.inner, output_extent});
    }
  }
}

/// The order of a line's places by their values, NaN above all; of equal values the earlier, or the later, comes first.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::int64_t> sorted_places(const Line<const float>& line,
                                                                          std::int64_t count, bool largest_first,
                                                                          bool later_first) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(line.extent));
  std::iota(places.begin(), places.end(), 0);
  std::partial_sort(places.begin(), places.begin() + count, places.end(), [&](std::int64_t a, std::int64_t b) {
    const auto is_above = [](float x, float y) { return x > y || (std::isnan(x) && !std::isnan(y)); };
    if (is_above(line[a], line[b])) return largest_first;
    if (is_above(line[b], line[a])) return !largest_first;
    return later_first ? a > b : a < b;
  });
  return places;
}

/// Which of the values along an axis is the largest, or the smallest.
struct PlaceSearch {
  std::int64_t axis = 0;
  bool keeps_axis = true;
  bool finds_largest = true;
  bool takes_last = false;  ///< of equal ones
};

NUQ_FUNCTION [[nodiscard]] inline ops::Function place_search(const PlaceSearch& search) {
  ops::Function function;
  function.shapes = [search](const LayerContext& layer, const std::vector<Shape>& inputs) {
    Shape shape = inputs.front();
    const auto axis = shape.begin() + static_cast<std::ptrdiff_t>(canonical_axis(layer, search.axis, shape.size()));
    *axis = 1;
    if (!search.keeps_axis && shape.size() > 1) shape.erase(axis);
    return std::vector<Shape>{shape};
  };
  function.compute = [search](const LayerContext& layer, ArrayView<const TensorView> inputs,
                              std::vector<Tensor>& outputs) {
    const std::size_t axis = canonical_axis(layer, search.axis, inputs[0].shape.size());
    for_each_line(inputs[0], axis, outputs.front(), 1, [&](const auto& line, const auto& result) {
      result[0] = static_cast<float>(sorted_places(line, 1, search.finds_largest, search.takes_last).front());
    });
  };
  return function;
}

/// The `count` largest, or smallest, values along an axis in order, and their places.
NUQ_FUNCTION [[nodiscard]] inline ops::Function top_values(std::int64_t axis, std::int64_t count, bool largest) {
  ops::Function function;
  function.shapes = [axis, count](const LayerContext& layer, const std::vector<Shape>& inputs) {
    Shape shape = inputs.front();
    std::int64_t& extent = shape[canonical_axis(layer, axis, shape.size())];
    if (count < 1 || count > extent) {
      layer.fail(ErrorCode::invalid_argument,
                 "k is " + std::to_string(count) + ", wanted 1 to " + std::to_string(extent));
    }
    extent = count;
    return std::vector<Shape>(layer.outputs, shape);
  };
  function.compute = [axis, count, largest](const LayerContext& layer, ArrayView<const TensorView> inputs,
                                            std::vector<Tensor>& outputs) {
    const std::size_t place = canonical_axis(layer, axis, inputs[0].shape.size());
    for (std::size_t output = 0; output < outputs.size(); ++output) {
      for_each_line(inputs[0], place, outputs[output], count, [&](const auto& line, const auto& result) {
        const std::vector<std::int64_t> found = sorted_places(line, count, largest, false);
        for (std::int64_t at = 0; at < count; ++at) {
          const std::int64_t from = found[static_cast<std::size_t>(at)];
          result[at] = output == 0 ? line[from] : static_cast<float>(from);
        }
      });
    }
  };
  return function;
}

/// A function of the values along an axis as a whole; all axes from there on are one where `takes_rest`.
template <class Compute>
[[nodiscard]] ops::Function line_function(std::int64_t axis, bool takes_rest, Compute compute) {
  ops::Function function;
  function.shapes = [axis](const LayerContext& layer, const std::vector<Shape>& inputs) {
    static_cast<void>(canonical_axis(layer, axis, inputs.front().size()));
    return inputs;
  };
  function.compute = [axis, takes_rest, compute](const LayerContext& layer, ArrayView<const TensorView> inputs,
                                                 std::vector<Tensor>& outputs) {
    TensorView input = inputs[0];
    const std::size_t place = canonical_axis(layer, axis, input.shape.size());
    if (takes_rest) {
      const std::int64_t rest = extent_product(input.shape, place, input.shape.size());
      input.shape.resize(place);
      input.shape.push_back(rest);
    }
    for_each_line(input, place, outputs.front(), input.shape[place], compute);
  };
  return function;
}

/// What Softmax is, or the logarithm of it.
NUQ_FUNCTION inline void soften(const Line<const float>& line, const Line<float>& result, bool logarithm) {
  float largest = line[0];
  for (std::int64_t at = 1; at < line.extent; ++at) largest = (std::max)(largest, line[at]);
  double sum = 0.0;
  for (std::int64_t at = 0; at < line.extent; ++at)
    sum += std::exp(static_cast<double>(line[at]) - static_cast<double>(largest));
  for (std::int64_t at = 0; at < line.extent; ++at) {
    const double exponent = static_cast<double>(line[at]) - static_cast<double>(largest);
    result[at] = static_cast<float>(logarithm ? exponent - std::log(sum) : std::exp(exponent) / sum);
  }
}

/// Sums of the values up to each, itself left out or not, from the front or from behind.
NUQ_FUNCTION inline void add_up(const Line<const float>& line, const Line<float>& result, bool exclusive,
                                bool reverse) {
  double sum = 0.0;
  for (std::int64_t step = 0; step < line.extent; ++step) {
    const std::int64_t at = reverse ? line.extent - 1 - step : step;
    const double value = static_cast<double>(line[at]);
    result[at] = static_cast<float>(exclusive ? sum : sum + value);
    sum += value;
  }
}

/// Divides by the p-norm, 1 or 2; zeros stay.
NUQ_FUNCTION inline void divide_by_norm(const Line<const float>& line, const Line<float>& result, std::int64_t p) {
  double sum = 0.0;
  for (std::int64_t at = 0; at < line.extent; ++at) {
    const double value = static_cast<double>(line[at]);
    sum += p == 1 ? std::fabs(value) : value * value;
  }
  const double norm = p == 1 ? sum : std::sqrt(sum);
  for (std::int64_t at = 0; at < line.extent; ++at)
    result[at] = norm == 0.0 ? 0.0F : static_cast<float>(static_cast<double>(line[at]) / norm);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_FUNCTIONS_ALONG_AXIS_HPP
