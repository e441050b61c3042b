#ifndef NUQ_WORKFLOW_DETAIL_STATISTICS_WITHOUT_DATA_HPP
#define NUQ_WORKFLOW_DETAIL_STATISTICS_WITHOUT_DATA_HPP

#include <cstdint>

#include "nuq/calibration/synthetic_images.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How many synthetic images a network's statistics are made of: 300, fewer of one with more than 2e10 multiplications
/// for these. None where two forward passes of four images for each of the layers that take NUQ would be more than
/// 6e10, where an input may not be an image, or where a layer is not computed.
NUQ_FUNCTION [[nodiscard]] std::int64_t synthetic_image_count(const Graph& graph, const QuantizationPlan& plan);

/// The smallest of the usual pixel ranges at which a network's outputs change about as much from image to image as at
/// the greatest: inputs that are too small leave them to the biases. Leaves `graph` loaded.
NUQ_FUNCTION [[nodiscard]] PixelRange likely_pixel_range(const Graph& graph, AnyEngine& engine);

/// Statistics of all layers that take NUQ, without data, weighed: from synthetic images, shrunk towards what is
/// expected without any, where the network takes images and they can be afforded; otherwise what is expected alone.
NUQ_FUNCTION [[nodiscard]] NetworkStatistics statistics_without_data(const Graph& graph, const QuantizationPlan& plan,
                                                                     AnyEngine& engine, Parallel& parallel,
                                                                     const Deadline& deadline = {});

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <array>
#include <cstddef>

#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/passes/multiplications.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/sensitivity/output_variation.hpp"
#include "nuq/workflow/detail/feed_from.hpp"
#include "nuq/workflow/detail/prepare_statistics.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// For sensitivities from synthetic images.
inline constexpr double most_synthetic_multiplications = 6e10;

NUQ_DEFINITION std::int64_t synthetic_image_count(const Graph& graph, const QuantizationPlan& plan) {
  constexpr double most = 300.0;
  constexpr double most_multiplications = 2e10;
  constexpr double least = 4.0;
  if (!takes_images(graph) || !uncomputed_layers(graph).empty()) return 0;
  const double per_image = multiplications(graph, {}) / static_cast<double>(images_per_batch(graph));
  if (2.0 * static_cast<double>(plan.size()) * least * per_image > most_synthetic_multiplications) return 0;
  return static_cast<std::int64_t>((std::max)((std::min)(most, most_multiplications / per_image), least));
}

NUQ_DEFINITION PixelRange likely_pixel_range(const Graph& graph, AnyEngine& engine) {
  constexpr std::int64_t images = 16;
  constexpr double about_as_much = 1.0 / 3.0;
  const std::int64_t per_batch = images_per_batch(graph);
  const auto batches = static_cast<int>((images + per_batch - 1) / per_batch);
  engine.load(graph);
  std::array<double, usual_pixel_ranges.size()> variations{};
  for (std::size_t range = 0; range < variations.size(); ++range) {
    const auto next = [&](int batch) { return synthetic_images(graph, usual_pixel_ranges[range], batch); };
    variations[range] = output_variation(network_outputs(graph, engine, batches, feed_from(next)),
                                         static_cast<std::size_t>(batches * per_batch));
  }
  std::size_t likely = 0;
  while (variations[likely] < about_as_much * variations.back()) ++likely;
  return usual_pixel_ranges[likely];
}

NUQ_DEFINITION NetworkStatistics statistics_without_data(const Graph& graph, const QuantizationPlan& plan,
                                                         AnyEngine& engine, Parallel& parallel,
                                                         const Deadline& deadline) {
  constexpr double prior_share = 0.5;  // less is worse where the pixels' range is not the right one
  const std::int64_t images = synthetic_image_count(graph, plan);
  if (images == 0) return weighed_data_free_statistics(graph, plan, parallel);
  try {
    const PixelRange range = likely_pixel_range(graph, engine);
    const auto next = [&](int batch) { return synthetic_images(graph, range, batch); };
    const std::int64_t per_batch = images_per_batch(graph);
    StatisticsOptions options;
    options.max_inputs = options.max_split_inputs;
    options.prior_share = prior_share;
    QuantizationPlan without_bias_correction = plan;
    set_bias_correction(without_bias_correction, BiasCorrection::off);
    return weighed_statistics(graph, without_bias_correction, next,
                              static_cast<int>((images + per_batch - 1) / per_batch), engine, parallel, deadline,
                              options, most_synthetic_multiplications);
  } catch (const Error&) {  // values beyond floats, shapes that do not fit
    return weighed_data_free_statistics(graph, plan, parallel);
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_STATISTICS_WITHOUT_DATA_HPP
