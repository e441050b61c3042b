#ifndef NUQ_PACKED_TEXT_CODING_HPP
#define NUQ_PACKED_TEXT_CODING_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/bit_model.hpp"
#include "nuq/packed/detail/number_model.hpp"
#include "nuq/packed/detail/range_decoder.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

// Repetitions (Ziv and Lempel, A universal algorithm for sequential data compression, 1977), arithmetically coded with
// adaptive probabilities. A text in this coding is in the code of detail/range_decoder.hpp, part by part:
//   1 bit       whether the part repeats what stands earlier
//   letter      8 bits, most significant first
//   repetition  1 bit, whether the distance is that of the repetition before; otherwise the distance less one; the
//               length less one; numbers as detail/number_model.hpp says

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What is expected of the next part of a text. 51 KiB.
class TextModel {
 public:
  /// Whether the next part is a repetition.
  template <class Coder>
  bool code_repeats(Coder& coder, bool repeats = false) {
    repeats = code_bit(coder, repeats_[last_repeats_ ? 1 : 0], repeats ? 1 : 0) != 0;
    last_repeats_ = repeats;
    return repeats;
  }

  /// The letter behind `count` letters that end at `text`.
  template <class Coder>
  std::uint8_t code_letter(Coder& coder, const char* text, std::size_t count, std::uint8_t letter = 0) {
    const auto before = [&](std::size_t distance) -> std::uint32_t {
      return distance <= count ? static_cast<std::uint8_t>(*(text - distance)) : 0U;
    };
    const std::uint32_t one = before(1);
    const std::uint32_t two = one | before(2) << 8U;
    const std::uint32_t three = two | before(3) << 16U;
    const std::uint32_t expected = before(distance_) | one << 8U | 1U << 24U;
    std::uint32_t node = 1;
    for (unsigned bit = 8; bit-- > 0;) {
      const std::array<BitCounter*, 4> counters = {&counter(0, one, node), &counter(1, two, node),
                                                   &counter(2, three, node), &counter(3, expected, node)};
      node = 2 * node + mixers_[bit].code(coder, logits_, counters, (unsigned{letter} >> bit) & 1U);
    }
    return static_cast<std::uint8_t>(node & 0xFFU);
  }

  /// How far back a repetition begins, and how long it is.
  template <class Coder>
  std::size_t code_distance(Coder& coder, std::size_t distance = 0) {
    is_known_ = code_bit(coder, known_, distance == distance_ ? 1 : 0) != 0;
    if (!is_known_) distance_ = distances_.code(coder, static_cast<std::uint32_t>(distance - 1)) + std::size_t{1};
    return distance_;
  }
  template <class Coder>
  std::size_t code_length(Coder& coder, std::size_t length = 0) {
    return lengths_[is_known_ ? 1 : 0].code(coder, static_cast<std::uint32_t>(length - 1)) + std::size_t{1};
  }

 private:
  static constexpr unsigned index_bits = 11;

  /// The counter of a context; few share one.
  [[nodiscard]] BitCounter& counter(std::size_t table, std::uint32_t context, std::uint32_t node) noexcept {
    return letters_[table][((context * 0x9E3779B1U) >> (32 - index_bits)) ^ node];
  }

  bool last_repeats_ = false;
  bool is_known_ = false;
  std::size_t distance_ = 1;
  std::array<BitCounter, 2> repeats_;
  BitCounter known_;
  NumberModel distances_;
  std::array<NumberModel, 2> lengths_;
  LogitTable logits_;
  std::array<BitMixer<4>, 8> mixers_;
  std::array<std::array<BitCounter, std::size_t{1} << index_bits>, 4> letters_;
};

}  // namespace detail

/// The greatest size of a text that is coded: a reader asks for no more memory than this on a small file's word.
inline constexpr std::size_t max_coded_text = std::size_t{1} << 22U;

/// Decodes what `encode_text` wrote into `out`, which has the text's size, at most max_coded_text. Takes 51 KiB of
/// stack.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_text(ArrayView<const std::uint8_t> bytes,
                                                           ArrayView<char> out) noexcept {
  if (out.size() > max_coded_text) return DecodeStatus::wrong_size;
  detail::RangeDecoder decoder(bytes);
  detail::TextModel model;
  std::size_t done = 0;
  while (done < out.size()) {
    if (decoder.failed()) return DecodeStatus::truncated;
    if (!model.code_repeats(decoder)) {
      out[done] = static_cast<char>(model.code_letter(decoder, out.data() + done, done));
      ++done;
      continue;
    }
    const std::size_t distance = model.code_distance(decoder);
    const std::size_t length = model.code_length(decoder);
    if (distance > done || length > out.size() - done) return DecodeStatus::malformed;
    for (const std::size_t end = done + length; done < end; ++done) out[done] = out[done - distance];
  }
  return decoder.at_end() ? DecodeStatus::ok : DecodeStatus::truncated;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_TEXT_CODING_HPP
