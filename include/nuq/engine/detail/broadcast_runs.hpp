#ifndef NUQ_ENGINE_DETAIL_BROADCAST_RUNS_HPP
#define NUQ_ENGINE_DETAIL_BROADCAST_RUNS_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/graph/ops/broadcast.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A result that tensors are repeated to, in the longest runs of elements for which each tensor has neighbours in
/// memory or one value.
class BroadcastRuns {
 public:
  /// The shapes of `inputs` broadcast to `result`.
  NUQ_FUNCTION BroadcastRuns(ArrayView<const TensorView> inputs, const Shape& result) : is_one_(inputs.size(), true) {
    for (const TensorView& input : inputs) offsets_.emplace_back(input.shape, result);
    for (std::size_t axis = result.size(); axis-- > 0;) {
      if (result[axis] == 1) continue;
      for (std::size_t input = 0; input < inputs.size(); ++input) {
        const Shape& shape = inputs[input].shape;
        const bool is_repeated = axis + shape.size() < result.size() || shape[axis + shape.size() - result.size()] == 1;
        if (length_ == 1) is_one_[input] = is_repeated;
        if (is_one_[input] != is_repeated) return;
      }
      length_ *= result[axis];
    }
  }

  /// Where the run ends that holds the element at `index`, both in row-major order.
  [[nodiscard]] std::int64_t end(std::int64_t index) const noexcept { return index - index % length_ + length_; }

  /// What `values`, those of an input, give for the elements from `index` to the end of its run.
  NUQ_FUNCTION [[nodiscard]] RunOperand operand(std::size_t input, const float* values, std::int64_t index) const {
    return {values + offsets_[input](index), is_one_[input]};
  }

 private:
  std::int64_t length_ = 1;
  std::vector<bool> is_one_;
  std::vector<BroadcastOffsets> offsets_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_BROADCAST_RUNS_HPP
