#ifndef NUQ_EXAMPLES_CLI_AMOUNTS_HPP
#define NUQ_EXAMPLES_CLI_AMOUNTS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

/// A count in three digits or more: "9999", "23.6k", "2.36M".
inline std::string amount_text(double amount) {
  constexpr std::array<const char*, 5> units{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  if (amount >= 9999.5) {
    while (amount >= 999.5 && unit + 1 < units.size()) {
      amount /= 1000.0;
      ++unit;
    }
  }
  const int decimals = unit == 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  char text[48];
  std::snprintf(text, sizeof text, "%.*f%s", decimals, amount, units[unit]);
  return text;
}

/// "?" where nothing is known.
inline std::string amount_text(const std::optional<std::uint64_t>& amount) {
  return amount ? amount_text(static_cast<double>(*amount)) : "?";
}

/// "12.2x smaller than net.caffemodel", or larger.
inline std::string comparison_text(std::uintmax_t bytes, std::uintmax_t before, const std::string& what) {
  char text[48];
  const double ratio = static_cast<double>(before) / static_cast<double>(bytes == 0 ? 1 : bytes);
  std::snprintf(text, sizeof text, "%.2fx %s than ", ratio >= 1.0 ? ratio : 1.0 / ratio,
                bytes <= before ? "smaller" : "LARGER");
  return text + what;
}

#endif  // NUQ_EXAMPLES_CLI_AMOUNTS_HPP
