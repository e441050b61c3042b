#ifndef NUQ_WORKFLOW_DETAIL_FEED_FROM_HPP
#define NUQ_WORKFLOW_DETAIL_FEED_FROM_HPP

#include "nuq/evaluation/evaluator.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// `feed(engine, index)`, which sets the inputs of an engine to what `next_batch(index)` returns. `next_batch` must
/// live as long.
template <class NextBatch>
[[nodiscard]] auto feed_from(NextBatch& next_batch) {
  return [&next_batch](auto& engine, int index) {
    const InputBatch batch = next_batch(index);
    for (const auto& [blob, tensor] : batch) engine.set_input(blob, tensor.view());
  };
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_DETAIL_FEED_FROM_HPP
