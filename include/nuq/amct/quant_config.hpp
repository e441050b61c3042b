#ifndef NUQ_AMCT_QUANT_CONFIG_HPP
#define NUQ_AMCT_QUANT_CONFIG_HPP

#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What config.json says of one layer.
struct LayerEntry {
  std::string name;
  bool quant_enable = true;
  std::optional<bool>
      channel_wise;  ///< as stated; otherwise true, false for InnerProduct. Decides `plan.channel_wise` in `apply`
  LayerPlan plan;    ///< kept for a disabled layer as well, so that it is written back
};

/// The content of config.json (AMCT manual, quantization configuration). A layer without an entry, or with a disabled
/// one, is not quantized.
struct QuantConfig {
  int version = 1;
  int batch_num = 1;              ///< ≥ 1, batches of activation calibration
  bool activation_offset = true;  ///< asymmetric activations where a layer does not state it
  bool joint_quant = false;       ///< layers that an Eltwise adds up get one shift_bit
  bool do_fusion = true;          ///< fold BatchNorm and Scale into the layer before them
  std::vector<std::string> skip_fusion_layers;
  NuqScope nuq_scope = NuqScope::standard;  ///< written only where it is another one: the vendor's tools do not know it
  TinyValues tiny_values = TinyValues::stay_float;  ///< likewise
  /// The vendor's compiler decides which layers take NUQ, by a mapping file or by its rule for a chip: sizes count as
  /// they are under its weight compressor. Written, as `nuq_target`, only where it does.
  bool for_ascend = false;
  /// The user has named the numbers of levels, so that static quantization keeps to them in every layer. Written, as
  /// `nuq_cap_levels`, only where it does and the vendor's compiler does not decide.
  bool cap_levels = false;
  std::vector<LayerEntry>
      layers;  ///< in the order of the file, which is the network's where it was created by this library

  std::string file = "config.json";  ///< name of the file, for messages
  std::vector<std::string> notes;    ///< what the user should know: unusual settings, layers that stay uniform and why
};

namespace detail {

/// Adds a note for every accepted setting that the vendor's tools would refuse.
NUQ_FUNCTION void note_unusual_settings(QuantConfig& config);

/// Adds a note on `update_bn` of the HiSilicon variant, which is not done.
NUQ_FUNCTION void note_update_bn(QuantConfig& config);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <set>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void note_unusual_settings(QuantConfig& config) {
  std::set<int> unusual;
  for (const LayerEntry& layer : config.layers) {
    const LayerPlan& plan = layer.plan;
    const bool nuq = layer.quant_enable && plan.weight_algorithm == WeightAlgorithm::nuq;
    if (nuq && plan.num_steps != 16 && plan.num_steps != 32) unusual.insert(plan.num_steps);
  }
  for (const int num_steps : unusual) {
    config.notes.push_back(config.file + ": num_steps " + std::to_string(num_steps) +
                           ": the vendor's tools take 16 and 32 only");
  }
}

NUQ_DEFINITION void note_update_bn(QuantConfig& config) {
  config.notes.push_back(config.file +
                         ": update_bn: is not done: BatchNorm layers keep the statistics of the float model");
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANT_CONFIG_HPP
