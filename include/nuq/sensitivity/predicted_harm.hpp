#ifndef NUQ_SENSITIVITY_PREDICTED_HARM_HPP
#define NUQ_SENSITIVITY_PREDICTED_HARM_HPP

#include <cstdint>
#include <vector>

#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What the error of a layer's weights is expected to do to the network: the squared error of its output in the unit of
/// the statistics. With statistics that have been weighed by the layers' sensitivities it adds up over layers.
template <class Real = double>
[[nodiscard]] double predicted_harm(const Node& node, const QuantizedWeights& quantized,
                                    const LayerStatistics& statistics, Parallel& parallel) {
  const WeightMatrix weights(node);
  return output_error<Real>({weights.view(), quantized.scales, &statistics, &parallel}, quantized.levels);
}

/// The energy of a layer's output, its mean included, in the unit of the statistics.
template <class Real = double>
[[nodiscard]] double output_energy(const Node& node, const LayerStatistics& statistics, Parallel& parallel) {
  const WeightMatrix matrix(node);
  const MatrixView<const float> weights = matrix.view();
  const QuantizedWeights zeros{weights.rows(), weights.cols(), {1.0F}, std::vector<std::int8_t>(weights.size())};
  const double energy = predicted_harm<Real>(node, zeros, statistics, parallel);
  if (!statistics.is_centred) return energy;
  const DenseVector<Real> mean_output = detail::lost_output(weights, zeros, statistics.input_mean);
  return energy + statistics.sensitivity * detail::squared_norm(mean_output);
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_PREDICTED_HARM_HPP
