#ifndef NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
#define NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/calibration/search_shift_bits.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/detail/shifts.hpp"

NUQ_NAMESPACE_BEGIN

/// Searches `shift_bit` of every quantized layer, for chips that hand sums on in 16 bits, and completes the record
/// file: a third step after `quantize_model` and `calibrate`, where it is wanted. A layer whose output is one value per
/// channel gets one scale for all channels, with its weights rounded anew (AMCT manual, SearchN). Throws RecordError
/// missing_record before `calibrate`.
///
/// @param next_batch  `next_batch(int index)` returns an InputBatch for index 0 … batch_num − 1 of the configuration.
/// @param engine      what computes the network: an Engine, by default our own on one thread.
template <class NextBatch, class Engine = EigenEngine>
void calibrate_shift_bits(Graph& graph, NextBatch&& next_batch, Engine&& engine = Engine()) {
  engine.load(detail::unshifted_fake_quant(graph));
  detail::set_shifts(
      graph, search_shift_bits(graph, graph.quantization, engine, graph.batch_num, detail::feed_from(next_batch)));
  write_file_atomically(graph.record_file, record_text(graph));
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
