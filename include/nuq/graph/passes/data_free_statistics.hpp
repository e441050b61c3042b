#ifndef NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP
#define NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP

#include <Eigen/Core>
#include <cstddef>
#include <map>
#include <string>

#include "nuq/core/finite.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/convolution.hpp"
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
[[nodiscard]] inline Eigen::VectorXd expected_second_moment(const Graph& graph, const Node& node, std::size_t count) {
  constexpr double untold = 0.1;
  const auto size = static_cast<Eigen::Index>(count);
  const bool reads_all_channels = node.type == "InnerProduct" || node.parameter.convolution_param().group() == 1;
  if (!reads_all_channels || is_depthwise(node)) return Eigen::VectorXd::Ones(size);
  ChannelEnergies channels(graph);
  const ChannelEnergies::Energies energies = ChannelEnergies::spread_over(channels.of(node.inputs.front()), count);
  if (energies.empty()) return Eigen::VectorXd::Ones(size);
  const Eigen::Map<const Eigen::VectorXd> told(energies.data(), size);
  const double mean = told.mean();
  if (!is_finite(mean) || !(mean > 0.0)) return Eigen::VectorXd::Ones(size);
  return ((told / mean).array() + untold) / (1.0 + untold);
}

}  // namespace detail

/// Statistics of a layer without any data: inputs as strong as `ChannelEnergies` tells, of second moment 1 on average,
/// that correlate as `input_prior` says. Needs the network's weights.
[[nodiscard]] inline LayerStatistics data_free_statistics(const Graph& graph, const Node& node) {
  LayerStatistics statistics;
  statistics.second_moment = detail::expected_second_moment(graph, node, WeightMatrix(node).view().cols());
  statistics.prior = input_prior(graph, node);
  return statistics;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_PASSES_DATA_FREE_STATISTICS_HPP
