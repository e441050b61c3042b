#ifndef NUQ_ENGINE_LAYERS_REDUCTION_HPP
#define NUQ_ENGINE_LAYERS_REDUCTION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/kernels/gather.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/reduction.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The places of the top_k largest values, descending, of equal ones the later first; or the values, or both.
class ArgMaxLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ArgMaxLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::ArgMax>()),
        top_k_(operation_.top_k),
        has_axis_(operation_.axis.has_value()),
        with_values_(operation_.with_values) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = arg_max_split(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t results = has_axis_ || !with_values_ ? top_k_ : 2 * top_k_;  // of one search
    call.workspace.for_each_range(split.outer * split.inner, split.extent, [&](std::int64_t begin, std::int64_t end) {
      std::vector<Candidate> candidates(static_cast<std::size_t>(split.extent));
      for (std::int64_t search = begin; search < end; ++search) {
        const std::int64_t outer = search / split.inner;
        const std::int64_t inner = search % split.inner;
        const float* const input = call.inputs[0].values.data() + outer * split.extent * split.inner + inner;
        float* const output = call.outputs[0].values.data() + outer * results * split.inner + inner;
        find_largest(input, split.inner, candidates);
        write(candidates, split.inner, output);
      }
    });
  }

 private:
  struct Candidate {
    float value;
    std::int64_t place;
  };

  NUQ_FUNCTION void find_largest(const float* values, std::int64_t stride, std::vector<Candidate>& candidates) const {
    for (std::size_t at = 0; at < candidates.size(); ++at) {
      const std::int64_t place = static_cast<std::int64_t>(at);
      candidates[at] = {values[place * stride], place};
    }
    std::partial_sort(candidates.begin(), candidates.begin() + top_k_, candidates.end(),
                      [](const Candidate& left, const Candidate& right) {
                        return left.value > right.value || (left.value == right.value && left.place > right.place);
                      });
  }

  NUQ_FUNCTION void write(const std::vector<Candidate>& candidates, std::int64_t stride, float* output) const {
    for (std::int64_t rank = 0; rank < top_k_; ++rank) {
      const Candidate& found = candidates[static_cast<std::size_t>(rank)];
      const float place = static_cast<float>(found.place);
      output[rank * stride] = has_axis_ && with_values_ ? found.value : place;
      if (!has_axis_ && with_values_) output[top_k_ + rank] = found.value;
    }
  }

  ops::ArgMax operation_;
  std::int64_t top_k_;
  bool has_axis_;
  bool with_values_;
};
ArgMaxLayer layer_of(const ops::ArgMax&);

/// coefficient times the sum, the sum of magnitudes, the sum of squares or the mean of all values from an axis on.
class ReductionLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ReductionLayer(const LayerRef& layer)
      : operation_(layer.operation<ops::Reduction>()), coefficient_(static_cast<double>(operation_.coefficient)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t size = extent_product(shape, reduction_axis(operation_, call.layer, shape.size()), shape.size());
    const float* const input = call.inputs[0].values.data();
    const ArrayView<float> output = call.outputs[0].values;
    const std::int64_t count = static_cast<std::int64_t>(output.size());
    call.workspace.for_each_range(count, size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at) {
        output[static_cast<std::size_t>(at)] = static_cast<float>(coefficient_ * reduced(input + at * size, size));
      }
    });
  }

 private:
  NUQ_FUNCTION [[nodiscard]] double reduced(const float* values, std::int64_t count) const {
    double result = 0.0;
    for (std::int64_t at = 0; at < count; ++at) result += term(static_cast<double>(values[at]));
    return operation_.method == ops::ReductionMethod::mean ? result / static_cast<double>(count) : result;
  }
  NUQ_FUNCTION [[nodiscard]] double term(double value) const {
    if (operation_.method == ops::ReductionMethod::sum_of_magnitudes) return std::fabs(value);
    return operation_.method == ops::ReductionMethod::sum_of_squares ? value * value : value;
  }

  ops::Reduction operation_;
  double coefficient_;
};
ReductionLayer layer_of(const ops::Reduction&);

/// The sum, mean, maximum, … of all values along some axes.
class ReduceLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ReduceLayer(const LayerRef& layer) : operation_(layer.operation<ops::Reduce>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const std::vector<StridedAxis> input = dense_axes(call.inputs[0].shape);
    const std::vector<bool> is_reduced = reduced_axes(operation_, call.layer, input.size());
    std::vector<StridedAxis> kept;
    std::vector<StridedAxis> taken{{1, 0}};
    for (std::size_t axis = 0; axis < input.size(); ++axis) (is_reduced[axis] ? taken : kept).push_back(input[axis]);
    const std::int64_t size = size_of(taken);
    const ArrayView<float> output = call.outputs[0].values;
    const bool adds = operation_.method == ops::ReduceMethod::sum || operation_.method == ops::ReduceMethod::mean;
    const bool adds_lines = adds && !is_reduced.empty() && !is_reduced.back();
    call.workspace.for_each_range(size_of(kept), size, [&](std::int64_t begin, std::int64_t end) {
      if (adds_lines) return add_lines(call.inputs[0].values.data(), kept, taken, begin, end, output.data());
      for (std::int64_t at = begin; at < end; ++at) {
        const float* const values = call.inputs[0].values.data() + offset_of(kept, at);
        output[static_cast<std::size_t>(at)] = static_cast<float>(reduced(values, taken, size));
      }
    });
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static std::int64_t size_of(const std::vector<StridedAxis>& axes) noexcept {
    std::int64_t size = 1;
    for (const StridedAxis& axis : axes) size *= axis.extent;
    return size;
  }
  NUQ_FUNCTION [[nodiscard]] static std::int64_t offset_of(const std::vector<StridedAxis>& axes,
                                                           std::int64_t index) noexcept {
    std::int64_t offset = 0;
    for (std::size_t axis = axes.size(); axis-- > 0; index /= axes[axis].extent) {
      offset += index % axes[axis].extent * axes[axis].stride;
    }
    return offset;
  }

  /// Outputs [begin, end), of which those along the last axis are neighbours in memory: line upon line, in float, as
  /// ONNX Runtime adds them up.
  NUQ_FUNCTION void add_lines(const float* input, const std::vector<StridedAxis>& kept,
                              const std::vector<StridedAxis>& taken, std::int64_t begin, std::int64_t end,
                              float* output) const {
    const std::int64_t length = kept.back().extent;
    const std::int64_t size = size_of(taken);
    const float count = operation_.method == ops::ReduceMethod::mean ? static_cast<float>(size) : 1.0F;
    for (std::int64_t at = begin; at < end;) {
      const std::int64_t run = (std::min)(end - at, length - at % length);
      const float* const first_line = input + offset_of(kept, at);
      float* const sums = output + at;
      std::fill_n(sums, run, 0.0F);
      for (std::int64_t line = 0; line < size; ++line) {
        const float* const values = first_line + offset_of(taken, line);
        for (std::int64_t index = 0; index < run; ++index) sums[index] += values[index];
      }
      for (std::int64_t index = 0; index < run; ++index) sums[index] /= count;
      at += run;
    }
  }

  NUQ_FUNCTION [[nodiscard]] double reduced(const float* values, const std::vector<StridedAxis>& axes,
                                            std::int64_t size) const {
    const StridedAxis inner = axes.back();
    double result = first();
    for (std::int64_t line = 0; line < size; line += inner.extent) {
      const float* const run = values + offset_of(axes, line);
      for (std::int64_t at = 0; at < inner.extent; ++at) {
        result = joined(result, static_cast<double>(run[at * inner.stride]));
      }
    }
    if (operation_.method == ops::ReduceMethod::mean) return result / static_cast<double>(size);
    return operation_.method == ops::ReduceMethod::norm ? std::sqrt(result) : result;
  }

  /// What nothing at all is reduced to.
  NUQ_FUNCTION [[nodiscard]] double first() const noexcept {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (operation_.method == ops::ReduceMethod::maximum) return -infinity;
    if (operation_.method == ops::ReduceMethod::minimum) return infinity;
    return operation_.method == ops::ReduceMethod::product ? 1.0 : 0.0;
  }
  /// NaN wherever it stands makes all NaN.
  NUQ_FUNCTION [[nodiscard]] double joined(double result, double value) const {
    switch (operation_.method) {
      case ops::ReduceMethod::sum:
      case ops::ReduceMethod::mean:
        break;
      case ops::ReduceMethod::maximum:
        return result >= value ? result : (std::isnan(result) ? result : value);
      case ops::ReduceMethod::minimum:
        return result <= value ? result : (std::isnan(result) ? result : value);
      case ops::ReduceMethod::product:
        return result * value;
      case ops::ReduceMethod::sum_of_magnitudes:
        return result + std::fabs(value);
      case ops::ReduceMethod::sum_of_squares:
      case ops::ReduceMethod::norm:
        return result + value * value;
    }
    return result + value;
  }

  ops::Reduce operation_;
};
ReduceLayer layer_of(const ops::Reduce&);

/// y = eˣ⁻ᵐ / Σ eˣ⁻ᵐ along an axis, m being the largest x.
class SoftmaxLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit SoftmaxLayer(const LayerRef& layer) : operation_(layer.operation<ops::Softmax>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = softmax_split(operation_, call.layer, call.inputs[0].shape);
    const std::int64_t size = split.extent * split.inner;
    call.workspace.for_each_task(split.outer, [&](std::int64_t outer, std::size_t worker) {
      normalise(split, call.inputs[0].values.data() + outer * size, call.outputs[0].values.data() + outer * size,
                call.workspace.scratch(worker, 3 * split.inner));
    });
  }

 private:
  static constexpr std::int64_t block = 256;  // values summed up at a time: rounding errors grow with it

  /// One group of extent × inner values; `scratch` holds 3 × inner.
  NUQ_FUNCTION static void normalise(const AxisSplit& split, const float* input, float* output, float* scratch) {
    float* const largest = scratch;
    float* const sum = scratch + split.inner;
    float* const part = sum + split.inner;
    std::copy_n(input, split.inner, largest);
    for (std::int64_t at = 0; at < split.extent; ++at) {
      for (std::int64_t i = 0; i < split.inner; ++i) largest[i] = (std::max)(largest[i], input[at * split.inner + i]);
    }
    std::fill_n(sum, split.inner, 0.0F);
    for (std::int64_t begin = 0; begin < split.extent; begin += block) {
      std::fill_n(part, split.inner, 0.0F);
      for (std::int64_t at = begin; at < (std::min)(split.extent, begin + block); ++at) {
        for (std::int64_t i = 0; i < split.inner; ++i) {
          const float power = std::exp(input[at * split.inner + i] - largest[i]);
          output[at * split.inner + i] = power;
          part[i] += power;
        }
      }
      for (std::int64_t i = 0; i < split.inner; ++i) sum[i] += part[i];
    }
    for (std::int64_t at = 0; at < split.extent; ++at) {
      for (std::int64_t i = 0; i < split.inner; ++i) output[at * split.inner + i] /= sum[i];
    }
  }

  ops::Softmax operation_;
};
SoftmaxLayer layer_of(const ops::Softmax&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_REDUCTION_HPP
