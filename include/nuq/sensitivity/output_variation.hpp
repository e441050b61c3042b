#ifndef NUQ_SENSITIVITY_OUTPUT_VARIATION_HPP
#define NUQ_SENSITIVITY_OUTPUT_VARIATION_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How much of a network's outputs changes from image to image: the share of their energy that is variance, 0 … 1; the
/// mean over its output blobs. Inputs much smaller than those it was trained with leave it to its biases, and nearly
/// nothing changes. Blobs without values, or that do not divide into `images`, count as 0.
NUQ_FUNCTION [[nodiscard]] double output_variation(const NetworkOutputs& outputs, std::size_t images);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SENSITIVITY)

#include <vector>

#include "nuq/core/finite.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline double share_of_variance(const std::vector<float>& values, std::size_t images) {
  if (images == 0 || values.empty() || values.size() % images != 0) return 0.0;
  const std::size_t size = values.size() / images;
  double variance = 0.0;
  for (std::size_t at = 0; at < size; ++at) {
    double mean = 0.0;
    for (std::size_t image = 0; image < images; ++image) mean += static_cast<double>(values[image * size + at]);
    mean /= static_cast<double>(images);
    for (std::size_t image = 0; image < images; ++image) {
      const double deviation = static_cast<double>(values[image * size + at]) - mean;
      variance += deviation * deviation;
    }
  }
  const double share = variance / energy(values);
  return is_finite(share) ? share : 0.0;
}

}  // namespace detail

NUQ_DEFINITION double output_variation(const NetworkOutputs& outputs, std::size_t images) {
  if (outputs.blobs.empty()) return 0.0;
  double sum = 0.0;
  for (const NetworkOutputs::Blob& blob : outputs.blobs) sum += detail::share_of_variance(blob.values, images);
  return sum / static_cast<double>(outputs.blobs.size());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SENSITIVITY)

#endif  // NUQ_SENSITIVITY_OUTPUT_VARIATION_HPP
