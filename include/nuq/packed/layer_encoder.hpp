#ifndef NUQ_PACKED_LAYER_ENCODER_HPP
#define NUQ_PACKED_LAYER_ENCODER_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/packed/coding_choice.hpp"
#include "nuq/packed/layer_coding.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The levels of a layer as they are stored.
struct CodedLevels {
  LevelCoding coding = LevelCoding::raw;
  std::vector<std::uint8_t> bytes;
};

/// Encodes a matrix of levels [out × in] in the coding that `choice` asks for. Sizes are exact, but that of an entropy
/// code whose tables foretell that it is no smaller than the others: it is not made.
NUQ_FUNCTION [[nodiscard]] CodedLevels encode_levels(MatrixView<const std::int8_t> levels, CodingChoice choice = {});

/// The scales that are stored: one where all are the same to the bit, as those of a layer with one step are.
NUQ_FUNCTION [[nodiscard]] ArrayView<const float> stored_scales(ArrayView<const float> scales) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "nuq/core/level_counts.hpp"
#include "nuq/packed/adaptive_encoder.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/palette_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION CodedLevels encode_levels(MatrixView<const std::int8_t> levels, CodingChoice choice) {
  if (levels.empty()) return {};
  const ArrayView<const std::int8_t> all(levels.data(), levels.size());
  const LevelSet set = level_set_of(count_levels(all));
  const std::size_t raw_size = all.size();
  const std::size_t palette_size = palette_bytes(set, all.size());
  const std::size_t least_plain = (std::min)(raw_size, palette_size);
  const double tolerated = 1.0 + (std::max)(choice.tolerance, 0.0);
  std::size_t least = least_plain;
  std::vector<std::uint8_t> by_adaption;
  if (all.size() <= choice.max_adaptive) {
    by_adaption = encode_adaptive(levels, set);
    least = (std::min)(least, by_adaption.size());
  }
  std::vector<std::uint8_t> by_rans;
  const RansEncoder rans(levels, set);
  if (rans.least_bytes() < least_plain &&
      static_cast<double>(rans.least_bytes()) <= tolerated * static_cast<double>(least)) {
    by_rans = rans.encode();
    least = (std::min)(least, by_rans.size());
  }
  const auto is_near_least = [&](std::size_t size) {
    return static_cast<double>(size) <= tolerated * static_cast<double>(least);
  };
  if (is_near_least(raw_size)) {
    CodedLevels raw{LevelCoding::raw, std::vector<std::uint8_t>(all.size())};
    std::memcpy(raw.bytes.data(), all.data(), all.size());
    return raw;
  }
  if (is_near_least(palette_size)) return {LevelCoding::palette, encode_palette(all, set)};
  if (!by_rans.empty() && is_near_least(by_rans.size())) return {LevelCoding::rans, std::move(by_rans)};
  return {LevelCoding::adaptive, std::move(by_adaption)};
}

NUQ_DEFINITION ArrayView<const float> stored_scales(ArrayView<const float> scales) noexcept {
  const auto bits_of = [](float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  };
  const auto is_first = [&](float scale) { return bits_of(scale) == bits_of(scales[0]); };
  return std::all_of(scales.begin(), scales.end(), is_first)
             ? ArrayView<const float>(scales.data(), (std::min)(scales.size(), std::size_t{1}))
             : scales;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_LAYER_ENCODER_HPP
