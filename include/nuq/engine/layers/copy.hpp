#ifndef NUQ_ENGINE_LAYERS_COPY_HPP
#define NUQ_ENGINE_LAYERS_COPY_HPP

#include <algorithm>

#include "nuq/engine/layer_call.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Hands its first input's values on to every output: Dropout, Split, Flatten, Reshape, AntiQuant, and SearchN, which
/// only marks what is to be observed and may have no output.
class CopyLayer {
 public:
  static constexpr bool in_place = true;

  explicit CopyLayer(const LayerRef&) {}

  void forward(const LayerCall& call) const {
    const ArrayView<const float> input = call.inputs[0].values;
    for (const TensorSpan& output : call.outputs) {
      if (output.values.data() != input.data()) std::copy(input.begin(), input.end(), output.values.begin());
    }
  }
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_COPY_HPP
