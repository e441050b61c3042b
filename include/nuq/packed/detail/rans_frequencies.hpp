#ifndef NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP
#define NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/fixed_log2.hpp"
#include "nuq/packed/detail/rans_table.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How often each symbol (index into the level set) occurs in the rows of a class.
using SymbolCounts = std::array<std::uint64_t, 256>;

/// Frequencies as they are stored.
struct RansFrequencies {
  std::array<std::uint32_t, 256> frequency{};  ///< adds up to 2^(12 − shift)
  unsigned shift = 0;
  bool differences = false;
  unsigned order = 0;
  std::uint64_t cost = 0;  ///< of the symbols and the table, in bits · 2^16

  [[nodiscard]] std::uint32_t used_frequency(std::size_t symbol) const noexcept { return frequency[symbol] << shift; }
};

/// The tables of a class as they are stored.
struct ClassFrequencies {
  RansFrequencies common;
  RansFrequencies rare;
  bool has_rare = false;
  std::size_t marker = 0;
  std::uint64_t cost = 0;   ///< of both, in bits · 2^16
  std::uint64_t delay = 0;  ///< what the time for replacing markers is worth: half a bit each, in bits · 2^16

  [[nodiscard]] bool is_rare(std::size_t symbol) const noexcept { return has_rare && rare.frequency[symbol] > 0; }
};

/// log2(n) · 2^16 for n ≤ 2^12 + 1.
class Log2Table {
 public:
  NUQ_FUNCTION Log2Table() noexcept {
    for (std::uint32_t value = 1; value < logs_.size(); ++value) logs_[value] = fixed_log2(value);
  }
  [[nodiscard]] std::uint32_t operator[](std::size_t value) const noexcept { return logs_[value]; }

  /// That of any n ≥ 1.
  NUQ_FUNCTION [[nodiscard]] std::uint32_t of(std::uint64_t value) const noexcept {
    return value < logs_.size() ? logs_[static_cast<std::size_t>(value)] : fixed_log2(value);
  }

 private:
  std::array<std::uint32_t, rans_scale + 2> logs_{};
};

/// Frequencies of the least code length. Gains fall as a frequency grows, so that no single unit can be moved to
/// advantage only at the best of all.
class FrequencyExchange {
 public:
  NUQ_FUNCTION FrequencyExchange(const SymbolCounts& counts, std::size_t size, const Log2Table& log2,
                                 std::array<std::uint32_t, 256>& frequency) noexcept
      : counts_(counts), size_(size), log2_(log2), frequency_(frequency) {}

  /// Adds a unit where the code becomes shortest, or takes one where it grows least.
  NUQ_FUNCTION void give() noexcept { ++frequency_[most_gain().symbol]; }
  NUQ_FUNCTION void take() noexcept { --frequency_[least_loss().symbol]; }

