#ifndef NUQ_PACKED_ADAPTIVE_ENCODER_HPP
#define NUQ_PACKED_ADAPTIVE_ENCODER_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The adaptive coding (adaptive_coding.hpp) of a matrix of levels [out × in], at least one, of which `set` occur.
/// Columns are grouped by the kernel, up to 7 × 7, that makes the first rows smallest.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_adaptive(MatrixView<const std::int8_t> levels,
                                                                     const LevelSet& set);

/// The same with the set of levels that occur.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_adaptive(MatrixView<const std::int8_t> levels);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <algorithm>
#include <array>
#include <cstddef>

#include "nuq/core/array_view.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/packed/adaptive_coding.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/range_encoder.hpp"
#include "nuq/packed/level_set_encoder.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The code of levels in rows of `cols`, the last of which may be shorter.
NUQ_FUNCTION [[nodiscard]] inline ByteVector adaptive_code(ArrayView<const std::int8_t> levels, std::size_t cols,
                                                           const LevelSet& set, std::size_t group) {
  const std::array<std::uint8_t, 256> index_of = index_by_level(set);
  const auto origin = static_cast<int>(origin_of(set));
  SymbolModel model(-origin, static_cast<int>(set.size) - 1 - origin, cols, group);
  ByteVector bytes;
  RangeEncoder encoder(bytes);
  for (const std::int8_t level : levels) model.code(encoder, int{index_of[level_index(level)]} - origin);
  encoder.finish();
  return bytes;
}

/// Of all groups that may be a square kernel, the one that makes the first rows smallest.
NUQ_FUNCTION [[nodiscard]] inline std::size_t choose_group(MatrixView<const std::int8_t> levels, const LevelSet& set) {
  constexpr std::size_t enough = std::size_t{1} << 12U;  // levels of a small layer, to tell kernels apart
  const std::size_t trial = (std::min)(levels.size(), (std::max)(enough, levels.size() / 8));
  const ArrayView<const std::int8_t> first(levels.data(), trial);
  std::size_t best = (levels.cols() + SymbolModel::max_groups - 1) / SymbolModel::max_groups;
  std::size_t least = adaptive_code(first, levels.cols(), set, best).size();
  for (std::size_t extent = 2; extent <= 7; ++extent) {
    const std::size_t group = extent * extent;
    if (group <= best || levels.cols() % group != 0) continue;
    const std::size_t bytes = adaptive_code(first, levels.cols(), set, group).size();
    if (bytes >= least) continue;
    least = bytes;
    best = group;
  }
  return best;
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::uint8_t> encode_adaptive(MatrixView<const std::int8_t> levels, const LevelSet& set) {
  const std::size_t group = set.size == 1 ? levels.cols() : detail::choose_group(levels, set);
  std::vector<std::uint8_t> bytes;
  detail::append_level_set(bytes, set);
  detail::append_varint(bytes, group);
  if (set.size > 1)
    detail::append_bytes(bytes, detail::adaptive_code({levels.data(), levels.size()}, levels.cols(), set, group));
  return bytes;
}

NUQ_DEFINITION std::vector<std::uint8_t> encode_adaptive(MatrixView<const std::int8_t> levels) {
  return encode_adaptive(levels, level_set_of(count_levels({levels.data(), levels.size()})));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_ADAPTIVE_ENCODER_HPP
