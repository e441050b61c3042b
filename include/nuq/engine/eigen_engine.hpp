#ifndef NUQ_ENGINE_EIGEN_ENGINE_HPP
#define NUQ_ENGINE_EIGEN_ENGINE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/detail/loaded_network.hpp"
#include "nuq/engine/kernels/aligned_buffer.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// What an engine computes in and another one may take over: threads with their scratch memory, and the memory of the
/// network's values. The first computation in fresh memory is slower.
struct EngineMemory {
  std::unique_ptr<Workspace> workspace;  ///< may be null
  std::vector<AlignedBuffer> buffers;
};

}  // namespace detail

/// The library's own engine: float inference on the processor, any batch and image size, weights packed once.
///
/// `forward()` computes in-place layers in place and a convolution together with the BatchNorm, Scale and ReLU that
/// overwrite its output; with an observer every layer is computed by itself, which may differ in the last bits. Results
/// do not depend on the number of threads. Layers of types that neither the library nor `custom_layers` knows are left
/// out with all that depends on them: loss and accuracy layers of a training network, say; only asking for their
/// outputs is an error. Not for use by several threads at once; several engines may run side by side.
class EigenEngine {
 public:
  static constexpr bool computes_parts = true;

  /// `threads` of the engine's own pool; 0 takes the machine's number of cores.
  NUQ_FUNCTION explicit EigenEngine(std::size_t threads = 1, CustomLayers custom = {});
  /// In the memory and with the threads of an engine that is no longer needed; `threads` counts where it has none.
  NUQ_FUNCTION EigenEngine(std::size_t threads, CustomLayers custom, detail::EngineMemory memory);

  /// Prepares a network; the graph is not needed afterwards. Throws ModelError naming file and layer: parameters
  /// that cannot be computed, missing weights, shapes that do not fit.
  NUQ_FUNCTION void load(const Graph& graph);

  /// Copies the values of an input blob. Its shape wins over the declared one, which it must match in its number of
  /// axes and in its channels (axis 1). Throws ConfigError: no such input, another shape.
  NUQ_FUNCTION void set_input(const std::string& blob, const TensorView& tensor);

  /// Says which blobs `output` is going to be asked for; what others have held is overwritten, which takes less memory
  /// and time. Initially, and after `load`, these are all blobs.
  NUQ_FUNCTION void keep_only(const std::vector<std::string>& blobs);

  /// Computes all layers. Throws ConfigError for an input that has not been set, ModelError where the inputs' shapes do
  /// not fit a layer.
  NUQ_FUNCTION void forward();

  /// Computes all layers and calls observer(const Node&, ArrayView<const TensorView> inputs, ArrayView<const
  /// TensorView> outputs) after each that is computed, with what the layer has read and written. Outputs are of the
  /// shapes that the rules give, the same for all networks and inputs: zeros follow what a layer finds less. Nodes come
  /// without their blobs. Throws as `forward()`.
  template <class Observer>
  void forward(Observer&& observer) {
    bind(Binding::separate);
    for (std::size_t node = 0; node < steps_.size(); ++node) {
      if (!network_.is_computed_node(node)) continue;
      compute(node, nullptr);
      observer(network_.nodes()[node], ArrayView<const TensorView>(steps_[node].inputs),
               ArrayView<const TensorView>(steps_[node].results));
    }
    has_run_ = true;
  }

  /// The final value of a blob after `forward`; valid until the engine is used again. Throws ConfigError: no such blob,
  /// none to keep, no forward yet; ModelError naming the layer that stands in the way of computing it.
  NUQ_FUNCTION [[nodiscard]] TensorView output(const std::string& blob) const;

  /// What the engine has computed in, for another one; this one is of no further use.
  NUQ_FUNCTION [[nodiscard]] detail::EngineMemory release_memory() &&;

 private:
  /// Which memory the steps' tensors refer to.
  enum class Binding {
    none,      ///< no longer valid
    shared,    ///< layers overwrite what is of no use any more
    separate,  ///< every value has memory of its own
  };
  struct Step {
    std::vector<TensorView> inputs;
    std::vector<TensorSpan> outputs;
    std::vector<TensorView> results;  // the outputs, for observers
    std::int64_t work = 0;
  };

  NUQ_FUNCTION [[noreturn]] void fail(ErrorCode code, const std::string& problem) const;

  NUQ_FUNCTION void check_input(const std::string& blob, const Shape& declared, const TensorView& tensor) const;

  NUQ_FUNCTION [[nodiscard]] std::int64_t size_of(std::size_t value) const;

  NUQ_FUNCTION [[nodiscard]] float* memory(std::size_t value) const;
  NUQ_FUNCTION [[nodiscard]] TensorView view(std::size_t value) const;

  NUQ_FUNCTION void bind(Binding binding);
  NUQ_FUNCTION void check_memory(Binding binding) const;
  NUQ_FUNCTION [[nodiscard]] Step step_of(std::size_t index) const;

