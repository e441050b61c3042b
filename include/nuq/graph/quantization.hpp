#ifndef NUQ_GRAPH_QUANTIZATION_HPP
#define NUQ_GRAPH_QUANTIZATION_HPP

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/activation/hfmg.hpp"
#include "nuq/activation/ifmr.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How the weights of a layer are quantized (`wts_algo` of config.json).
enum class WeightAlgorithm {
  arq,  ///< "arq_quantize": uniform int8
  nuq   ///< "nuq_quantize": only `num_steps` of the 256 levels are kept
};

/// Which layers may be restricted to few levels (`nuq_scope` of config.json, a key of this library's own).
enum class NuqScope {
  standard,  ///< "standard": those of the AMCT manual, Convolution with group 1 and dilation 1, and InnerProduct
  extended   ///< "extended": also grouped and dilated Convolution, the depthwise types of forks, and Deconvolution
};

/// What becomes of a layer whose weights, or whose inputs, are all so small that no scale of theirs is legal
/// (`tiny_values` of config.json, a key of this library's own).
enum class TinyValues {
  stay_float,  ///< "float": the layer is not quantized
  become_zero  ///< "zero": the vendor's rule, a scale that is too small is 1: the values are zeros then
};

/// How the input of a layer is calibrated (`act_algo` of config.json).
enum class ActivationAlgorithm {
  ifmr,    ///< "ifmr": search of the clipping range
  hfmg,    ///< "hfmg": histogram
  min_max  ///< "min_max": the whole range (this library's own)
};

/// How activations are calibrated, with the parameters of every algorithm (AMCT manual, quantization configuration).
struct ActivationPlan : IfmrParameters, HfmgParameters {
  ActivationAlgorithm algorithm = ActivationAlgorithm::ifmr;
  bool asymmetric = true;

  friend bool operator==(const ActivationPlan& a, const ActivationPlan& b) noexcept {
    return a.algorithm == b.algorithm && a.asymmetric == b.asymmetric &&
           static_cast<const IfmrParameters&>(a) == static_cast<const IfmrParameters&>(b) &&
           static_cast<const HfmgParameters&>(a) == static_cast<const HfmgParameters&>(b);
  }
};

/// What the configuration decides for one layer.
struct LayerPlan {
  WeightAlgorithm weight_algorithm = WeightAlgorithm::arq;
  bool channel_wise = true;     ///< one scale per output channel; false for InnerProduct
  int num_steps = 32;           ///< levels kept, 2…256 (nuq)
  int num_of_iteration = 1;     ///< 0…5, search effort of selectors that take it (nuq)
  std::optional<double> price;  ///< per bit, of a quantizer that has one; absent: that of the network (nuq)
  BiasCorrection bias_correction = BiasCorrection::automatic;  ///< of a layer with a bias of its own (nuq)
  ActivationPlan activation;
};

/// The layers to be quantized, by name.
using QuantizationPlan = std::map<std::string, LayerPlan>;

/// `do_fusion` and `skip_fusion_layers` of the configuration.
struct FusionOptions {
  bool enabled = true;
  std::set<std::string> skipped;  ///< layers that nothing is folded into
};

/// What the configuration decides for a network.
struct QuantizationSettings {
  QuantizationPlan plan;  ///< which layers, and how
  FusionOptions fusion;
  NuqScope nuq_scope = NuqScope::standard;
  TinyValues tiny_values = TinyValues::stay_float;
  std::map<std::string, std::string> kept_in_float;  ///< layers that the plan has lost, and why
  int batch_num = 1;                                 ///< batches of activation calibration
  bool joint_quant = false;                          ///< layers that an Eltwise adds up get one shift_bit
  bool cap_levels = false;                           ///< no layer may have more levels than its plan says
  bool for_ascend = false;                           ///< the vendor's compiler decides which layers take NUQ
  std::vector<std::string> notes;  ///< what the user should know: unusual settings, layers that stay uniform and why
};

/// One mode of bias correction for all layers.
NUQ_FUNCTION void set_bias_correction(QuantizationPlan& plan, BiasCorrection mode);

/// The int8 grid of one layer's input, and the shape [N, C, H, W] it had in calibration.
struct CalibratedActivation {
  ActivationScale scale;
  Shape input_shape;
  float largest = 0.0F;  ///< magnitude in the calibration data; 0 where that is not known

  /// Whether everything in the calibration data becomes 0 though not all of it is: it is too small for a legal scale.
  NUQ_FUNCTION [[nodiscard]] bool vanishes() const noexcept;
};

/// The result for one layer: what the record file keeps, and the int8 levels.
struct LayerQuantization {
  QuantizedWeights weights;                   ///< [out × in], see `weight_matrix`
  std::optional<Codebook> codebook;           ///< levels kept; absent in a uniformly quantized layer
  std::optional<ActivationScale> activation;  ///< absent in a weights-only run
  Shape input_shape;                          ///< of the calibrated input, NCHW; empty where unknown
  std::vector<int> shift_bit;                 ///< 1…16 per scale: sums are shifted into 16 bits; empty: they are not
  std::vector<float> bias_correction;         ///< added to the layer's bias where models are written; empty: nothing is
  std::optional<double> output_error{};       ///< predicted from its statistics, in their unit; absent without any
  double sensitivity = 1.0;                   ///< that the statistics have been weighed by
};

/// What stands for the weights of a layer that has none, an averaging Pooling: one scale of 1.
NUQ_FUNCTION [[nodiscard]] QuantizedWeights unit_weights();

/// The results, by layer name.
using NetworkQuantization = std::map<std::string, LayerQuantization>;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void set_bias_correction(QuantizationPlan& plan, BiasCorrection mode) {
  for (auto& layer : plan) layer.second.bias_correction = mode;
}

NUQ_DEFINITION bool CalibratedActivation::vanishes() const noexcept {
  const auto is_lost = [this](float value) { return !(fake_quantize(value, scale) != 0.0F); };
  return largest > 0.0F && is_lost(largest) && is_lost(-largest);
}

NUQ_DEFINITION QuantizedWeights unit_weights() {
  return {0, 0, {1.0F}, {}};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_QUANTIZATION_HPP
