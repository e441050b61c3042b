#ifndef NUQ_REPORT_SIZE_MODEL_HPP
#define NUQ_REPORT_SIZE_MODEL_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer's size is measured by.
enum class Target {
  packed,   ///< the packed model file, entropy-coded: PackedRate
  palette,  ///< indices of equal length: PackedPaletteRate
  ascend    ///< the vendor's weight compressor: AscendDictionaryRate
};

[[nodiscard]] constexpr const char* target_name(Target target) noexcept {
  return target == Target::packed ? "packed" : target == Target::palette ? "palette" : "ascend";
}

/// Bytes of a quantized layer under a target: indices, codebook or tables, scales. Only the vendor's order of weights
/// depends on the kernel.
NUQ_FUNCTION [[nodiscard]] double layer_bytes(Target target, const QuantizedWeights& weights,
                                              KernelExtents kernel = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/packed/packed_rate.hpp"
#include "nuq/quantize/rate/packed_palette.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double layer_bytes(Target target, const QuantizedWeights& weights, KernelExtents kernel) {
  if (target == Target::palette) return layer_bytes(PackedPaletteRate{}, weights);
  if (target == Target::ascend) return layer_bytes(AscendDictionaryRate{kernel.rows, kernel.cols}, weights);
  return layer_bytes(PackedRate{}, weights);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_SIZE_MODEL_HPP
