#ifndef NUQ_CORE_QUANTIZED_WEIGHTS_HPP
#define NUQ_CORE_QUANTIZED_WEIGHTS_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How many scales a weight matrix has.
enum class Granularity {
  per_tensor,  ///< one scale: InnerProduct
  per_channel  ///< one scale per output channel (row): Convolution, Deconvolution
};

/// A weight matrix [rows × cols] as int8 levels; the float value of an entry is `levels[...] * scale(row)`, one float
/// product.
struct QuantizedWeights {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> scales;        ///< 1 or `rows` values, each finite and positive
  std::vector<std::int8_t> levels;  ///< rows · cols values, row-major

  [[nodiscard]] float scale(std::size_t row) const noexcept { return scales[scales.size() == 1 ? 0 : row]; }
  NUQ_FUNCTION [[nodiscard]] float value(std::size_t row, std::size_t col) const noexcept;
};

/// The extents that decide a layer's size on disk.
struct LayerShape {
  std::size_t rows = 0;    ///< output channels
  std::size_t cols = 0;    ///< weights per output channel
  std::size_t scales = 0;  ///< number of float scales, 1 or `rows`

  [[nodiscard]] std::size_t weights() const noexcept { return rows * cols; }
};

/// Height and width of a convolution's kernel; 1 × 1 for an inner product.
struct KernelExtents {
  std::size_t rows = 1;
  std::size_t cols = 1;
};

/// Rows and columns of a layer's weights.
NUQ_FUNCTION [[nodiscard]] LayerShape shape_of(const QuantizedWeights& weights) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION float QuantizedWeights::value(std::size_t row, std::size_t col) const noexcept {
  return static_cast<float>(levels[row * cols + col]) * scale(row);
}

NUQ_DEFINITION LayerShape shape_of(const QuantizedWeights& weights) noexcept {
  return {weights.rows, weights.cols, weights.scales.size()};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_QUANTIZED_WEIGHTS_HPP
