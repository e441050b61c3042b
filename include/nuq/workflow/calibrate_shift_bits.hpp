#ifndef NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
#define NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/calibration/search_shift_bits.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/detail/shifts.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

/// Searches `shift_bit` of every quantized layer, for chips that hand sums on in 16 bits, and completes the record
/// file: a third step after `quantize_model` and `calibrate`, where it is wanted. A layer whose output is one value per
/// channel gets one scale for all channels, with its weights rounded anew (AMCT manual, SearchN). Throws RecordError
/// missing_record before `calibrate`.
///
/// @param next_batch  `next_batch(int index)` returns an InputBatch for index 0 … batch_num − 1 of the configuration.
/// @param engine      what computes the network: an Engine, by default our own on one thread.
template <class NextBatch, class Engine = EigenEngine>
void calibrate_shift_bits(QuantizationSession& session, NextBatch&& next_batch, Engine&& engine = Engine()) {
  engine.load(detail::unshifted_fake_quant(session.graph, session.quantization));
  detail::set_shifts(session, search_shift_bits(session.graph, session.quantization, engine, session.settings.batch_num,
                                                detail::feed_from(next_batch)));
  write_file_atomically(session.record_file, record_text(session.graph, session.quantization, session.settings));
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
