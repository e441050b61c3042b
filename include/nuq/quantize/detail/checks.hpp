#ifndef NUQ_QUANTIZE_DETAIL_CHECKS_HPP
#define NUQ_QUANTIZE_DETAIL_CHECKS_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION void check_parameters(const NuqParameters& parameters);

/// Statistics must be of `cols` inputs, in every part that is known.
NUQ_FUNCTION void check_statistics(const LayerStatistics& statistics, std::size_t cols);

/// What a weight quantizer must keep to.
NUQ_FUNCTION void check_scales(ArrayView<const float> scales, std::size_t rows);

NUQ_FUNCTION void check_quantized(const QuantizedWeights& quantized, MatrixView<const float> weights);

/// What a selector must keep to.
NUQ_FUNCTION void check_codebook(const Codebook& codebook, int num_steps);

/// What an assigner must keep to.
NUQ_FUNCTION void check_assignment(const Assignment& assignment, std::size_t weights);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <string>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void check_parameters(const NuqParameters& parameters) {
  if (parameters.num_steps >= 1 && parameters.num_steps <= 256) return;
  fail(ConfigError(ErrorCode::invalid_argument,
                   "num_steps is " + std::to_string(parameters.num_steps) + ", wanted 1 to 256"));
}

NUQ_DEFINITION void check_statistics(const LayerStatistics& statistics, std::size_t cols) {
  for (const std::ptrdiff_t extent :
       {statistics.mean_squares.size(), statistics.second_moments.rows(), statistics.second_moments.cols(),
        statistics.input_mean.size(), statistics.mean_deviation.size()}) {
    if (extent == 0 || static_cast<std::size_t>(extent) == cols) continue;
    fail(ConfigError(ErrorCode::size_mismatch, "the calibration statistics are of " + std::to_string(extent) +
                                                   " inputs, wanted one for each of the " + std::to_string(cols) +
                                                   " columns of the weights"));
  }
}

NUQ_DEFINITION void check_scales(ArrayView<const float> scales, std::size_t rows) {
  if (scales.size() == 1 || scales.size() == rows) return;
  fail(ConfigError(ErrorCode::invalid_argument, "the weight quantizer returned " + std::to_string(scales.size()) +
                                                    " scales for " + std::to_string(rows) + " rows"));
}

NUQ_DEFINITION void check_quantized(const QuantizedWeights& quantized, MatrixView<const float> weights) {
  check_scales(quantized.scales, weights.rows());
  if (quantized.levels.size() == weights.size()) return;
  fail(ConfigError(ErrorCode::invalid_argument, "the weight quantizer returned " +
                                                    std::to_string(quantized.levels.size()) + " levels for " +
                                                    std::to_string(weights.size()) + " weights"));
}

NUQ_DEFINITION void check_codebook(const Codebook& codebook, int num_steps) {
  if (!codebook.empty() && codebook.size() <= static_cast<std::size_t>(num_steps)) return;
  fail(ConfigError(ErrorCode::invalid_argument, "the codebook selector chose " + std::to_string(codebook.size()) +
                                                    " levels, wanted 1 to " + std::to_string(num_steps)));
}

NUQ_DEFINITION void check_assignment(const Assignment& assignment, std::size_t weights) {
  if (assignment.levels.size() == weights) return;
  fail(ConfigError(ErrorCode::invalid_argument, "the level assigner returned " +
                                                    std::to_string(assignment.levels.size()) + " levels, wanted " +
                                                    std::to_string(weights) + ", one for each weight"));
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_DETAIL_CHECKS_HPP
