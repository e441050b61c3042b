#ifndef NUQ_REPORT_SIZE_MODEL_HPP
#define NUQ_REPORT_SIZE_MODEL_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What layers are compressed for, and what sizes are measured by.
enum class Target {
  packed,   ///< the packed model file, by a price per bit: PackedRate
  palette,  ///< the packed model file, by few levels: PackedRate too, since that is what the file takes
  ascend    ///< the vendor's weight compressor: AscendDictionaryRate
};

/// The target where none is given: ascend where the vendor's compiler decides which layers take NUQ.
[[nodiscard]] constexpr Target usual_target(bool for_ascend) noexcept {
  return for_ascend ? Target::ascend : Target::packed;
}

/// As `--target` and the report call it.
[[nodiscard]] constexpr const char* target_name(Target target) noexcept {
  return target == Target::packed ? "packed" : target == Target::palette ? "palette" : "ascend";
}

/// Bytes of a quantized layer under a target: indices, codebook or tables, scales. For packed and palette those that
/// the packed model file holds. Only the vendor's order of weights depends on the kernel.
NUQ_FUNCTION [[nodiscard]] double layer_bytes(Target target, const QuantizedWeights& weights,
                                              KernelExtents kernel = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/packed/packed_rate.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double layer_bytes(Target target, const QuantizedWeights& weights, KernelExtents kernel) {
  if (target == Target::ascend) return layer_bytes(AscendDictionaryRate{kernel.rows, kernel.cols}, weights);
  return layer_bytes(PackedRate{}, weights);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_SIZE_MODEL_HPP
