#ifndef NUQ_ENGINE_REPLAYING_ENGINE_HPP
#define NUQ_ENGINE_REPLAYING_ENGINE_HPP

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An Engine that computes nothing: it shows layers the values that somebody else has computed for them, the user's own
/// runtime for one. So networks are calibrated that no other engine here computes.
class ReplayingEngine {
 public:
  static constexpr bool replays = true;

  /// Forgets all values.
  NUQ_FUNCTION void load(const Graph& graph);

  /// Takes a copy of a value of the network, of an input or of any other blob. Throws ConfigError unknown_name for what
  /// the network does not have, ModelError unsupported_layer for a blob that layers overwrite.
  NUQ_FUNCTION void set_input(const std::string& blob, const TensorView& tensor);

  /// Shows each layer whose inputs have all been set, in the network's order, with outputs that are empty where they
  /// have not been set.
  template <class Observer>
  void forward(Observer&& observer) const {
    for (const Node& node : nodes_) {
      if (!is_known(node)) continue;
      const std::vector<TensorView> inputs = views(node.inputs);
      const std::vector<TensorView> outputs = views(node.outputs);
      observer(node, ArrayView<const TensorView>(inputs), ArrayView<const TensorView>(outputs));
    }
  }

 private:
  NUQ_FUNCTION [[nodiscard]] bool is_known(const Node& node) const;
  NUQ_FUNCTION [[nodiscard]] std::vector<TensorView> views(const std::vector<std::size_t>& values) const;

  std::string file_;
  std::vector<Node> nodes_;  // without weights
  std::map<std::string, std::vector<std::size_t>> values_of_blobs_;
  std::vector<Tensor> values_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ENGINE)

#include <algorithm>

#include "nuq/core/error.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void ReplayingEngine::load(const Graph& graph) {
  file_ = graph.model_file();
  nodes_.clear();
  for (const Node& node : graph.nodes) nodes_.push_back(without_blobs(node));
  values_of_blobs_.clear();
  for (std::size_t value = 0; value < graph.values.size(); ++value)
    values_of_blobs_[graph.values[value].blob].push_back(value);
  values_.assign(graph.values.size(), {});
}

NUQ_DEFINITION void ReplayingEngine::set_input(const std::string& blob, const TensorView& tensor) {
  const auto known = values_of_blobs_.find(blob);
  if (known == values_of_blobs_.end())
    detail::fail(ConfigError(ErrorCode::unknown_name, file_ + ": no blob '" + blob + "'"));
  if (known->second.size() > 1) {
    detail::fail(ModelError(ErrorCode::unsupported_layer,
                            file_ + ": blob '" + blob + "' is overwritten, which of its values is meant is not known"));
  }
  values_[known->second.front()] = Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
}

NUQ_DEFINITION bool ReplayingEngine::is_known(const Node& node) const {
  return !node.inputs.empty() && std::none_of(node.inputs.begin(), node.inputs.end(),
                                              [this](std::size_t value) { return values_[value].values.empty(); });
}

NUQ_DEFINITION std::vector<TensorView> ReplayingEngine::views(const std::vector<std::size_t>& values) const {
  std::vector<TensorView> result;
  for (const std::size_t value : values) result.push_back(values_[value].view());
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ENGINE)

#endif  // NUQ_ENGINE_REPLAYING_ENGINE_HPP
