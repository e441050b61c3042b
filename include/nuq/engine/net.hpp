#ifndef NUQ_ENGINE_NET_HPP
#define NUQ_ENGINE_NET_HPP

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A network that is ready to run: a graph, loaded in an EigenEngine.
class Net {
 public:
  /// Throws what `EigenEngine::load` throws.
  NUQ_FUNCTION explicit Net(Graph graph, std::size_t threads = 1, CustomLayers custom = {});
  /// In the memory of a net that is no longer needed.
  NUQ_FUNCTION Net(Graph graph, std::size_t threads, CustomLayers custom, detail::EngineMemory memory);
  /// Reads a network's files, or a packed model file alone. Needs the front end's header, caffe/build_graph.hpp. Throws
  /// what `load_graph` throws as well.
  template <class File, class = std::enable_if_t<std::is_convertible_v<const File&, std::string>>>
  explicit Net(const File& model_file, const std::string& weights_file = {}, std::size_t threads = 1,
               CustomLayers custom = {}, const ReadOptions& options = {})
      : Net(load_graph(std::string(model_file), weights_file, options), threads, std::move(custom)) {}

  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }

  /// \copydoc EigenEngine::set_input
  NUQ_FUNCTION void set_input(const std::string& blob, const TensorView& tensor) { engine_.set_input(blob, tensor); }
  /// \copydoc EigenEngine::keep_only
  NUQ_FUNCTION void keep_only(const std::vector<std::string>& blobs) { engine_.keep_only(blobs); }
  /// \copydoc EigenEngine::forward()
  NUQ_FUNCTION void forward() { engine_.forward(); }
  /// \copydoc EigenEngine::forward(Observer&&)
  template <class Observer>
  void forward(Observer&& observer) {
    engine_.forward(std::forward<Observer>(observer));
  }
  /// \copydoc EigenEngine::output
  NUQ_FUNCTION [[nodiscard]] TensorView output(const std::string& blob) const { return engine_.output(blob); }
  /// \copydoc EigenEngine::release_memory
  NUQ_FUNCTION [[nodiscard]] detail::EngineMemory release_memory() && { return std::move(engine_).release_memory(); }

 private:
  Graph graph_;
  EigenEngine engine_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Net::Net(Graph graph, std::size_t threads, CustomLayers custom)
    : Net(std::move(graph), threads, std::move(custom), detail::EngineMemory()) {}

NUQ_DEFINITION Net::Net(Graph graph, std::size_t threads, CustomLayers custom, detail::EngineMemory memory)
    : graph_(std::move(graph)), engine_(threads, std::move(custom), std::move(memory)) {
  engine_.load(graph_);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_NET_HPP
