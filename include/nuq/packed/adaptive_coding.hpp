#ifndef NUQ_PACKED_ADAPTIVE_CODING_HPP
#define NUQ_PACKED_ADAPTIVE_CODING_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/bit_model.hpp"
#include "nuq/packed/detail/range_decoder.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

// Arithmetic coding with adaptive probabilities: no tables are stored, and what has been decoded says what to expect of
// the next level. The smallest of the codings, and the slowest by far.
//
// A layer [rows × cols] in this coding:
//   level set   (level_set.hpp); a level's symbol is its index less that of the level nearest to 0
//   varint      size of a group: neighbouring columns that belong together, such as the places of a kernel under one
//               input channel
//   bytes       the symbols, row by row (SymbolModel), in the code of detail/range_decoder.hpp; none for one level
// A symbol is a row of bits: whether it is 0; its sign; the class of its magnitude in unary: 1, 2, 3, 4, 5–6, 7–8,
// 9–12, 13–16, 17–24, …; its place within the class, most significant bit first. Signs and classes that the level set
// has not take no bits.

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Classes of magnitudes ≥ 1: 1 to 4 have one each, each octave above has two.
NUQ_FUNCTION [[nodiscard]] inline unsigned magnitude_class(unsigned magnitude) noexcept {
  if (magnitude <= 4) return magnitude - 1;
  unsigned log2 = 2;
  while ((magnitude - 1) >> (log2 + 1) != 0) ++log2;
  return 2 * log2 + ((magnitude - 1) >> (log2 - 1)) % 2;
}

[[nodiscard]] constexpr unsigned class_size(unsigned index) noexcept {
  return index < 4 ? 1 : 1U << (index / 2 - 1);
}

/// The least magnitude of a class.
[[nodiscard]] constexpr unsigned class_begin(unsigned index) noexcept {
  return index < 4 ? index + 1 : (2 + index % 2) * class_size(index) + 1;
}

/// A moving average of magnitudes.
template <int window>
class MagnitudeAverage {
 public:
  static constexpr std::size_t steps = 12;

  void add(unsigned magnitude) noexcept {
    value_ = static_cast<std::uint16_t>(value_ + (256 * static_cast<int>(magnitude) - value_) / window);
  }

  /// The average in steps of about a factor of 1.5.
  [[nodiscard]] std::size_t step() const noexcept {
    constexpr std::array<std::uint16_t, steps - 1> limits = {13, 31, 64, 102, 154, 230, 333, 486, 717, 1152, 2048};
    std::size_t step = 0;
    for (const std::uint16_t limit : limits) step += value_ >= limit ? 1 : 0;
    return step;
  }

 private:
  std::uint16_t value_ = 0;  ///< · 256
};

/// Codes the symbols of a matrix one after the other. 38 KiB.
class SymbolModel {
 public:
  static constexpr std::size_t max_groups = 1024;

  /// Symbols from `least` ≤ 0 to `greatest` ≥ 0, not both 0; `cols` columns in at most max_groups groups.
  NUQ_FUNCTION SymbolModel(int least, int greatest, std::size_t cols, std::size_t group) noexcept
      : least_(least), greatest_(greatest), cols_(cols), group_(group) {
    while (height_ < max_height && (height_ + 1) * (height_ + 1) <= group) ++height_;
  }

  /// The next symbol: `symbol` for an encoder; a decoder finds it, beyond least or greatest where the code is damaged.
  template <class Coder>
  int code(Coder& coder, int symbol = 0) {
    const std::size_t before = near(1);
    const std::array<Context*, inputs> contexts = {
        &by_group_average_[group_averages_[group_index_].step() * near_symbols + before],
        &by_average_[average_.step()],
        &by_neighbours_[before * near_symbols + near(height_)],
        &by_place_[place_ % places * near_symbols + before],
        &by_group_[group_index_ % groups],
    };
    symbol = code_symbol(coder, contexts, symbol);
    move_on(symbol);
    return symbol;
  }

 private:
  static constexpr std::size_t inputs = 5;
  static constexpr std::size_t max_height = 31;
  static constexpr std::size_t near_symbols = 7;  ///< −3 to 3, those beyond count as these
  static constexpr std::size_t places = 32;       ///< in a group, and groups, that are told apart
  static constexpr std::size_t groups = 64;
  static constexpr std::size_t kinds = 17;  ///< of bits: zero, sign, classes

  using Context = std::array<BitCounter, kinds>;

  template <class Coder>
  int code_symbol(Coder& coder, const std::array<Context*, inputs>& contexts, int symbol) {
    const auto code_bit_of = [&](std::size_t kind, bool value) {
      std::array<BitCounter*, inputs> counters;
      for (std::size_t input = 0; input < inputs; ++input) counters[input] = &(*contexts[input])[kind];
      return mixers_[kind].code(coder, logits_, counters, value ? 1 : 0) != 0;
    };
    if (!code_bit_of(0, symbol != 0)) return 0;
    bool is_negative = greatest_ == 0;
    if (least_ < 0 && greatest_ > 0) is_negative = code_bit_of(1, symbol < 0);
    const auto magnitude = static_cast<unsigned>(symbol < 0 ? -symbol : symbol);
    const unsigned wanted = magnitude_class((std::max)(magnitude, 1U));
    const unsigned last = magnitude_class(static_cast<unsigned>(is_negative ? -least_ : greatest_));
    unsigned index = 0;
    while (index < last && code_bit_of(2 + index, wanted > index)) ++index;
    const int coded = static_cast<int>(code_place(coder, index, magnitude));
    return is_negative ? -coded : coded;
  }

