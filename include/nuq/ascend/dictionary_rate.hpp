#ifndef NUQ_ASCEND_DICTIONARY_RATE_HPP
#define NUQ_ASCEND_DICTIONARY_RATE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/ascend/fractal_z.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/rate/code_class.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer costs when the Ascend graph compiler compresses its weights, by the judge's parameters. Sizes are the
/// compressor's and 4 bytes per scale; the dictionary is in the compressed bytes, and the block index is not counted,
/// as the judge does not count it. Whether the judge accepts the layer is up to `ascend_accepts`.
struct AscendDictionaryRate {
  /// Code lengths in low mode and how many levels may have them: the most frequent 4, the next 18, …; beyond 36 levels
  /// escapes.
  static constexpr std::array<CodeClass, 4> code_classes = {{{3, 4}, {6, 18}, {9, 14}, {12, 220}}};

  std::size_t kernel_rows = 1;  ///< a row of the weight matrix is inputs · kernel_rows · kernel_cols weights
  std::size_t kernel_cols = 1;

  /// Length of each level's code. Levels that do not occur cost what the next one would. Left out here, not in the
  /// sizes: pairs of the most frequent level share 3 bits, and the zeros that the device's order is padded with.
  NUQ_FUNCTION [[nodiscard]] std::array<float, 256> bits_per_level(const LevelCounts& counts) const noexcept;

  /// Estimate from the counts: codes of independent weights in packets of 63 bits, headers, and what the longest
  /// engine and the rounding add. Up to 36 levels the ratio is within 0.003 for blocks of 32768 bytes and 0.008 for
  /// 4096; below, the rounding to 128 bytes a block shows. At most the uncompressed size. Throws ConfigError
  /// size_mismatch where the kernel does not divide the columns, or the size overflows.
  NUQ_FUNCTION [[nodiscard]] double bytes(const LevelCounts& counts, const LayerShape& shape) const;

  /// The compressor itself, on the weights in FRACTAL_Z order. Throws like `bytes`.
  NUQ_FUNCTION [[nodiscard]] std::size_t exact_bytes(const QuantizedWeights& weights) const;

 private:
  static constexpr std::size_t slot_bits = 3;  ///< all codes are multiples of it; a packet has 21 slots

  NUQ_FUNCTION [[noreturn]] static void fail(const char* cause);

  NUQ_FUNCTION [[nodiscard]] static float bits_of_rank(std::size_t rank) noexcept;

  /// Index in LevelCounts of the level that is stored as `byte`.
  [[nodiscard]] static constexpr std::size_t index_of_byte(std::size_t byte) noexcept { return byte ^ 128U; }

  NUQ_FUNCTION [[nodiscard]] static std::array<std::uint64_t, 256> counts_by_byte(const LevelCounts& counts) noexcept;

  NUQ_FUNCTION [[nodiscard]] OihwShape oihw_shape(const LayerShape& shape) const;

  /// Bytes of the layer in FRACTAL_Z order.
  NUQ_FUNCTION [[nodiscard]] std::size_t device_size(const LayerShape& shape) const;

  /// Packets' bytes per input byte where weights are independent. A packet has 21 slots, of which w stay empty: the
  /// next code does not fit: (E[slots²] / E[slots] − 1) / 2 over the codes, the mean age of a renewal process.
  NUQ_FUNCTION [[nodiscard]] static double packet_ratio(LevelCounts counts) noexcept;

  /// Bytes per input byte that a block adds: four headers of 40 bytes, half a unit of 128 bytes, and the engines' wait
  /// for the longest of them, which grows with the square root of the block (0.6: measured).
  NUQ_FUNCTION [[nodiscard]] static double overhead(double block_size) noexcept;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ASCEND)

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "nuq/ascend/dictionary.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::array<float, 256> AscendDictionaryRate::bits_per_level(const LevelCounts& counts) const noexcept {
  std::array<float, 256> bits{};
  bits.fill(bits_of_rank((std::min<std::size_t>)(distinct_levels(counts), 255)));
  const detail::AscendOrder order = detail::ascend_order(counts_by_byte(counts));
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const std::size_t level = index_of_byte(order[rank]);
    if (counts[level] > 0) bits[level] = bits_of_rank(rank);
  }
  return bits;
}

