#ifndef NUQ_PACKED_FLOAT_ENCODER_HPP
#define NUQ_PACKED_FLOAT_ENCODER_HPP

#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The coding (float_coding.hpp) of any floats, to the bit.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_float_values(ArrayView<const float> values);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <algorithm>
#include <cstring>

#include "nuq/packed/detail/range_encoder.hpp"
#include "nuq/packed/float_coding.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::vector<std::uint8_t> encode_float_values(ArrayView<const float> values) {
  const auto bits_of = [](float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  };
  std::uint32_t greatest = 0;
  for (const float value : values)
    greatest = (std::max)(greatest, bits_of(value) >> detail::mantissa_bits & detail::exponent_mask);
  std::vector<std::uint8_t> bytes = {static_cast<std::uint8_t>(greatest)};
  detail::FloatModel model(greatest);
  detail::RangeEncoder encoder(bytes);
  for (const float value : values) model.code(encoder, bits_of(value));
  encoder.finish();
  return bytes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_FLOAT_ENCODER_HPP
