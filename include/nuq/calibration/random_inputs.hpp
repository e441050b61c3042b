#ifndef NUQ_CALIBRATION_RANDOM_INPUTS_HPP
#define NUQ_CALIBRATION_RANDOM_INPUTS_HPP

#include <cstdint>
#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Inputs of a network, by blob, for comparisons where there are no data: of the declared shapes, uniform over the
/// grid that a quantized layer reads the input with; over [−1, 1] where none does. The same for the same seed. Throws
/// ModelError naming the input whose shape is not declared.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, Tensor> random_inputs(const Graph& graph,
                                                                       const NetworkQuantization& quantization,
                                                                       std::uint64_t seed);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/random.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The grid of the first calibrated layer among the readers of a value; that of [−1, 1] where there is none.
NUQ_FUNCTION [[nodiscard]] inline ActivationScale grid_of_input(const Graph& graph,
                                                                const NetworkQuantization& quantization,
                                                                const std::vector<std::size_t>& readers) {
  for (const std::size_t reader : readers) {
    const auto quantized = quantization.find(graph.nodes[reader].name);
    if (quantized != quantization.end() && quantized->second.activation) return *quantized->second.activation;
  }
  return symmetric_scale(-1.0F, 1.0F);
}

}  // namespace detail

NUQ_DEFINITION std::map<std::string, Tensor> random_inputs(const Graph& graph, const NetworkQuantization& quantization,
                                                           std::uint64_t seed) {
  std::map<std::string, Tensor> inputs;
  detail::RandomEngine random(seed);
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  for (const std::size_t input : graph.inputs) {
    const Value& value = graph.values[input];
    if (consumers[input].empty()) continue;
    if (value.shape.empty()) {
      detail::fail(ModelError(ErrorCode::size_mismatch, graph.model_file() + ": the shape of input '" + value.blob +
                                                            "' is not declared, wanted one or calibration data"));
    }
    const ActivationScale grid = detail::grid_of_input(graph, quantization, consumers[input]);
    Tensor tensor(value.shape);
    for (float& x : tensor.values) {
      const double level = 255.0 * detail::uniform_unit(random) - 128.0;
      x = static_cast<float>((level - grid.offset) * static_cast<double>(grid.scale));
    }
    inputs.emplace(value.blob, std::move(tensor));
  }
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_RANDOM_INPUTS_HPP
