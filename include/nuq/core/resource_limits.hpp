#ifndef NUQ_CORE_RESOURCE_LIMITS_HPP
#define NUQ_CORE_RESOURCE_LIMITS_HPP

#include <cstdint>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a file may ask for: a few bytes can name sizes that no machine has. Asked before memory of a size that comes
/// from a file is.
struct ResourceLimits {
  /// Bytes of a blob, an array or a text, and of all blobs of a network at work.
  std::uint64_t memory = std::uint64_t{4} << 30U;
  /// Bytes that one byte of compressed content may become, where that is more than 64 MiB in all.
  std::uint64_t expansion = 1000;
  std::uint64_t layers = 200000;  ///< of a network

  /// The same as far as the environment says nothing else: NUQ_MEMORY_LIMIT (bytes, or with K, M, G or T behind them),
  /// NUQ_EXPANSION_LIMIT, NUQ_LAYER_LIMIT. Throws ConfigError invalid_argument.
  NUQ_FUNCTION [[nodiscard]] static ResourceLimits from_environment();

  /// Throws FormatError resource_limit if `what` ("net.prototxt: blob 'data'") needs more memory than there may be.
  NUQ_FUNCTION void require_memory(std::uint64_t bytes, const std::string& what) const;

  /// The most that `stored` bytes may become.
  NUQ_FUNCTION [[nodiscard]] std::uint64_t most_expanded(std::uint64_t stored) const noexcept;
};

/// "4G", "512M", "100000" as a number; K, M, G and T are powers of 1,024. Throws ConfigError invalid_argument, naming
/// `what`.
NUQ_FUNCTION [[nodiscard]] std::uint64_t parse_bytes(const std::string& text, const std::string& what);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CORE)

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// "8.6 GB".
NUQ_FUNCTION [[nodiscard]] inline std::string bytes_in_words(std::uint64_t bytes) {
  char text[32];
  const double size = static_cast<double>(bytes);
  if (size >= 1e9) {
    std::snprintf(text, sizeof text, "%.3g GB", size / 1e9);
  } else {
    std::snprintf(text, sizeof text, "%.3g MB", size / 1e6);
  }
  return text;
}

NUQ_FUNCTION inline void limit_from(const char* name, std::uint64_t& limit) {
  const char* const text = std::getenv(name);
  if (text != nullptr && *text != '\0') limit = parse_bytes(text, name);
}

}  // namespace detail

NUQ_DEFINITION std::uint64_t parse_bytes(const std::string& text, const std::string& what) {
  constexpr std::uint64_t most = (std::numeric_limits<std::uint64_t>::max)();
  std::uint64_t value = 0;
  std::size_t digits = 0;
  bool is_number = true;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    const auto digit = static_cast<std::uint64_t>(text[digits] - '0');
    is_number = is_number && value <= (most - digit) / 10;
    if (is_number) value = 10 * value + digit;
  }
  const std::string unit = text.substr(digits);
  const std::size_t power = std::string("KMGT").find(unit.empty() ? '\0' : unit.front());
  const bool has_unit = unit.size() == 1 && power != std::string::npos;
  const std::size_t shift = has_unit ? 10 * (power + 1) : 0;
  is_number = is_number && digits > 0 && (unit.empty() || has_unit) && value <= most >> shift;
  if (!is_number) {
    detail::fail(ConfigError(ErrorCode::invalid_argument,
                             what + " '" + text + "': wanted a whole number, such as 500000 or 4G"));
  }
  return value << shift;
}

NUQ_DEFINITION ResourceLimits ResourceLimits::from_environment() {
  ResourceLimits limits;
  detail::limit_from("NUQ_MEMORY_LIMIT", limits.memory);
  detail::limit_from("NUQ_EXPANSION_LIMIT", limits.expansion);
  detail::limit_from("NUQ_LAYER_LIMIT", limits.layers);
  return limits;
}

NUQ_DEFINITION void ResourceLimits::require_memory(std::uint64_t bytes, const std::string& what) const {
  if (bytes <= memory) return;
  detail::fail(FormatError(ErrorCode::resource_limit, what + " needs " + detail::bytes_in_words(bytes) +
                                                          ", the limit is " + detail::bytes_in_words(memory) +
                                                          " (NUQ_MEMORY_LIMIT)"));
}

NUQ_DEFINITION std::uint64_t ResourceLimits::most_expanded(std::uint64_t stored) const noexcept {
  constexpr std::uint64_t free_bytes = std::uint64_t{64} << 20U;
  const bool overflows = stored > (std::numeric_limits<std::uint64_t>::max)() / (std::max)(expansion, std::uint64_t{1});
  return (std::min)(memory, overflows ? memory : (std::max)(free_bytes, stored * expansion));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CORE)

#endif  // NUQ_CORE_RESOURCE_LIMITS_HPP
