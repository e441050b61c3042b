#ifndef NUQ_PACKED_DETAIL_BIT_MODEL_HPP
#define NUQ_PACKED_DETAIL_BIT_MODEL_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

// What the next bit of a code will be, learned from those before: encoder and decoder learn alike, in integers. Bits
// are counted apart for each context that they occur in (BitCounter). Where a bit has several contexts, their
// probabilities are added up in the logistic domain with weights that are learned, too (BitMixer; Mahoney, Adaptive
// weighing of context models for lossless data compression, 2005).

NUQ_NAMESPACE_BEGIN
namespace detail {

/// 1 / (n + 3/2) · 2^16 for the bit behind n others: after n bits with k ones the probability of a 1 is
/// (k + 1/4) / (n + 1/2).
[[nodiscard]] constexpr std::array<std::uint16_t, 256> make_learning_rates() noexcept {
  std::array<std::uint16_t, 256> rates{};
  for (std::uint32_t n = 0; n < rates.size(); ++n) rates[n] = static_cast<std::uint16_t>((1U << 17U) / (2 * n + 3));
  return rates;
}

inline constexpr std::array<std::uint16_t, 256> learning_rates = make_learning_rates();

/// The probability of a 1: the share of ones so far, later bits counting more from the 256th on.
class BitCounter {
 public:
  /// · 2^16, above 0 and below 2^16.
  [[nodiscard]] std::uint32_t one() const noexcept { return (std::max)(state_ >> 16U, 1U); }

  void learn(unsigned bit) noexcept {
    const std::uint32_t count = state_ & 0xFFU;
    const auto share = static_cast<std::int64_t>(state_ >> 8U);
    const std::int64_t target = bit != 0 ? 0xFFFFFF : 0;
    const auto moved = static_cast<std::uint32_t>(share + (target - share) * learning_rates[count] / 65536);
    state_ = moved << 8U | (std::min)(count + 1, 0xFFU);
  }

 private:
  std::uint32_t state_ = std::uint32_t{1} << 31U;  ///< the share in the upper 24 bits, the number of bits, at most 255
};

/// Codes a bit in one context.
template <class Coder>
unsigned code_bit(Coder& coder, BitCounter& counter, unsigned value) noexcept(noexcept(coder.bit(1U, 0U))) {
  const unsigned bit = coder.bit(counter.one(), value);
  counter.learn(bit);
  return bit;
}

inline constexpr int logit_unit = 256;
inline constexpr int max_logit = 15 * logit_unit - 1;

/// 2^16 / (1 + 2^−k); between them probabilities are linear in their logit.
inline constexpr std::array<std::int32_t, 16> probability_knots = {
    32768, 43691, 52429, 58254, 61681, 63550, 64527, 65028, 65281, 65408, 65472, 65504, 65520, 65528, 65532, 65534};

/// The probability · 2^16 of a logit log2(p / (1 − p)) · 256.
[[nodiscard]] constexpr std::uint32_t probability_of(int logit) noexcept {
  const int magnitude = (std::min)(logit < 0 ? -logit : logit, max_logit);
  const auto knot = static_cast<std::size_t>(magnitude / logit_unit);
  const std::int32_t step = probability_knots[knot + 1] - probability_knots[knot];
  const std::int32_t upper = probability_knots[knot] + step * (magnitude % logit_unit) / logit_unit;
  return static_cast<std::uint32_t>(logit < 0 ? 65536 - upper : upper);
}

/// The logits of probabilities (16 p + 8) / 2^16: the inverse of probability_of. 8 KiB, made by whoever codes: made by
/// the compiler it would cost every includer.
class LogitTable {
 public:
  NUQ_FUNCTION LogitTable() noexcept {
    std::size_t knot = 0;
    for (std::size_t index = 2048; index < logits_.size(); ++index) {
      const auto probability = static_cast<std::int32_t>(16 * index + 8);
      while (probability >= probability_knots[knot + 1]) ++knot;
      const std::int32_t step = probability_knots[knot + 1] - probability_knots[knot];
      const int part = logit_unit * (probability - probability_knots[knot]) / step;
      logits_[index] = static_cast<std::int16_t>(static_cast<int>(knot) * logit_unit + part);
      logits_[4095 - index] = static_cast<std::int16_t>(-logits_[index]);
    }
  }

  /// p, 0 … 4095.
  [[nodiscard]] std::int16_t operator[](std::size_t index) const noexcept { return logits_[index]; }

 private:
  std::array<std::int16_t, 4096> logits_{};
};

/// Codes a bit in several contexts at once; one mixer for each kind of bit.
template <std::size_t inputs>
class BitMixer {
 public:
  BitMixer() noexcept { weights_.fill(static_cast<std::int32_t>(3 * weight_unit / (2 * inputs))); }

  template <class Coder>
  unsigned code(Coder& coder, const LogitTable& logits, const std::array<BitCounter*, inputs>& counters,
                unsigned value) noexcept(noexcept(coder.bit(1U, 0U))) {
    std::array<std::int32_t, inputs> of_input;
    std::int64_t sum = 0;
    for (std::size_t index = 0; index < inputs; ++index) {
      of_input[index] = logits[counters[index]->one() / 16];
      sum += std::int64_t{of_input[index]} * weights_[index];
    }
    const std::int64_t logit = sum / weight_unit;
    const std::uint32_t one = probability_of(
        static_cast<int>((std::max)(std::int64_t{-max_logit}, (std::min)(std::int64_t{max_logit}, logit))));
    const unsigned bit = coder.bit(one, value);
    const std::int32_t error = (bit != 0 ? 65536 : 0) - static_cast<std::int32_t>(one);
    for (std::size_t index = 0; index < inputs; ++index) {
      const std::int32_t moved = weights_[index] + of_input[index] * error / 65536;
      weights_[index] = (std::max)(-max_weight, (std::min)(max_weight, moved));
      counters[index]->learn(bit);
    }
    return bit;
  }

 private:
  static constexpr std::int32_t weight_unit = 65536;
  static constexpr std::int32_t max_weight = 16 * weight_unit;

  std::array<std::int32_t, inputs> weights_{};
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_BIT_MODEL_HPP
