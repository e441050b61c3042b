#ifndef NUQ_ENGINE_ANY_ENGINE_HPP
#define NUQ_ENGINE_ANY_ENGINE_HPP

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/support/function_ref.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Any Engine behind one type, itself an Engine: what computes with engines is compiled once. Copies share the engine.
class AnyEngine {
  using Observer = detail::FunctionRef<void(const Node&, ArrayView<const TensorView>, ArrayView<const TensorView>)>;
  template <class Engine>
  using if_other = std::enable_if_t<!std::is_same_v<Engine, AnyEngine>>;

 public:
  template <class Engine, class = if_other<Engine>>
  AnyEngine(Engine engine) {  // NOLINT(google-explicit-constructor): stands for every Engine
    if constexpr (check_engine<Engine>()) hold(std::make_shared<Engine>(std::move(engine)));
  }

  /// As `computes_parts` of the engine.
  [[nodiscard]] bool can_compute_parts() const noexcept { return computes_parts_; }
  /// As `replays` of the engine.
  [[nodiscard]] bool is_replaying() const noexcept { return is_replaying_; }
  /// As `load` of the engine.
  NUQ_FUNCTION void load(const Graph& graph) { load_(graph); }
  /// As `set_input` of the engine.
  NUQ_FUNCTION void set_input(const std::string& blob, const TensorView& tensor) { set_input_(blob, tensor); }
  /// As `forward` of the engine.
  template <class Watching>
  void forward(Watching&& observer) {
    forward_(Observer(observer));
  }

 private:
  template <class Engine>
  void hold(const std::shared_ptr<Engine>& engine) {
    computes_parts_ = computes_parts(*engine);
    is_replaying_ = replays<Engine>();
    load_ = [engine](const Graph& graph) { engine->load(graph); };
    set_input_ = [engine](const std::string& blob, const TensorView& tensor) { engine->set_input(blob, tensor); };
    forward_ = [engine](Observer observer) { engine->forward(observer); };
  }

  bool computes_parts_ = false;
  bool is_replaying_ = false;
  std::function<void(const Graph&)> load_;
  std::function<void(const std::string&, const TensorView&)> set_input_;
  std::function<void(Observer)> forward_;
};

/// Makes the engines that a verb computes with: anything callable as `factory(threads, custom_layers)` that returns an
/// Engine, such as `[](std::size_t, const nuq::CustomLayers&) { return MyEngine(); }`. By default our own.
class EngineFactory {
  template <class Make>
  using if_makes_engine = std::enable_if_t<std::is_invocable_v<const Make&, std::size_t, const CustomLayers&> &&
                                           !std::is_same_v<std::decay_t<Make>, EngineFactory>>;

 public:
  EngineFactory() = default;
  template <class Make, class = if_makes_engine<Make>>
  EngineFactory(Make make)  // NOLINT(google-explicit-constructor): stands for every factory
      : make_([make](std::size_t threads, const CustomLayers& layers) { return AnyEngine(make(threads, layers)); }) {}

  /// A new engine. `threads`: as many as the verb may use; `layers`: types of the user's own.
  NUQ_FUNCTION [[nodiscard]] AnyEngine operator()(std::size_t threads, const CustomLayers& layers) const {
    return make_ ? make_(threads, layers) : AnyEngine(EigenEngine(threads, layers));
  }

 private:
  std::function<AnyEngine(std::size_t, const CustomLayers&)> make_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_ANY_ENGINE_HPP
