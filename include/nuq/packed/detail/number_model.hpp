#ifndef NUQ_PACKED_DETAIL_NUMBER_MODEL_HPP
#define NUQ_PACKED_DETAIL_NUMBER_MODEL_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/packed/detail/bit_model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Codes numbers, small ones in fewer bits: how many bits n + 1 has in unary, then these without the first, most
/// significant first.
class NumberModel {
 public:
  static constexpr unsigned max_bits = 24;

  /// `number` < 2^24 for an encoder; a decoder finds one < 2^25.
  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t number = 0) {
    const std::uint32_t wanted = number + 1;
    unsigned bits = 0;
    while (bits < max_bits && code_bit(coder, is_longer_[bits], (wanted >> (bits + 1)) != 0 ? 1 : 0) != 0) ++bits;
    std::uint32_t coded = 1;
    for (unsigned bit = bits; bit-- > 0;) {
      BitCounter& counter = coded < tree_size ? upper_[bits][coded] : lower_[bit];
      coded = 2 * coded + code_bit(coder, counter, (wanted >> bit) & 1U);
    }
    return coded - 1;
  }

 private:
  static constexpr std::size_t tree_size = 8;  ///< the three bits behind the first have counters for all their values

  std::array<BitCounter, max_bits> is_longer_;
  std::array<std::array<BitCounter, tree_size>, max_bits + 1> upper_;
  std::array<BitCounter, max_bits> lower_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_NUMBER_MODEL_HPP