  /// The magnitude, of which the class is known.
  template <class Coder>
  unsigned code_place(Coder& coder, unsigned index, unsigned magnitude) {
    const unsigned begin = class_begin(index);
    unsigned node = 1;
    for (unsigned half = class_size(index) / 2; half > 0; half /= 2) {
      const unsigned bit = code_bit(coder, by_magnitude_[begin + node - 1], ((magnitude - begin) & half) != 0 ? 1 : 0);
      node = 2 * node + bit;
    }
    return begin + node - class_size(index);
  }

  /// The symbol `distance` columns before, clamped; 0 in front of the row.
  [[nodiscard]] std::size_t near(std::size_t distance) const noexcept {
    return distance > col_ ? near_symbols / 2 : recent_[(col_ - distance) % recent_.size()];
  }

  void move_on(int symbol) noexcept {
    constexpr int reach = near_symbols / 2;
    const auto magnitude = static_cast<unsigned>(symbol < 0 ? -symbol : symbol);
    average_.add(magnitude);
    group_averages_[group_index_].add(magnitude);
    recent_[col_ % recent_.size()] = static_cast<std::uint8_t>((std::max)(-reach, (std::min)(reach, symbol)) + reach);
    ++col_;
    if (++place_ == group_) {
      place_ = 0;
      ++group_index_;
    }
    if (col_ == cols_) col_ = place_ = group_index_ = 0;
  }

  int least_;
  int greatest_;
  std::size_t cols_;
  std::size_t group_;
  std::size_t height_ = 1;  ///< columns between neighbours in a square kernel's next row
  std::size_t col_ = 0;
  std::size_t place_ = 0;  ///< in the group
  std::size_t group_index_ = 0;

  std::array<std::uint8_t, max_height + 1> recent_{};
  MagnitudeAverage<32> average_;
  std::array<MagnitudeAverage<16>, max_groups> group_averages_;

  LogitTable logits_;
  std::array<BitMixer<inputs>, kinds> mixers_;
  std::array<Context, MagnitudeAverage<16>::steps * near_symbols> by_group_average_;
  std::array<Context, MagnitudeAverage<32>::steps> by_average_;
  std::array<Context, near_symbols * near_symbols> by_neighbours_;
  std::array<Context, places * near_symbols> by_place_;
  std::array<Context, groups> by_group_;
  std::array<BitCounter, 257> by_magnitude_;
};

/// The index of the level nearest to 0, of two the negative one.
NUQ_FUNCTION [[nodiscard]] inline std::size_t origin_of(const LevelSet& set) noexcept {
  std::size_t origin = 0;
  while (origin + 1 < set.size && set[origin + 1] + set[origin] < 0) ++origin;
  return origin;
}

}  // namespace detail

/// Decodes what `encode_adaptive` wrote into a matrix [rows × cols], `out.size()` = rows · cols. Damage may give wrong
/// levels (see crc32), never more than that. Takes 44 KiB of stack.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_adaptive(ArrayView<const std::uint8_t> bytes, std::size_t rows,
                                                               ArrayView<std::int8_t> out) noexcept {
  if (rows == 0 || out.empty() || out.size() % rows != 0) return DecodeStatus::wrong_size;
  const std::size_t cols = out.size() / rows;
  detail::ByteReader reader(bytes);
  const LevelSet set = detail::read_level_set(reader);
  const std::uint64_t group = reader.varint();
  if (reader.failed()) return DecodeStatus::truncated;
  if (set.size == 0 || group == 0 || (cols - 1) / group >= detail::SymbolModel::max_groups)
    return DecodeStatus::malformed;
  if (set.size == 1) {
    std::fill(out.begin(), out.end(), set[0]);
    return reader.rest().empty() ? DecodeStatus::ok : DecodeStatus::truncated;
  }
  const auto origin = static_cast<int>(detail::origin_of(set));
  const int greatest = static_cast<int>(set.size) - 1 - origin;
  detail::SymbolModel model(-origin, greatest, cols, static_cast<std::size_t>(group));
  detail::RangeDecoder decoder(reader.rest());
  for (std::int8_t& level : out) {
    const int symbol = model.code(decoder);
    if (decoder.failed()) return DecodeStatus::truncated;
    if (symbol < -origin || symbol > greatest) return DecodeStatus::malformed;
    level = set[static_cast<std::size_t>(symbol + origin)];
  }
  return decoder.at_end() ? DecodeStatus::ok : DecodeStatus::truncated;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_ADAPTIVE_CODING_HPP
