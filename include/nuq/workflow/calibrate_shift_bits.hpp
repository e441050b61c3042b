#ifndef NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
#define NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/graph.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/caffe/quantization.hpp"
#include "nuq/caffe/quantize_layer.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/calibration/search_shift_bits.hpp"
#include "nuq/config/quantization_record.hpp"
#include "nuq/config/record_file.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The fake-quant model with sums of full width.
[[nodiscard]] inline Graph unshifted_fake_quant(const Graph& graph) {
  NetworkQuantization unshifted = graph.quantization;
  for (auto& [name, layer] : unshifted) layer.shift_bit.clear();
  return build_graph(std::make_shared<const Model>(fake_quant_model(graph, unshifted)));
}

inline void set_shift(const Graph& graph, const Node& node, const CalibratedShift& calibrated,
                      LayerQuantization& layer) {
  layer.shift_bit = calibrated.shift_bit;
  if (!calibrated.shares_scale) return;
  std::vector<float>& scales = layer.weights.scales;
  std::fill(scales.begin(), scales.end(), *std::max_element(scales.begin(), scales.end()));
  Parallel serial;
  round_to_nearest_levels(graph, node, layer, serial);
}

}  // namespace detail

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
  const auto calibrated = search_shift_bits(graph, engine, graph.batch_num, detail::feed_from(next_batch));
  for (const auto& [name, shift] : calibrated) {
    detail::set_shift(graph, *graph.find(name), shift, graph.quantization.at(name));
  }
  write_file_atomically(graph.record_file, to_text(record_of(graph)));
}

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_CALIBRATE_SHIFT_BITS_HPP
