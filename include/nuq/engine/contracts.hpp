#ifndef NUQ_ENGINE_CONTRACTS_HPP
#define NUQ_ENGINE_CONTRACTS_HPP

#include <string>
#include <utility>

#include "nuq/core/array_view.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

struct AnyObserver {
  void operator()(const Node&, ArrayView<const TensorView>, ArrayView<const TensorView>) const {}
};

template <class Engine>
using engine_load_op = decltype(std::declval<Engine&>().load(std::declval<const Graph&>()));
template <class Engine>
using engine_set_input_op =
    decltype(std::declval<Engine&>().set_input(std::declval<const std::string&>(), std::declval<TensorView>()));
template <class Engine>
using engine_forward_op = decltype(std::declval<Engine&>().forward(std::declval<AnyObserver&>()));

}  // namespace detail

/// An Engine computes a network.
///
///   class ZeroEngine {  // every layer of it writes zeros, of the shapes that the graph declares
///    public:
///     void load(const nuq::Graph& graph) {  // the graph may go away afterwards
///       graph_ = graph;
///       values_.clear();
///       for (const nuq::Value& value : graph.values) values_.emplace_back(value.shape);
///     }
///     void set_input(const std::string& blob, nuq::TensorView tensor) {  // copies; its shape wins over the declared one
///       for (const std::size_t input : graph_.inputs) {
///         if (graph_.values[input].blob != blob) continue;
///         values_[input] = nuq::Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
///       }
///     }
///     template <class Observer>
///     void forward(Observer&& observer) {
///       for (const nuq::Node& node : graph_.nodes) {
///         const std::vector<nuq::TensorView> inputs = views(node.inputs);
///         const std::vector<nuq::TensorView> outputs = views(node.outputs);
///         observer(node, nuq::ArrayView<const nuq::TensorView>(inputs), nuq::ArrayView<const nuq::TensorView>(outputs));
///       }
///     }
///
///    private:
///     std::vector<nuq::TensorView> views(const std::vector<std::size_t>& indices) const {
///       std::vector<nuq::TensorView> result;
///       for (const std::size_t index : indices) result.push_back(values_[index].view());
///       return result;
///     }
///
///     nuq::Graph graph_;
///     std::vector<nuq::Tensor> values_;
///   };
///
/// `forward` calls observer(const Node&, ArrayView<const TensorView> inputs, ArrayView<const TensorView> outputs) after
/// each layer, in execution order: inputs as the layer has read them, outputs as it has written them, both before a
/// later in-place layer overwrites them. Node and views are valid during the call alone. An engine that needs nothing
/// of a graph but its nodes and values, not the files that it comes from, may say so by `static constexpr bool
/// computes_parts = true`: what runs a network many times then loads only the part that changes. One that shows values
/// which others have computed, whatever the weights it has loaded, says so by `static constexpr bool replays = true`:
/// nothing is asked of it that depends on changed weights. Shipped models: EigenEngine; ReplayingEngine; OpenCvEngine
/// in adapters/opencv.hpp.
template <class Engine>
inline constexpr bool is_engine_v = detail::returns<void, detail::engine_load_op, Engine>() &&
                                    detail::returns<void, detail::engine_set_input_op, Engine>() &&
                                    detail::returns<void, detail::engine_forward_op, Engine>();

namespace detail {

template <class Engine>
using engine_computes_parts_op = decltype(Engine::computes_parts);
template <class Engine>
using engine_asked_for_parts_op = decltype(std::declval<const Engine&>().can_compute_parts());
template <class Engine>
using engine_replays_op = decltype(Engine::replays);

}  // namespace detail

/// Whether an engine can load a part of a network.
template <class Engine>
[[nodiscard]] bool computes_parts([[maybe_unused]] const Engine& engine) {
  if constexpr (detail::returns<bool, detail::engine_asked_for_parts_op, Engine>()) {
    return engine.can_compute_parts();
  } else if constexpr (detail::returns<bool, detail::engine_computes_parts_op, Engine>()) {
    return Engine::computes_parts;
  } else {
    return false;
  }
}

/// Whether an engine shows what others have computed.
template <class Engine>
[[nodiscard]] constexpr bool replays() noexcept {
  if constexpr (detail::returns<bool, detail::engine_replays_op, Engine>()) {
    return Engine::replays;
  } else {
    return false;
  }
}

/// Refuses a type that is no engine with a message for the first member that it lacks; true otherwise.
template <class Engine>
constexpr bool check_engine() {
  constexpr bool has_load = detail::returns<void, detail::engine_load_op, Engine>();
  constexpr bool has_set_input = detail::returns<void, detail::engine_set_input_op, Engine>();
  static_assert(has_load, "[nuq] Engine must provide: void load(const Graph&)");
  static_assert(!has_load || has_set_input,
                "[nuq] Engine must provide: void set_input(const std::string& blob, TensorView)");
  static_assert(!has_load || !has_set_input || is_engine_v<Engine>,
                "[nuq] Engine must provide: template <class Observer> void forward(Observer&&), which calls "
                "observer(const Node&, ArrayView<const TensorView> inputs, ArrayView<const TensorView> outputs)");
  return is_engine_v<Engine>;
}

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_CONTRACTS_HPP
