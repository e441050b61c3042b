#ifndef NUQ_SENSITIVITY_NETWORK_OUTPUTS_HPP
#define NUQ_SENSITIVITY_NETWORK_OUTPUTS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a network gives out for some batches: the values of every blob that no layer reads, or, where none of these is
/// computed, that no computed layer reads. Detections, of which there are more or fewer when anything changes, stand
/// for the values that they are made of.
struct NetworkOutputs {
  /// One of the network's outputs.
  struct Blob {
    std::string layer;            ///< the one that writes it
    std::size_t output = 0;       ///< as which of its outputs
    bool is_probability = false;  ///< written by a Softmax
    std::vector<float> values;    ///< of all batches
  };
  std::vector<Blob> blobs;
};

namespace detail {

/// The outputs of layers outside of `uncomputed` that no layer outside of it reads; without values.
NUQ_FUNCTION [[nodiscard]] NetworkOutputs unread_outputs(const Graph& graph,
                                                         const std::map<std::string, std::string>& uncomputed);

NUQ_FUNCTION [[nodiscard]] bool has_values(const NetworkOutputs& outputs) noexcept;

NUQ_FUNCTION void append_outputs(NetworkOutputs& outputs, const Node& node, ArrayView<const TensorView> tensors);

}  // namespace detail

/// Runs `batches` batches and keeps the outputs that the engine computes.
///
/// @param engine  an Engine that has a network of the layers of `graph` loaded.
/// @param feed    `feed(engine, batch)` sets the network's inputs.
template <class Engine, class Feed>
[[nodiscard]] NetworkOutputs network_outputs(const Graph& graph, Engine& engine, int batches, Feed&& feed) {
  NetworkOutputs outputs = detail::unread_outputs(graph, {});
  if constexpr (check_engine<Engine>()) {
    const auto run = [&](int batch) {
      feed(engine, batch);
      engine.forward([&outputs](const Node& node, ArrayView<const TensorView>, ArrayView<const TensorView> tensors) {
        detail::append_outputs(outputs, node, tensors);
      });
    };
    for (int batch = 0; batch < batches; ++batch) {
      run(batch);
      if (batch > 0 || detail::has_values(outputs)) continue;
      const auto uncomputed = uncomputed_layers(graph);
      if (uncomputed.empty()) continue;
      outputs = detail::unread_outputs(graph, uncomputed);
      run(batch);
    }
  }
  return outputs;
}

namespace detail {

NUQ_FUNCTION [[nodiscard]] double energy(const std::vector<float>& values);

}  // namespace detail

/// How far a network's outputs have moved: for probabilities the Kullback-Leibler divergence, summed over the samples;
/// for others the squared difference relative to the original's energy. Of several outputs the sum. Both must be of the
/// same batches.
NUQ_FUNCTION [[nodiscard]] double output_damage(const NetworkOutputs& original, const NetworkOutputs& changed);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SENSITIVITY)

#include <cmath>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Σ p·ln(p/q).
NUQ_FUNCTION [[nodiscard]] inline double divergence(const std::vector<float>& original,
                                                    const std::vector<float>& changed) {
  constexpr double least = 1e-12;
  double sum = 0.0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    const auto p = static_cast<double>(original[at]);
    if (p > least) sum += p * std::log(p / (std::max)(static_cast<double>(changed[at]), least));
  }
  return sum;
}

NUQ_FUNCTION [[nodiscard]] inline double squared_difference(const std::vector<float>& original,
                                                            const std::vector<float>& changed) {
  double sum = 0.0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    const double difference = static_cast<double>(original[at]) - static_cast<double>(changed[at]);
    sum += difference * difference;
  }
  return sum;
}

NUQ_DEFINITION NetworkOutputs unread_outputs(const Graph& graph, const std::map<std::string, std::string>& uncomputed) {
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  const auto is_read = [&](std::size_t value) {
    for (const std::size_t reader : consumers[value]) {
      const Node& node = graph.nodes[reader];
      if (uncomputed.count(node.name) == 0 && !is<ops::DetectionOutput>(node)) return true;
    }
    return false;
  };
  NetworkOutputs outputs;
  for (const Node& node : graph.nodes) {
    if (uncomputed.count(node.name) > 0 || is<ops::DetectionOutput>(node)) continue;
    for (std::size_t output = 0; output < node.outputs.size(); ++output) {
      if (!is_read(node.outputs[output])) outputs.blobs.push_back({node.name, output, is<ops::Softmax>(node), {}});
    }
  }
  return outputs;
}

NUQ_DEFINITION bool has_values(const NetworkOutputs& outputs) noexcept {
  return std::any_of(outputs.blobs.begin(), outputs.blobs.end(),
                     [](const NetworkOutputs::Blob& blob) { return !blob.values.empty(); });
}

NUQ_DEFINITION void append_outputs(NetworkOutputs& outputs, const Node& node, ArrayView<const TensorView> tensors) {
  for (NetworkOutputs::Blob& blob : outputs.blobs) {
    if (blob.layer != node.name) continue;
    const ArrayView<const float> values = tensors[blob.output].values;
    blob.values.insert(blob.values.end(), values.begin(), values.end());
  }
}

NUQ_DEFINITION double energy(const std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum;
}

}  // namespace detail

NUQ_DEFINITION double output_damage(const NetworkOutputs& original, const NetworkOutputs& changed) {
  double damage = 0.0;
  for (std::size_t index = 0; index < original.blobs.size(); ++index) {
    const std::vector<float>& before = original.blobs[index].values;
    const std::vector<float>& after = changed.blobs[index].values;
    if (original.blobs[index].is_probability) {
      damage += detail::divergence(before, after);
    } else if (const double energy = detail::energy(before); energy > 0.0) {
      damage += detail::squared_difference(before, after) / energy;
    }
  }
  return damage;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SENSITIVITY)

#endif  // NUQ_SENSITIVITY_NETWORK_OUTPUTS_HPP
