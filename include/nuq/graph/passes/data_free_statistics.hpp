#ifndef NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP
#define NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/channel_energies.hpp"
#include "nuq/graph/passes/layer_input_prior.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What is known of the inputs of layers, by layer name.
using NetworkStatistics = std::map<std::string, LayerStatistics>;

namespace detail {

/// E[x²] of each of a layer's `count` inputs, 1 on average: what the layers before tell of their channels, with a tenth
/// for what they do not.
template <class Real>
[[nodiscard]] DenseVector<Real> expected_mean_squares(const Graph& graph, const Node& node, std::size_t count) {
  constexpr double untold = 0.1;
  const DenseVector<Real> equal(static_cast<std::ptrdiff_t>(count), 1.0);
  const ops::ConvolutionAttributes* const convolution = convolution_of(node);
  const bool reads_all_channels = convolution == nullptr || convolution->group == 1;
  if (!reads_all_channels || is_depthwise(node)) return equal;
  BasicChannelEnergies<Real> channels(graph);
  const std::vector<double> energies = ChannelEnergies::spread_over(channels.of(node.inputs.front()), count);
  if (energies.empty()) return equal;
  const double mean = linear_algebra::sum(ArrayView<const Real>(energies)) / static_cast<double>(energies.size());
  if (!is_finite(mean) || !(mean > 0.0)) return equal;
  DenseVector<Real> expected = equal;
  for (std::size_t input = 0; input < count; ++input)
    expected.data()[input] = (energies[input] / mean + untold) / (1.0 + untold);
  return expected;
}

}  // namespace detail

/// Statistics of a layer without any data: inputs as strong as `ChannelEnergies` tells, of second moment 1 on average,
/// that correlate as `input_prior` says. Needs the network's weights.
template <class Real = double>
[[nodiscard]] LayerStatistics data_free_statistics(const Graph& graph, const Node& node) {
  LayerStatistics statistics;
  statistics.mean_squares = detail::expected_mean_squares<Real>(graph, node, WeightMatrix(node).view().cols());
  statistics.prior = input_prior(graph, node);
  return statistics;
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(GRAPH) template LayerStatistics data_free_statistics<double>(const Graph&, const Node&);
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP
