#ifndef NUQ_ENGINE_LAYER_CALL_HPP
#define NUQ_ENGINE_LAYER_CALL_HPP

#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A dense float tensor of somebody else's memory, to be written.
struct TensorSpan {
  Shape shape;
  ArrayView<float> values;
};

/// One computation of a layer. Outputs have the shapes that the layer's rule gives for the inputs; a layer that finds
/// less than its rule allows for shortens an output's shape, whose values are then the first ones. An output's memory
/// is the first input's where the layer's class says `in_place`, and never that of any other input.
struct LayerCall {
  LayerRef layer;
  ArrayView<const TensorView> inputs;
  ArrayView<TensorSpan> outputs;
  Workspace& workspace;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYER_CALL_HPP
