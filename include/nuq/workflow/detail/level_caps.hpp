#ifndef NUQ_WORKFLOW_DETAIL_LEVEL_CAPS_HPP
#define NUQ_WORKFLOW_DETAIL_LEVEL_CAPS_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Whether a price per bit alone decides how many levels a layer has: where the quantizer has one, unless the user asks
/// for caps, another target pays for the number of levels, or the configuration is for the vendor's compiler.
NUQ_FUNCTION [[nodiscard]] bool price_decides_levels(const AnyLayerQuantizer& quantizer, bool cap_levels, Target target,
                                                     const QuantizationSettings& settings) noexcept;

/// Lets the layers that take NUQ have as many levels as they need.
NUQ_FUNCTION void lift_caps(QuantizationPlan& plan);

/// After `lift_caps` and quantization: the configured numbers of levels again, or those that layers have where that is
/// more.
NUQ_FUNCTION void restore_caps(QuantizationPlan& plan, const QuantizationPlan& configured,
                               const NetworkQuantization& quantization);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION bool price_decides_levels(const AnyLayerQuantizer& quantizer, bool cap_levels, Target target,
                                         const QuantizationSettings& settings) noexcept {
  return quantizer.is_priced() && !cap_levels && target == Target::packed && !settings.for_ascend;
}

NUQ_DEFINITION void lift_caps(QuantizationPlan& plan) {
  constexpr int most_levels = 255;  // 256 stand for uniform int8
  for (auto& [layer, planned] : plan) {
    if (planned.weight_algorithm == WeightAlgorithm::nuq) planned.num_steps = most_levels;
  }
}

NUQ_DEFINITION void restore_caps(QuantizationPlan& plan, const QuantizationPlan& configured,
                                 const NetworkQuantization& quantization) {
  for (auto& [layer, planned] : plan) {
    planned.num_steps = configured.at(layer).num_steps;
    const auto quantized = quantization.find(layer);
    if (quantized == quantization.end() || !quantized->second.codebook) continue;
    planned.num_steps = (std::max)(planned.num_steps, static_cast<int>(quantized->second.codebook->size()));
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_LEVEL_CAPS_HPP
