#ifndef NUQ_PACKED_PACKED_RATE_HPP
#define NUQ_PACKED_PACKED_RATE_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A layer in a packed model file: what EntropyRate estimates from counts, and the size of the coded levels and scales
/// themselves.
struct PackedRate : EntropyRate {
  NUQ_FUNCTION [[nodiscard]] std::size_t exact_bytes(const QuantizedWeights& weights) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include "nuq/core/matrix_view.hpp"
#include "nuq/packed/layer_encoder.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::size_t PackedRate::exact_bytes(const QuantizedWeights& weights) const {
  const MatrixView<const std::int8_t> levels(weights.levels.data(), weights.rows, weights.cols);
  return encode_levels(levels).bytes.size() + 4 * stored_scales(weights.scales).size();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_PACKED_RATE_HPP
