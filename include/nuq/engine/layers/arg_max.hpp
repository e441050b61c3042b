#ifndef NUQ_ENGINE_LAYERS_ARG_MAX_HPP
#define NUQ_ENGINE_LAYERS_ARG_MAX_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/arg_max.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The places of the top_k largest values, descending, of equal ones the later first. With out_max_val the values
/// themselves: in place of the places with `axis`, otherwise behind them.
class ArgMaxLayer {
 public:
  static constexpr bool in_place = false;

  explicit ArgMaxLayer(const LayerRef& layer)
      : top_k_(layer.parameter().argmax_param().top_k()),
        has_axis_(layer.parameter().argmax_param().has_axis()),
        out_max_val_(layer.parameter().argmax_param().out_max_val()) {}

  void forward(const LayerCall& call) const {
    const AxisSplit split = arg_max_split(call.layer, call.inputs[0].shape);
    const std::int64_t results = has_axis_ || !out_max_val_ ? top_k_ : 2 * top_k_;  // of one search
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

  void find_largest(const float* values, std::int64_t stride, std::vector<Candidate>& candidates) const {
    for (std::size_t at = 0; at < candidates.size(); ++at) {
      const std::int64_t place = static_cast<std::int64_t>(at);
      candidates[at] = {values[place * stride], place};
    }
    std::partial_sort(candidates.begin(), candidates.begin() + top_k_, candidates.end(),
                      [](const Candidate& left, const Candidate& right) {
                        return left.value > right.value || (left.value == right.value && left.place > right.place);
                      });
  }

  void write(const std::vector<Candidate>& candidates, std::int64_t stride, float* output) const {
    for (std::int64_t rank = 0; rank < top_k_; ++rank) {
      const Candidate& found = candidates[static_cast<std::size_t>(rank)];
      const float place = static_cast<float>(found.place);
      output[rank * stride] = has_axis_ && out_max_val_ ? found.value : place;
      if (!has_axis_ && out_max_val_) output[top_k_ + rank] = found.value;
    }
  }

  std::int64_t top_k_;
  bool has_axis_;
  bool out_max_val_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ARG_MAX_HPP
