#ifndef NUQ_QUANTIZE_CODEBOOK_DETAIL_INT8_WEIGHTS_HPP
#define NUQ_QUANTIZE_CODEBOOK_DETAIL_INT8_WEIGHTS_HPP

#include <array>

#include "nuq/compiled.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The weight that rounds to each int8 value, at index value + 128: the layer as a uniform quantizer sees it.
/// Half bins v − ½ … v and v … v + ½ make one value; what lies beyond −128 or 127 belongs to that end.
NUQ_FUNCTION [[nodiscard]] std::array<double, 256> int8_weights(const LevelHistogram& histogram) noexcept;

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <algorithm>
#include <cstddef>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::array<double, 256> int8_weights(const LevelHistogram& histogram) noexcept {
  std::array<double, 256> weights{};
  for (std::size_t bin = 0; bin < LevelHistogram::num_bins; ++bin) {
    weights[(std::min)((bin + 1) / 2, std::size_t{255})] += histogram[bin].weight;
  }
  return weights;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_DETAIL_INT8_WEIGHTS_HPP