  /// Moves one unit; false where that would not help.
  NUQ_FUNCTION bool move() noexcept {
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

  NUQ_FUNCTION [[nodiscard]] Change most_gain() const noexcept {
    Change most{0, 0};
    for (std::size_t symbol = 0; symbol < size_; ++symbol) {
      if (counts_[symbol] == 0) continue;
      const std::uint64_t bits = counts_[symbol] * (log2_[frequency_[symbol] + 1] - log2_[frequency_[symbol]]);
      if (bits > most.bits) most = {symbol, bits};
    }
    return most;
  }

  NUQ_FUNCTION [[nodiscard]] Change least_loss() const noexcept {
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
NUQ_FUNCTION inline void normalise(const SymbolCounts& counts, std::size_t size, std::uint32_t scale,
                                   const Log2Table& log2, std::array<std::uint32_t, 256>& frequency) noexcept {
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

NUQ_FUNCTION [[nodiscard]] inline std::uint32_t stored_frequency(const RansFrequencies& table,
                                                                 std::size_t symbol) noexcept {
  const std::uint32_t frequency = table.frequency[symbol];
  if (!table.differences) return frequency;
  const std::uint32_t before = symbol == 0 ? 0 : table.frequency[symbol - 1];
  return frequency > before ? 2 * (frequency - before) - 1 : 2 * (before - frequency);
}

/// Chooses the shortest way to store the frequencies; bits of the table.
NUQ_FUNCTION [[nodiscard]] inline std::uint64_t choose_storage(RansFrequencies& table, std::size_t size) noexcept {
  std::uint64_t least = UINT64_MAX;
  unsigned best = 0;
  const auto take = [&table](unsigned way) {
    table.differences = way >= 8;
    table.order = way % 8;
  };
  for (unsigned way = 0; way < 16; ++way) {
    take(way);
    std::uint64_t bits = 7;
    for (std::size_t symbol = 0; symbol < size; ++symbol)
      bits += exp_golomb_bits(stored_frequency(table, symbol), table.order);
    if (bits < least) best = way;
    least = (std::min)(least, bits);
  }
  take(best);
  return least;
}

/// The frequencies of least size for symbols that occur `counts` times, the symbols included. At least one must occur.
NUQ_FUNCTION [[nodiscard]] inline RansFrequencies choose_frequencies(const SymbolCounts& counts, std::size_t size,
                                                                     const Log2Table& log2) noexcept {
  RansFrequencies best;
  best.cost = UINT64_MAX;
  const auto distinct = static_cast<std::uint32_t>(size) -
                        static_cast<std::uint32_t>(std::count(
                            counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(size), std::uint64_t{0}));
  for (unsigned shift = 0; shift < 8 && (rans_scale >> shift) >= distinct; ++shift) {
    RansFrequencies table;
    table.shift = shift;
    normalise(counts, size, rans_scale >> shift, log2, table.frequency);
    table.cost = choose_storage(table, size) << fixed_log2_bits;
    for (std::size_t symbol = 0; symbol < size; ++symbol) {
      if (counts[symbol] > 0) table.cost += counts[symbol] * (log2[rans_scale] - log2[table.used_frequency(symbol)]);
    }
    if (table.cost < best.cost) best = table;
  }
  return best;
}

/// The tables where the symbols that occur at most `limit` times are rare; has_rare is false where these are fewer than
/// two, or so frequent that replacing them would take long.
NUQ_FUNCTION [[nodiscard]] inline ClassFrequencies with_rare(const SymbolCounts& counts, std::size_t size,
                                                             std::uint64_t limit, const Log2Table& log2) noexcept {
  ClassFrequencies tables;
  SymbolCounts common = counts;
  SymbolCounts rare{};
  std::uint64_t total = 0;
  std::uint64_t rare_total = 0;
  std::size_t rare_symbols = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) {
    total += counts[symbol];
    if (counts[symbol] == 0 || counts[symbol] > limit) continue;
    if (rare_symbols++ == 0) tables.marker = symbol;
    rare[symbol] = counts[symbol];
    rare_total += counts[symbol];
    common[symbol] = 0;
  }
  tables.has_rare = rare_symbols >= 2 && rare_total <= total / 16;
  if (!tables.has_rare) return tables;
  common[tables.marker] = rare_total;
  tables.common = choose_frequencies(common, size, log2);
  tables.rare = choose_frequencies(rare, size, log2);
  tables.cost = tables.common.cost + tables.rare.cost + (std::uint64_t{9 + 32} << fixed_log2_bits);
  tables.delay = rare_total << (fixed_log2_bits - 1);
  return tables;
}

/// The tables of least size and delay for symbols that occur `counts` times. At least one must occur.
NUQ_FUNCTION [[nodiscard]] inline ClassFrequencies choose_tables(const SymbolCounts& counts, std::size_t size,
                                                                 const Log2Table& log2) noexcept {
  ClassFrequencies best;
  best.common = choose_frequencies(counts, size, log2);
  best.cost = best.common.cost + (std::uint64_t{1} << fixed_log2_bits);
  std::uint64_t total = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) total += counts[symbol];
  for (const std::uint64_t slots : {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{16}}) {
    const ClassFrequencies tables = with_rare(counts, size, slots * total / (2 * rans_scale), log2);
    if (tables.has_rare && tables.cost + tables.delay < best.cost + best.delay) best = tables;
  }
  return best;
}

/// Writes what read_widths reads.
NUQ_FUNCTION inline void append_frequencies(BitWriter& writer, const RansFrequencies& table, std::size_t size) {
  writer.bits(table.shift, 3);
  writer.bits(table.differences ? 1 : 0, 1);
  writer.bits(table.order, 3);
  for (std::size_t symbol = 0; symbol < size; ++symbol) writer.exp_golomb(stored_frequency(table, symbol), table.order);
}

/// Writes what read_class_widths reads.
NUQ_FUNCTION inline void append_tables(BitWriter& writer, const ClassFrequencies& tables, std::size_t size) {
  writer.bits(tables.has_rare ? 1 : 0, 1);
  if (tables.has_rare) writer.bits(static_cast<std::uint32_t>(tables.marker), 8);
  append_frequencies(writer, tables.common, size);
  if (tables.has_rare) append_frequencies(writer, tables.rare, size);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANS_FREQUENCIES_HPP
