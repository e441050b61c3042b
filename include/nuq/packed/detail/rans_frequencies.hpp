#ifndef NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP
#define NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/fixed_log2.hpp"
#include "nuq/packed/detail/rans_table.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How often each symbol (index into the level set) occurs in the rows of a class.
using SymbolCounts = std::array<std::uint64_t, 256>;

/// A class's table as it is stored.
struct RansFrequencies {
  std::array<std::uint32_t, 256> frequency{};  ///< adds up to 2^(12 − shift)
  unsigned shift = 0;
  bool differences = false;
  unsigned order = 0;
  bool has_escape = false;
  std::size_t marker = 0;
  std::uint64_t cost = 0;  ///< of symbols, escapes and table, in bits · 2^16

  [[nodiscard]] std::uint32_t used_frequency(std::size_t symbol) const noexcept { return frequency[symbol] << shift; }
  /// Of symbols that occur.
  [[nodiscard]] bool is_rare(std::size_t symbol) const noexcept {
    return has_escape && (frequency[symbol] == 0 || symbol == marker);
  }
};

/// log2(n) · 2^16 for n ≤ 2^12 + 1.
class Log2Table {
 public:
  Log2Table() noexcept {
    for (std::uint32_t value = 1; value < logs_.size(); ++value) logs_[value] = fixed_log2(value);
  }
  [[nodiscard]] std::uint32_t operator[](std::size_t value) const noexcept { return logs_[value]; }

 private:
  std::array<std::uint32_t, rans_scale + 2> logs_{};
};

/// Frequencies of the least code length. Gains fall as a frequency grows, so that no single unit can be moved to
/// advantage only at the best of all.
class FrequencyExchange {
 public:
  FrequencyExchange(const SymbolCounts& counts, std::size_t size, const Log2Table& log2,
                    std::array<std::uint32_t, 256>& frequency) noexcept
      : counts_(counts), size_(size), log2_(log2), frequency_(frequency) {}

  /// Adds a unit where the code becomes shortest, or takes one where it grows least.
  void give() noexcept { ++frequency_[most_gain().symbol]; }
  void take() noexcept { --frequency_[least_loss().symbol]; }

  /// Moves one unit; false where that would not help.
  bool move() noexcept {
    const Change gain = most_gain();
    const Change loss = least_loss();
    if (gain.bits <= loss.bits || gain.symbol == loss.symbol) return false;
    ++frequency_[gain.symbol];
    --frequency_[loss.symbol];
    return true;
  }

 private:
  struct Change {
    std::size_t symbol;
    std::uint64_t bits;
  };

  [[nodiscard]] Change most_gain() const noexcept {
    Change most{0, 0};
    for (std::size_t symbol = 0; symbol < size_; ++symbol) {
      if (counts_[symbol] == 0) continue;
      const std::uint64_t bits = counts_[symbol] * (log2_[frequency_[symbol] + 1] - log2_[frequency_[symbol]]);
      if (bits > most.bits) most = {symbol, bits};
    }
    return most;
  }

  [[nodiscard]] Change least_loss() const noexcept {
    Change least{0, UINT64_MAX};
    for (std::size_t symbol = 0; symbol < size_; ++symbol) {
      if (frequency_[symbol] < 2) continue;
      const std::uint64_t bits = counts_[symbol] * (log2_[frequency_[symbol]] - log2_[frequency_[symbol] - 1]);
      if (bits < least.bits) least = {symbol, bits};
    }
    return least;
  }

  const SymbolCounts& counts_;
  std::size_t size_;
  const Log2Table& log2_;
  std::array<std::uint32_t, 256>& frequency_;
};

/// Integers ≥ 1 for the counts that are not 0, with the sum `scale`, of the least code length. `scale` must be no less
/// than the number of such counts.
inline void normalise(const SymbolCounts& counts, std::size_t size, std::uint32_t scale, const Log2Table& log2,
                      std::array<std::uint32_t, 256>& frequency) noexcept {
  std::uint64_t total = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) total += counts[symbol];
  std::uint32_t sum = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    const std::uint64_t share = (counts[symbol] * scale + total / 2) / total;
    frequency[symbol] = counts[symbol] == 0 ? 0 : (std::max)(1U, static_cast<std::uint32_t>(share));
    sum += frequency[symbol];
  }
  FrequencyExchange exchange(counts, size, log2, frequency);
  for (; sum < scale; ++sum) exchange.give();
  for (; sum > scale; --sum) exchange.take();
  while (exchange.move()) {
  }
}

