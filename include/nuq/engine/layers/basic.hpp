#ifndef NUQ_ENGINE_LAYERS_BASIC_HPP
#define NUQ_ENGINE_LAYERS_BASIC_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Hands its first input's values on to every output, of which there may be none: Split, Flatten, Reshape, Squeeze,
/// Unsqueeze, AntiQuant.
class CopyLayer {
 public:
  static constexpr bool in_place = true;

  explicit CopyLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const ArrayView<const float> input = call.inputs[0].values;
    for (const TensorSpan& output : call.outputs) {
      if (output.values.data() != input.data()) std::copy(input.begin(), input.end(), output.values.begin());
    }
  }
};
CopyLayer layer_of(const ops::AntiQuant&);
CopyLayer layer_of(const ops::Flatten&);
CopyLayer layer_of(const ops::Reshape&);
CopyLayer layer_of(const ops::Split&);
CopyLayer layer_of(const ops::Squeeze&);
CopyLayer layer_of(const ops::Unsqueeze&);

/// y = factor·x.
class DropoutLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit DropoutLayer(const LayerRef& layer) : factor_(layer.operation<ops::Dropout>().factor) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const ArrayView<const float> input = call.inputs[0].values;
    const ArrayView<float> output = call.outputs[0].values;
    const bool is_copy = factor_ == 1.0F;
    if (is_copy && output.data() == input.data()) return;
    for (std::size_t at = 0; at < input.size(); ++at) output[at] = is_copy ? input[at] : factor_ * input[at];
  }

 private:
  float factor_;
};
DropoutLayer layer_of(const ops::Dropout&);

/// Computes nothing: data layers, whose outputs the user sets, and Silence, which has none.
class NoOpLayer {
 public:
  static constexpr bool in_place = false;

  explicit NoOpLayer(const LayerRef&) {}

  void forward(const LayerCall&) const {}
};
NoOpLayer layer_of(const ops::Input&);
NoOpLayer layer_of(const ops::Silence&);

/// A layer of a type that the engine does not know, or below one: never computed.
class OpaqueLayer {
 public:
  static constexpr bool in_place = false;

  explicit OpaqueLayer(const LayerRef&) {}

  void forward(const LayerCall&) const {}
};
OpaqueLayer layer_of(const ops::Unknown&);

/// Writes its trained blob.
class ParameterLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit ParameterLayer(const LayerRef& layer) {
    require_blobs(layer, 1);
    values_ = layer.node.blobs[0].values;
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::copy(values_.begin(), values_.end(), call.outputs[0].values.begin());
  }

 private:
  std::vector<float> values_;
};
ParameterLayer layer_of(const ops::Parameter&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_BASIC_HPP