  NUQ_FUNCTION void update_shapes();

  NUQ_FUNCTION void compute(std::size_t index, const detail::AbsorbedFollowers* followers);

  /// Takes over the shapes of a node's outputs, which it has shortened, for the layers behind it.
  NUQ_FUNCTION void shorten_outputs(std::size_t index);

  std::unique_ptr<Workspace> workspace_;
  CustomLayers custom_;
  detail::LoadedNetwork network_;
  std::vector<Shape> shapes_;                   // of all values
  std::vector<detail::AlignedBuffer> buffers_;  // by value
  std::vector<bool> is_set_;                    // by value
  std::vector<Step> steps_;                     // by node
  Binding binding_ = Binding::none;
  ResourceLimits limits_;
  bool is_shortened_ = false;  // the last computation has found less than the shape rules allow for
  bool has_run_ = false;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

#include <algorithm>
#include <cstdint>
#include <optional>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION EigenEngine::EigenEngine(std::size_t threads, CustomLayers custom)
    : EigenEngine(threads, std::move(custom), detail::EngineMemory()) {}

NUQ_DEFINITION EigenEngine::EigenEngine(std::size_t threads, CustomLayers custom, detail::EngineMemory memory)
    : workspace_(memory.workspace != nullptr ? std::move(memory.workspace) : std::make_unique<Workspace>(threads)),
      custom_(std::move(custom)),
      buffers_(std::move(memory.buffers)) {}

NUQ_DEFINITION void EigenEngine::load(const Graph& graph) {
  detail::LoadedNetwork network(graph, custom_);
  network_ = std::move(network);
  limits_ = graph.limits;
  shapes_ = network_.declared_shapes();
  buffers_.resize(shapes_.size());
  is_set_.assign(shapes_.size(), false);
  binding_ = Binding::none;
  has_run_ = false;
}

NUQ_DEFINITION void EigenEngine::set_input(const std::string& blob, const TensorView& tensor) {
  const std::optional<std::size_t> value = network_.input(blob);
  if (!value) fail(ErrorCode::unknown_name, "no input is named '" + blob + "'");
  check_input(blob, network_.declared_shapes()[*value], tensor);
  if (shapes_[*value] != tensor.shape || !is_set_[*value]) {
    shapes_[*value] = tensor.shape;
    binding_ = Binding::none;
  }
  std::copy(tensor.values.begin(), tensor.values.end(), buffers_[*value].reserve(size_of(*value)));
  is_set_[*value] = true;
}

NUQ_DEFINITION void EigenEngine::keep_only(const std::vector<std::string>& blobs) {
  network_.keep_only(blobs);
  binding_ = Binding::none;
  has_run_ = false;
}

NUQ_DEFINITION void EigenEngine::forward() {
  bind(Binding::shared);
  for (std::size_t node = 0; node < steps_.size(); ++node) {
    if (!network_.is_absorbed(node)) compute(node, network_.followers(node));
  }
  has_run_ = true;
}

NUQ_DEFINITION TensorView EigenEngine::output(const std::string& blob) const {
  const std::optional<std::size_t> value = network_.final_value(blob);
  if (!value) fail(ErrorCode::unknown_name, "no blob is named '" + blob + "'");
  if (const std::string obstacle = network_.obstacle(*value); !obstacle.empty()) {
    detail::fail(ModelError(ErrorCode::unsupported_layer,
                            network_.file() + ": blob '" + blob + "' cannot be computed: " + obstacle));
  }
  if (!network_.is_kept(*value)) fail(ErrorCode::invalid_argument, "blob '" + blob + "' is not one of those to keep");
  if (network_.input(blob) == value && !is_set_[*value])
    fail(ErrorCode::invalid_argument, "input '" + blob + "' has not been set");
  if (!has_run_) fail(ErrorCode::invalid_argument, "blob '" + blob + "' is asked for before forward");
  return view(*value);
}

NUQ_DEFINITION detail::EngineMemory EigenEngine::release_memory() && {
  return {std::move(workspace_), std::move(buffers_)};
}

NUQ_DEFINITION void EigenEngine::fail(ErrorCode code, const std::string& problem) const {
  detail::fail(ConfigError(code, network_.file() + ": " + problem));
}

NUQ_DEFINITION void EigenEngine::check_input(const std::string& blob, const Shape& declared,
                                             const TensorView& tensor) const {
  const std::string got = "input '" + blob + "' is set to shape " + to_string(tensor.shape);
  const bool positive =
      std::all_of(tensor.shape.begin(), tensor.shape.end(), [](std::int64_t extent) { return extent > 0; });
  if (!positive || !is_valid_shape(tensor.shape) || element_count(tensor.shape) != tensor.values.size()) {
    fail(ErrorCode::size_mismatch, got + " with " + std::to_string(tensor.values.size()) +
                                       " values, wanted extents of at least 1 and a value for each element");
  }
  if (declared.empty()) return;
  const bool same_channels = declared.size() < 2 || tensor.shape.size() < 2 || declared[1] == tensor.shape[1];
  if (declared.size() != tensor.shape.size() || !same_channels) {
    fail(ErrorCode::size_mismatch,
         got + ", the model declares " + to_string(declared) + ", wanted as many axes and channels");
  }
}

NUQ_DEFINITION std::int64_t EigenEngine::size_of(std::size_t value) const {
  return static_cast<std::int64_t>(element_count(shapes_[value]));
}

NUQ_DEFINITION float* EigenEngine::memory(std::size_t value) const {
  return buffers_[binding_ == Binding::shared ? network_.shared_buffer(value) : value].data();
}

NUQ_DEFINITION TensorView EigenEngine::view(std::size_t value) const {
  return {shapes_[value], {memory(value), memory(value) == nullptr ? 0 : element_count(shapes_[value])}};
}

NUQ_DEFINITION void EigenEngine::bind(Binding binding) {
  if (binding_ == binding && !is_shortened_) return;
  if (binding_ == Binding::none || is_shortened_) update_shapes();
  is_shortened_ = false;
  check_memory(binding);
  binding_ = binding;
  for (std::size_t value = 0; value < shapes_.size(); ++value) {
    const std::size_t buffer = binding == Binding::shared ? network_.shared_buffer(value) : value;
    if (!shapes_[value].empty()) static_cast<void>(buffers_[buffer].reserve(size_of(value)));
  }
  steps_.clear();
  for (std::size_t node = 0; node < network_.nodes().size(); ++node) steps_.push_back(step_of(node));
}

NUQ_DEFINITION void EigenEngine::check_memory(Binding binding) const {
  std::vector<std::uint64_t> bytes(buffers_.size());  // by buffer
  std::uint64_t all = 0;
  for (std::size_t value = 0; value < shapes_.size(); ++value) {
    if (shapes_[value].empty()) continue;
    const std::uint64_t own = sizeof(float) * static_cast<std::uint64_t>(size_of(value));
    std::uint64_t& buffer = bytes[binding == Binding::shared ? network_.shared_buffer(value) : value];
    all += own - (std::min)(own, buffer);
    buffer = (std::max)(own, buffer);
    limits_.require_memory(own, network_.file() + ": blob '" + network_.blob(value) + "'");
  }
  limits_.require_memory(all, network_.file() + ": the network at work");
}

NUQ_DEFINITION EigenEngine::Step EigenEngine::step_of(std::size_t index) const {
  const Node& node = network_.nodes()[index];
  Step step;
  for (const std::size_t input : node.inputs) step.inputs.push_back(view(input));
  for (const std::size_t output : node.outputs) {
    step.results.push_back(view(output));
    step.outputs.push_back({shapes_[output], {memory(output), step.results.back().values.size()}});
  }
  step.work = network_.work(index)(step.inputs, step.results);
  return step;
}

NUQ_DEFINITION void EigenEngine::update_shapes() {
  has_run_ = false;
  for (const std::size_t input : network_.inputs()) {
    if (!is_set_[input] && network_.is_read(input)) {
      fail(ErrorCode::invalid_argument, "input '" + network_.blob(input) + "' has not been set");
    }
  }
  detail::propagate_shapes(network_.nodes(), network_.file(), shapes_, custom_.shape_rules);
}

NUQ_DEFINITION void EigenEngine::compute(std::size_t index, const detail::AbsorbedFollowers* followers) {
  Step& step = steps_[index];
  workspace_->expect_work(step.work);
  const LayerCall call{{network_.nodes()[index], network_.file()}, step.inputs, step.outputs, *workspace_};
  if (followers != nullptr) {
    network_.layer(index).get_if<detail::ConvolutionLayer>()->forward(call, followers->finish());
  } else {
    network_.layer(index).forward(call);
  }
  const auto is_whole = [](const TensorSpan& output, const TensorView& whole) { return output.shape == whole.shape; };
  if (!std::equal(step.outputs.begin(), step.outputs.end(), step.results.begin(), is_whole)) shorten_outputs(index);
}

NUQ_DEFINITION void EigenEngine::shorten_outputs(std::size_t index) {
  const std::vector<Node>& nodes = network_.nodes();
  is_shortened_ = true;
  for (std::size_t output = 0; output < steps_[index].outputs.size(); ++output) {
    const TensorSpan& found = steps_[index].outputs[output];
    std::fill(found.values.begin() + element_count(found.shape), found.values.end(), 0.0F);
    shapes_[nodes[index].outputs[output]] = found.shape;
  }
  const ArrayView<const Node> behind(nodes.data() + index + 1, nodes.size() - index - 1);
  detail::propagate_shapes(behind, network_.file(), shapes_, custom_.shape_rules);
  for (std::size_t node = index + 1; node < nodes.size(); ++node) steps_[node] = step_of(node);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_EIGEN_ENGINE_HPP
