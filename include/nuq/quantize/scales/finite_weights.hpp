#ifndef NUQ_QUANTIZE_SCALES_FINITE_WEIGHTS_HPP
#define NUQ_QUANTIZE_SCALES_FINITE_WEIGHTS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Refuses NaN and infinite weights.
/// @throws ModelError non_finite_value, naming row, column and value; the caller puts file and layer in front.
NUQ_FUNCTION void require_finite_weights(MatrixView<const float> weights);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cstddef>
#include <string>

#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void require_finite_weights(MatrixView<const float> weights) {
  if (all_finite({weights.data(), weights.size()})) return;
  for (std::size_t row = 0; row < weights.rows(); ++row) {
    for (std::size_t col = 0; col < weights.cols(); ++col) {
      if (is_finite(weights(row, col))) continue;
      detail::fail(ModelError(ErrorCode::non_finite_value,
                              "the weight in row " + std::to_string(row) + ", column " + std::to_string(col) + " is " +
                                  detail::number_text(static_cast<double>(weights(row, col))) +
                                  ", wanted a finite number"));
    }
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_SCALES_FINITE_WEIGHTS_HPP
