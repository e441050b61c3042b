#ifndef NUQ_GRAPH_PASSES_SHARED_STATISTICS_HPP
#define NUQ_GRAPH_PASSES_SHARED_STATISTICS_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Adds up what is known of the inputs of layers that share their weights, so that an error of these counts as often as
/// they are used: the first layer's entry becomes the sum of the moments, which have been weighed before where they are
/// weighed at all, and the others' are taken out.
NUQ_FUNCTION void add_up_shared_statistics(const Graph& graph, NetworkStatistics& statistics);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include "nuq/graph/shared_weights.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Entry by entry; `Values` is a vector or a matrix. Unknown where one of them is.
template <class Values>
void add_moments(Values& sum, const Values& other) {
  if (sum.size() != other.size()) {
    sum = Values();
    return;
  }
  const double* added = other.data();
  for (double *value = sum.data(), *end = value + sum.size(); value != end; ++value) *value += *added++;
}

/// The bias of a layer that shares its weights is not corrected, so that the means are of no use.
NUQ_FUNCTION inline void add_statistics(LayerStatistics& sum, const LayerStatistics& other) {
  sum.samples += other.samples;
  sum.sensitivity += other.sensitivity;
  add_moments(sum.mean_squares, other.mean_squares);
  add_moments(sum.second_moments, other.second_moments);
  if (!sum.prior) sum.prior = other.prior;
  sum.input_mean = Vector();
  sum.mean_deviation = Vector();
  sum.factor.reset();
}

}  // namespace detail

NUQ_DEFINITION void add_up_shared_statistics(const Graph& graph, NetworkStatistics& statistics) {
  for (const Node& node : graph.nodes) {
    const auto own = statistics.find(node.name);
    const auto sum = statistics.find(owner_of_weights(graph, node).name);
    if (own == sum || own == statistics.end() || sum == statistics.end()) continue;
    detail::add_statistics(sum->second, own->second);
    statistics.erase(own);
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_SHARED_STATISTICS_HPP
