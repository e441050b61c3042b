#ifndef NUQ_SENSITIVITY_WEIGHT_ERROR_HPP
#define NUQ_SENSITIVITY_WEIGHT_ERROR_HPP

#include <cstddef>

#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// ‖W − Ŵ‖² / ‖W‖² of a layer [out × in]: the harm that can be predicted from the weights alone. Equalises the relative
/// error of layers and is blind to where the network is sensitive. 0 for a layer of zeros.
[[nodiscard]] inline double relative_weight_error(MatrixView<const float> weights,
                                                  const QuantizedWeights& quantized) noexcept {
  double error = 0.0;
  double energy = 0.0;
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      const double weight = static_cast<double>(weights(row, col));
      const double difference = weight - static_cast<double>(quantized.value(row, col));
      error += difference * difference;
      energy += weight * weight;
    }
  }
  return energy > 0.0 ? error / energy : 0.0;
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_WEIGHT_ERROR_HPP
