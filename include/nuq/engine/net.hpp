#ifndef NUQ_ENGINE_NET_HPP
#define NUQ_ENGINE_NET_HPP

#include <cstddef>
#include <string>
#include <utility>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/custom_layers.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A network that is ready to run: a graph, loaded in an EigenEngine.
class Net {
 public:
  /// Throws what `EigenEngine::load` throws.
  explicit Net(Graph graph, std::size_t threads = 1, CustomLayers custom = {})
      : graph_(std::move(graph)), engine_(threads, std::move(custom)) {
    engine_.load(graph_);
  }
  /// Reads a prototxt and a caffemodel. Throws what `load_graph` throws as well.
  Net(const std::string& model_file, const std::string& weights_file, std::size_t threads = 1, CustomLayers custom = {})
      : Net(load_graph(model_file, weights_file), threads, std::move(custom)) {}

  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }

  /// \copydoc EigenEngine::set_input
  void set_input(const std::string& blob, const TensorView& tensor) { engine_.set_input(blob, tensor); }
  /// \copydoc EigenEngine::forward()
  void forward() { engine_.forward(); }
  /// \copydoc EigenEngine::forward(Observer&&)
  template <class Observer>
  void forward(Observer&& observer) {
    engine_.forward(std::forward<Observer>(observer));
  }
  /// \copydoc EigenEngine::output
  [[nodiscard]] TensorView output(const std::string& blob) const { return engine_.output(blob); }

 private:
  Graph graph_;
  EigenEngine engine_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_NET_HPP
