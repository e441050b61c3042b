#ifndef NUQ_PACKED_FLOAT_CODING_HPP
#define NUQ_PACKED_FLOAT_CODING_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/bit_model.hpp"
#include "nuq/packed/detail/number_model.hpp"
#include "nuq/packed/detail/range_decoder.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

// Floats to the bit, each about five bits shorter: their exponents are alike, their mantissas are not, unless they end
// in zeros. A byte, the greatest exponent, then in the code of detail/range_decoder.hpp for each value by how much its
// exponent is less (detail/number_model.hpp), its sign, and the 23 bits of its mantissa, most significant first.

NUQ_NAMESPACE_BEGIN
namespace detail {

inline constexpr unsigned mantissa_bits = 23;
inline constexpr std::uint32_t exponent_mask = 0xFF;

/// What is expected of each bit of a float.
class FloatModel {
 public:
  explicit FloatModel(std::uint32_t greatest_exponent) noexcept : greatest_(greatest_exponent) {}

  /// The bits of a float: `bits` for an encoder; a decoder finds them.
  template <class Coder>
  std::uint32_t code(Coder& coder, std::uint32_t bits = 0) {
    const std::uint32_t exponent = bits >> mantissa_bits & exponent_mask;
    std::uint32_t coded = code_sign_and_exponent(coder, greatest_ - exponent, bits >> 31U);
    for (unsigned bit = mantissa_bits; bit-- > 0;)
      coded = 2 * coded + code_bit(coder, mantissa_[bit], bits >> bit & 1U);
    return coded;
  }

 private:
  template <class Coder>
  std::uint32_t code_sign_and_exponent(Coder& coder, std::uint32_t less, std::uint32_t sign) {
    const std::uint32_t exponent = (greatest_ - less_.code(coder, less)) & exponent_mask;
    return code_bit(coder, sign_, sign) << 8U | exponent;
  }

  std::uint32_t greatest_;
  NumberModel less_;
  BitCounter sign_;
  std::array<BitCounter, mantissa_bits> mantissa_;
};

}  // namespace detail

/// Decodes what `encode_float_values` wrote.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_float_values(ArrayView<const std::uint8_t> bytes,
                                                                   ArrayView<float> out) noexcept {
  detail::ByteReader reader(bytes);
  detail::FloatModel model(reader.u8());
  detail::RangeDecoder decoder(reader.rest());
  for (float& value : out) {
    const std::uint32_t bits = model.code(decoder);
    if (decoder.failed()) return DecodeStatus::truncated;
    std::memcpy(&value, &bits, sizeof bits);
  }
  return decoder.at_end() ? DecodeStatus::ok : DecodeStatus::truncated;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_FLOAT_CODING_HPP
