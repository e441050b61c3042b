#ifndef NUQ_WORKFLOW_DETAIL_SHIFTS_HPP
#define NUQ_WORKFLOW_DETAIL_SHIFTS_HPP

#include <map>
#include <string>
#include <vector>

#include "nuq/calibration/search_shift_bits.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/eltwise_groups.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The fake-quant model with sums of full width.
NUQ_FUNCTION [[nodiscard]] Graph unshifted_fake_quant(const Graph& graph, NetworkQuantization quantization);

NUQ_FUNCTION void set_shifts(QuantizationSession& session, const std::map<std::string, CalibratedShift>& calibrated);

/// Where the configuration asks for `joint_quant`: chips that add in 16 bits need sums of one width, so layers whose
/// outputs an Eltwise adds up get one `shift_bit` for each channel. (The AMCT manual names the switch and says that the
/// record then has `shift_bit`; the rule is ours.) After activations have been calibrated.
template <class NextBatch, class Engine>
void set_joint_shifts(QuantizationSession& session, NextBatch& next_batch, Engine&& engine) {
  if (!session.settings.joint_quant) return;
  const std::vector<std::vector<std::string>> groups = jointly_added_layers(session.graph, session.quantization);
  if (groups.empty()) {
    session.settings.notes.push_back(
        "joint_quant: has no effect, no Eltwise adds up the outputs of several quantized layers");
    return;
  }
  engine.load(unshifted_fake_quant(session.graph, session.quantization));
  set_shifts(session, search_joint_shift_bits(session.graph, session.quantization, groups, engine,
                                              session.settings.batch_num, feed_from(next_batch)));
}

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>

#include "nuq/core/parallel.hpp"
#include "nuq/graph/passes/insert_quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Graph unshifted_fake_quant(const Graph& graph, NetworkQuantization quantization) {
  for (auto& [name, layer] : quantization) layer.shift_bit.clear();
  return insert_quantization(graph, quantization);
}

NUQ_FUNCTION inline void set_shift(const Graph& graph, const Node& node, const CalibratedShift& calibrated,
                                   LayerQuantization& layer) {
  layer.shift_bit = calibrated.shift_bit;
  if (!calibrated.shares_scale) return;
  std::vector<float>& scales = layer.weights.scales;
  std::fill(scales.begin(), scales.end(), *std::max_element(scales.begin(), scales.end()));
  Parallel serial;
  round_to_nearest_levels(graph, node, layer, serial);
  layer.bias_correction.clear();  // of other levels
}

NUQ_DEFINITION void set_shifts(QuantizationSession& session, const std::map<std::string, CalibratedShift>& calibrated) {
  for (const auto& [name, shift] : calibrated)
    set_shift(session.graph, *session.graph.find(name), shift, session.quantization.at(name));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_SHIFTS_HPP