[[nodiscard]] inline std::uint32_t stored_frequency(const RansFrequencies& table, std::size_t symbol) noexcept {
  const std::uint32_t frequency = table.frequency[symbol];
  if (!table.differences) return frequency;
  const std::uint32_t before = symbol == 0 ? 0 : table.frequency[symbol - 1];
  return frequency > before ? 2 * (frequency - before) - 1 : 2 * (before - frequency);
}

/// Chooses the way to store the frequencies; bits of the table.
[[nodiscard]] inline std::uint64_t choose_storage(RansFrequencies& table, std::size_t size) noexcept {
  std::uint64_t least = UINT64_MAX;
  RansFrequencies best = table;
  for (unsigned way = 0; way < 16; ++way) {
    table.differences = way >= 8;
    table.order = way % 8;
    std::uint64_t bits = table.has_escape ? 16 : 8;
    for (std::size_t symbol = 0; symbol < size; ++symbol)
      bits += exp_golomb_bits(stored_frequency(table, symbol), table.order);
    if (bits >= least) continue;
    least = bits;
    best.differences = table.differences;
    best.order = table.order;
  }
  table.differences = best.differences;
  table.order = best.order;
  return least;
}

/// The symbols that take less than 1/`divisor` of a slot become escapes: one symbol (the marker) for all of them and a
/// byte each. Nothing changes where they are fewer than two.
inline void make_rare(SymbolCounts& counts, std::size_t size, std::uint64_t divisor, RansFrequencies& table) noexcept {
  std::uint64_t total = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) total += counts[symbol];
  SymbolCounts common{};
  std::uint64_t escapes = 0;
  std::size_t rare = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    const bool is_rare = counts[symbol] > 0 && counts[symbol] < total / rans_scale / divisor + 1;
    common[symbol] = is_rare ? 0 : counts[symbol];
    if (!is_rare) continue;
    if (rare++ == 0) table.marker = symbol;
    escapes += counts[symbol];
  }
  if (rare < 2) return;
  common[table.marker] = escapes;
  counts = common;
  table.has_escape = true;
  table.cost = escapes * 8 << fixed_log2_bits;
}

/// The table of least size for symbols that occur `counts` times, the symbols included. At least one must occur.
[[nodiscard]] inline RansFrequencies choose_frequencies(const SymbolCounts& counts, std::size_t size,
                                                        const Log2Table& log2) noexcept {
  RansFrequencies best;
  best.cost = UINT64_MAX;
  for (const std::uint64_t divisor : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{16}}) {
    SymbolCounts coded = counts;
    RansFrequencies start;
    if (divisor > 0) make_rare(coded, size, divisor, start);
    if (divisor > 0 && !start.has_escape) break;  // greater divisors leave fewer rare symbols still
    const auto distinct = static_cast<std::uint32_t>(
        std::count_if(coded.begin(), coded.begin() + static_cast<std::ptrdiff_t>(size), [](auto n) { return n > 0; }));
    for (unsigned shift = 0; shift < 8 && (rans_scale >> shift) >= distinct; ++shift) {
      RansFrequencies table = start;
      table.shift = shift;
      normalise(coded, size, rans_scale >> shift, log2, table.frequency);
      table.cost += choose_storage(table, size) << fixed_log2_bits;
      for (std::size_t symbol = 0; symbol < size; ++symbol) {
        if (coded[symbol] > 0) table.cost += coded[symbol] * (log2[rans_scale] - log2[table.used_frequency(symbol)]);
      }
      if (table.cost < best.cost) best = table;
    }
  }
  return best;
}

/// Writes what read_rans_table reads.
inline void append_frequencies(BitWriter& writer, const RansFrequencies& table, std::size_t size) {
  writer.bits(table.shift, 3);
  writer.bits(table.differences ? 1 : 0, 1);
  writer.bits(table.order, 3);
  writer.bits(table.has_escape ? 1 : 0, 1);
  if (table.has_escape) writer.bits(static_cast<std::uint32_t>(table.marker), 8);
  for (std::size_t symbol = 0; symbol < size; ++symbol) writer.exp_golomb(stored_frequency(table, symbol), table.order);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP
