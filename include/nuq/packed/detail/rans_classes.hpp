#ifndef NUQ_PACKED_DETAIL_RANS_CLASSES_HPP
#define NUQ_PACKED_DETAIL_RANS_CLASSES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/packed/detail/fixed_log2.hpp"
#include "nuq/packed/detail/rans_frequencies.hpp"
#include "nuq/packed/rans_coding.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Counts of symbols, one histogram for each row.
class RowCounts {
 public:
  /// `symbols` holds rows · cols indices below `size`.
  NUQ_FUNCTION RowCounts(const std::vector<std::uint8_t>& symbols, std::size_t rows, std::size_t size)
      : rows_(rows), size_(size), counts_(rows * size) {
    const std::size_t cols = symbols.size() / rows;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < cols; ++col) ++counts_[row * size + symbols[row * cols + col]];
    }
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::uint32_t* row(std::size_t index) const noexcept { return counts_.data() + index * size_; }

 private:
  std::size_t rows_;
  std::size_t size_;
  std::vector<std::uint32_t> counts_;
};

/// Which class each row is in, and the tables of each class.
struct RansClasses {
  std::vector<std::uint8_t> class_of_row;
  std::vector<ClassFrequencies> tables;

  /// Bits · 2^16 of symbols, tables and class map.
  NUQ_FUNCTION [[nodiscard]] std::uint64_t cost() const noexcept {
    std::uint64_t sum = std::uint64_t{8 * ClassMap::bytes(class_of_row.size(), tables.size())} << fixed_log2_bits;
    for (const ClassFrequencies& class_tables : tables) sum += class_tables.cost;
    return sum;
  }
};

/// Code lengths of symbols in bits · 2^16; those that do not occur have one too.
using CodeLengths = std::array<std::uint32_t, 256>;

NUQ_FUNCTION [[nodiscard]] inline CodeLengths code_lengths(const SymbolCounts& counts, std::size_t size) noexcept {
  std::uint64_t total = 0;
  for (std::size_t symbol = 0; symbol < size; ++symbol) total += 2 * counts[symbol] + 1;
  CodeLengths lengths{};
  for (std::size_t symbol = 0; symbol < size; ++symbol)
    lengths[symbol] = fixed_log2(total) - fixed_log2(2 * counts[symbol] + 1);
  return lengths;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<SymbolCounts> class_counts(const RowCounts& rows,
                                                                         const std::vector<std::uint8_t>& class_of_row,
                                                                         std::size_t classes) {
  std::vector<SymbolCounts> counts(classes, SymbolCounts{});
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t symbol = 0; symbol < rows.size(); ++symbol)
      counts[class_of_row[row]][symbol] += rows.row(row)[symbol];
  }
  return counts;
}

/// The rows in ascending order of their own entropy: neighbours have similar histograms.
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::size_t> rows_by_entropy(const RowCounts& rows,
                                                                           const Log2Table& log2) {
  std::vector<std::uint64_t> saved(rows.rows());  // Σ n log2 n: the greater, the lower the entropy
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t symbol = 0; symbol < rows.size(); ++symbol) {
      const std::uint64_t count = rows.row(row)[symbol];
      if (count > 1) saved[row] += count * log2.of(count);
    }
  }
  std::vector<std::size_t> order(rows.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return saved[a] > saved[b]; });
  return order;
}

/// Each row to the class whose code is shortest for it. True where a row has moved.
NUQ_FUNCTION [[nodiscard]] inline bool reassign_rows(const RowCounts& rows, const std::vector<CodeLengths>& lengths,
                                                     std::vector<std::uint8_t>& class_of_row) noexcept {
  bool moved = false;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::uint64_t least = UINT64_MAX;
    std::uint8_t best = 0;
    for (std::size_t index = 0; index < lengths.size(); ++index) {
      std::uint64_t cost = 0;
      for (std::size_t symbol = 0; symbol < rows.size(); ++symbol)
        cost += std::uint64_t{rows.row(row)[symbol]} * lengths[index][symbol];
      if (cost >= least) continue;
      least = cost;
      best = static_cast<std::uint8_t>(index);
    }
    moved |= class_of_row[row] != best;
    class_of_row[row] = best;
  }
  return moved;
}

/// Classes by k-means with the code length as distance, from equal shares of the rows by entropy; those that end empty
/// are dropped.
NUQ_FUNCTION [[nodiscard]] inline RansClasses cluster_rows(const RowCounts& rows, const std::vector<std::size_t>& order,
                                                           std::size_t classes, const Log2Table& log2) {
  constexpr int max_rounds = 12;
  RansClasses result;
  result.class_of_row.resize(rows.rows());
  for (std::size_t place = 0; place < order.size(); ++place)
    result.class_of_row[order[place]] = static_cast<std::uint8_t>(place * classes / order.size());
  for (int round = 0; round < max_rounds && classes > 1; ++round) {
    std::vector<CodeLengths> lengths;
    for (const SymbolCounts& counts : class_counts(rows, result.class_of_row, classes))
      lengths.push_back(code_lengths(counts, rows.size()));
    if (!reassign_rows(rows, lengths, result.class_of_row)) break;
  }
  std::vector<std::uint8_t> new_index(classes);
  const std::vector<SymbolCounts> counts = class_counts(rows, result.class_of_row, classes);
  for (std::size_t index = 0; index < classes; ++index) {
    new_index[index] = static_cast<std::uint8_t>(result.tables.size());
    if (std::any_of(counts[index].begin(), counts[index].end(), [](auto n) { return n > 0; }))
      result.tables.push_back(choose_tables(counts[index], rows.size(), log2));
  }
  for (std::uint8_t& index : result.class_of_row) index = new_index[index];
  return result;
}

/// Classes, more of them as long as that makes the whole smaller.
NUQ_FUNCTION [[nodiscard]] inline RansClasses choose_classes(const std::vector<std::uint8_t>& symbols, std::size_t rows,
                                                             std::size_t size) {
  constexpr std::size_t max_counts = std::size_t{1} << 26U;  // 256 MiB; beyond, or with rows too short, one class
  const Log2Table log2;
  const bool is_divisible = symbols.size() / rows >= 8 && rows <= max_counts / size;
  const RowCounts counts(symbols, is_divisible ? rows : 1, size);
  const std::vector<std::size_t> order = rows_by_entropy(counts, log2);
  RansClasses best = cluster_rows(counts, order, 1, log2);
  for (const std::size_t classes : {std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{6}, std::size_t{8}}) {
    if (classes > counts.rows()) break;
    RansClasses candidate = cluster_rows(counts, order, classes, log2);
    if (candidate.cost() >= best.cost()) break;
    best = std::move(candidate);
  }
  if (!is_divisible) best.class_of_row.assign(rows, 0);
  return best;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANS_CLASSES_HPP
