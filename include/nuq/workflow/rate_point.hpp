#ifndef NUQ_WORKFLOW_RATE_POINT_HPP
#define NUQ_WORKFLOW_RATE_POINT_HPP

#include <cstdint>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// As much predicted harm as the configured numbers of levels do at their best: each layer's `num_steps` levels of
/// least error, assigned with error feedback (NonUniformQuantizer<>). So the target decides on bytes alone: a price per
/// bit is expected to leave the network as accurate as target palette does.
struct HarmOfLevels {};

/// So many bits per weight, coded, in the mean over the weights of the quantized layers; the nearest that can be had.
struct BitsPerWeight {
  double bits = 0.0;
};

/// This price, in units of the network's output error.
struct PricePerBit {
  double price = 0.0;
};

/// As many bytes as RunReport::bytes may have, and no more.
struct BytesAtMost {
  std::uint64_t bytes = 0;
};

/// Which point on the curve of size against accuracy a quantizer with a price per bit is set to: one of the four above.
/// At any of them one price holds in all layers, so that nothing smaller is expected to do as little harm.
class RatePoint {
 public:
  enum class Kind { harm_of_levels, bits_per_weight, price_per_bit, bytes_at_most };

  constexpr RatePoint(HarmOfLevels = {}) noexcept {}
  constexpr RatePoint(BitsPerWeight wanted) noexcept : kind_(Kind::bits_per_weight), number_(wanted.bits) {}
  constexpr RatePoint(PricePerBit wanted) noexcept : kind_(Kind::price_per_bit), number_(wanted.price) {}
  constexpr RatePoint(BytesAtMost wanted) noexcept : kind_(Kind::bytes_at_most), bytes_(wanted.bytes) {}

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// What was given, of a point of that kind; 0 of others.
  [[nodiscard]] constexpr double bits() const noexcept { return kind_ == Kind::bits_per_weight ? number_ : 0.0; }
  [[nodiscard]] constexpr double price() const noexcept { return kind_ == Kind::price_per_bit ? number_ : 0.0; }
  [[nodiscard]] constexpr std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Kind kind_ = Kind::harm_of_levels;
  double number_ = 0.0;
  std::uint64_t bytes_ = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_RATE_POINT_HPP