NUQ_DEFINITION double AscendDictionaryRate::bytes(const LevelCounts& counts, const LayerShape& shape) const {
  const std::size_t size = device_size(shape);
  const double scales = 4.0 * static_cast<double>(shape.scales);
  const std::optional<AscendDictionaryParameters> parameters = AscendDictionaryParameters::judge_parameters(size);
  if (!parameters) return static_cast<double>(size) + scales;
  LevelCounts padded = counts;
  padded[level_index(0)] += size - shape.weights();
  const double ratio = packet_ratio(padded) + overhead(static_cast<double>(parameters->fractal_size));
  return (std::min)(ratio, 1.0) * static_cast<double>(size) + scales;
}

NUQ_DEFINITION std::size_t AscendDictionaryRate::exact_bytes(const QuantizedWeights& weights) const {
  const LayerShape shape = shape_of(weights);
  std::vector<std::int8_t> device(device_size(shape));
  if (!reorder_to_fractal_z(weights.levels, oihw_shape(shape), device)) fail("the levels are not rows x columns");
  const ArrayView<const std::uint8_t> input(reinterpret_cast<const std::uint8_t*>(device.data()), device.size());
  const std::optional<AscendDictionaryParameters> parameters =
      AscendDictionaryParameters::judge_parameters(device.size());
  const std::size_t size = parameters ? ascend_compressed_size(input, *parameters).compressed_size : device.size();
  return size + 4 * shape.scales;
}

NUQ_DEFINITION void AscendDictionaryRate::fail(const char* cause) {
  detail::fail(ConfigError(ErrorCode::size_mismatch, std::string("AscendDictionaryRate: ") + cause));
}

NUQ_DEFINITION float AscendDictionaryRate::bits_of_rank(std::size_t rank) noexcept {
  int first = 0;
  for (const CodeClass& code_class : code_classes) {
    first += code_class.capacity;
    if (rank < static_cast<std::size_t>(first)) return static_cast<float>(code_class.bits);
  }
  return static_cast<float>(code_classes.back().bits);
}

NUQ_DEFINITION std::array<std::uint64_t, 256> AscendDictionaryRate::counts_by_byte(const LevelCounts& counts) noexcept {
  std::array<std::uint64_t, 256> by_byte{};
  for (std::size_t byte = 0; byte < by_byte.size(); ++byte) by_byte[byte] = counts[index_of_byte(byte)];
  return by_byte;
}

NUQ_DEFINITION OihwShape AscendDictionaryRate::oihw_shape(const LayerShape& shape) const {
  const std::optional<std::size_t> positions = detail::product_of(kernel_rows, kernel_cols);
  if (!positions || *positions == 0 || shape.cols % *positions != 0) fail("the kernel does not divide the columns");
  return {shape.rows, shape.cols / *positions, kernel_rows, kernel_cols};
}

NUQ_DEFINITION std::size_t AscendDictionaryRate::device_size(const LayerShape& shape) const {
  const std::optional<std::size_t> size = fractal_z_size(oihw_shape(shape));
  if (!size) fail("the size overflows");
  return *size;
}

NUQ_DEFINITION double AscendDictionaryRate::packet_ratio(LevelCounts counts) noexcept {
  std::sort(counts.begin(), counts.end(), [](std::uint64_t x, std::uint64_t y) { return x > y; });
  double total = 0.0;
  for (const std::uint64_t count : counts) total += static_cast<double>(count);
  if (total <= 0.0) return 0.0;
  double slots = 0.0;
  double squares = 0.0;
  for (std::size_t rank = 0; rank < counts.size(); ++rank) {
    const double share = static_cast<double>(counts[rank]) / total;
    const double code_share = rank == 0 ? share / (1.0 + share) : share;  // runs are coded in pairs
    const double code_slots = static_cast<double>(bits_of_rank(rank)) / static_cast<double>(slot_bits);
    slots += code_share * code_slots;
    squares += code_share * code_slots * code_slots;
  }
  const double empty_slots = (squares / slots - 1.0) / 2.0;
  return 8.0 * slots / (21.0 - empty_slots);
}

NUQ_DEFINITION double AscendDictionaryRate::overhead(double block_size) noexcept {
  return (160.0 + 64.0 + 0.6 * std::sqrt(block_size)) / block_size;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ASCEND)

#endif  // NUQ_ASCEND_DICTIONARY_RATE_HPP
