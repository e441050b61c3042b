#ifndef NUQ_RATE_TARGET_HPP
#define NUQ_RATE_TARGET_HPP

#include "nuq/core/quantized_weights.hpp"
#include "nuq/rate/contracts.hpp"
#include "nuq/rate/entropy_rate.hpp"
#include "nuq/rate/packed_palette.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer's size is measured by.
enum class Target {
  packed,  ///< entropy-coded indices: EntropyRate
  palette  ///< bit-packed indices: PackedPaletteRate
};

/// Bytes of a quantized layer under a target: indices, codebook or tables, scales.
[[nodiscard]] inline double layer_bytes(Target target, const QuantizedWeights& weights) {
  return target == Target::palette ? layer_bytes(PackedPaletteRate{}, weights) : layer_bytes(EntropyRate{}, weights);
}

NUQ_NAMESPACE_END

#endif  // NUQ_RATE_TARGET_HPP
