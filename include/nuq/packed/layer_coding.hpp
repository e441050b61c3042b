#ifndef NUQ_PACKED_LAYER_CODING_HPP
#define NUQ_PACKED_LAYER_CODING_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/adaptive_coding.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/packed/palette_coding.hpp"
#include "nuq/packed/rans_coding.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How the levels of a layer are stored; the values are part of the file format. Ordered by decoding speed.
enum class LevelCoding : std::uint8_t {
  raw,      ///< one byte a level
  palette,  ///< palette_coding.hpp: indices of equal length
  rans,     ///< rans_coding.hpp: entropy-coded, with stored tables
  adaptive  ///< adaptive_coding.hpp: entropy-coded, with what neighbours tell
};

/// Decodes the levels of a matrix with `rows` rows into `out`, which has room for exactly these.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_levels(
    LevelCoding coding, ArrayView<const std::uint8_t> bytes, std::size_t rows, ArrayView<std::int8_t> out,
    InstructionSet instructions = best_instruction_set()) noexcept {
  switch (coding) {
    case LevelCoding::raw:
      if (bytes.size() != out.size()) return DecodeStatus::truncated;
      if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size());
      return DecodeStatus::ok;
    case LevelCoding::palette:
      return decode_palette(bytes, out, instructions);
    case LevelCoding::rans:
      return decode_rans(bytes, rows, out, instructions);
    case LevelCoding::adaptive:
      return decode_adaptive(bytes, rows, out);
  }
  return DecodeStatus::malformed;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_LAYER_CODING_HPP
