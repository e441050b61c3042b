#ifndef NUQ_WORKFLOW_COLLECT_STATISTICS_HPP
#define NUQ_WORKFLOW_COLLECT_STATISTICS_HPP

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/network_statistics.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/passes/shared_statistics.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

/// What `batches` batches of calibration data say about the inputs of the layers that take NUQ, for `quantize_model`:
/// from all their samples, in one pass through the float network.
///
/// @param next_batch  `next_batch(int index)` returns an InputBatch for index 0 … batches − 1.
/// @param engine      what computes the network: an Engine, by default our own on one thread.
template <class NextBatch, class Engine = EigenEngine>
[[nodiscard]] NetworkStatistics collect_statistics(const QuantizationSession& session, NextBatch&& next_batch,
                                                   int batches, Engine&& engine = Engine(),
                                                   const StatisticsOptions& options = {}) {
  Parallel serial;
  engine.load(session.graph);
  NetworkStatistics statistics = network_statistics(session.graph, session.settings.plan, engine, batches,
                                                    detail::feed_from(next_batch), options, serial);
  add_up_shared_statistics(session.graph, statistics);
  return statistics;
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_COLLECT_STATISTICS_HPP
