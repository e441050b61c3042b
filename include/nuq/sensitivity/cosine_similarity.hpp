#ifndef NUQ_SENSITIVITY_COSINE_SIMILARITY_HPP
#define NUQ_SENSITIVITY_COSINE_SIMILARITY_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// ½ + ½·cos of the angle between a layer's outputs before and after quantization, 0…1: 1 where they point the same
/// way, whatever their lengths. By agreement 1 for an original of zeros, otherwise 0 for a quantized output of zeros
/// (AMCT manual, accuracy-based automatic calibration).
struct CosineSimilaritySensitivity {
  NUQ_FUNCTION [[nodiscard]] double compare(ArrayView<const float> original,
                                            ArrayView<const float> quantized) const noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SENSITIVITY)

#include <cmath>
#include <cstddef>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION double CosineSimilaritySensitivity::compare(ArrayView<const float> original,
                                                           ArrayView<const float> quantized) const noexcept {
  double product = 0.0;
  double original_energy = 0.0;
  double quantized_energy = 0.0;
  for (std::size_t at = 0; at < original.size(); ++at) {
    const auto before = static_cast<double>(original[at]);
    const auto after = static_cast<double>(quantized[at]);
    product += before * after;
    original_energy += before * before;
    quantized_energy += after * after;
  }
  if (original_energy == 0.0) return 1.0;
  if (quantized_energy == 0.0) return 0.0;
  return 0.5 + 0.5 * product / (std::sqrt(original_energy) * std::sqrt(quantized_energy));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SENSITIVITY)

#endif  // NUQ_SENSITIVITY_COSINE_SIMILARITY_HPP
