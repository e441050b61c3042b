#ifndef NUQ_PACKED_TEXT_ENCODER_HPP
#define NUQ_PACKED_TEXT_ENCODER_HPP

#include <cstdint>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The coding (text_coding.hpp) of a text of at most max_coded_text bytes.
NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> encode_text(std::string_view text);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <algorithm>
#include <array>
#include <cstddef>

#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/detail/range_encoder.hpp"
#include "nuq/packed/text_coding.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A part of a text: `length` letters that stand `distance` before, or a letter where that is 0.
struct TextPart {
  std::uint32_t length = 1;
  std::uint32_t distance = 0;
};

/// Divides a text in parts whose code is about the shortest. What a part will cost is guessed, in quarters of a bit.
class TextParser {
 public:
  explicit TextParser(std::string_view text)
      : text_(text), best_(text.size() + 1), before_(text.size()), last_(std::size_t{1} << hash_bits) {}

  NUQ_FUNCTION [[nodiscard]] std::vector<TextPart> parts() {
    best_[0].cost = 0;
    for (std::size_t place = 0; place < text_.size(); ++place) {
      reach(place, {1, 0}, letter_cost);
      const std::size_t repeated = reach_by(place, best_[place].distance, 1, known_cost);
      const std::size_t longest = (std::max)(repeated, reach_earlier(place));
      if (longest < long_enough) {
        add(place);
        continue;
      }
      for (const std::size_t end = place + longest - 1; place < end; ++place) add(place);
      add(place);
    }
    std::vector<TextPart> parts;
    for (std::size_t end = text_.size(); end > 0; end -= best_[end].part.length) parts.push_back(best_[end].part);
    std::reverse(parts.begin(), parts.end());
    return parts;
  }

 private:
  static constexpr unsigned hash_bits = 15;
  static constexpr std::size_t least_length = 3;   ///< of what is looked for
  static constexpr std::size_t long_enough = 512;  ///< a repetition that is taken without looking further
  static constexpr int max_places = 64;            ///< where it is looked for
  static constexpr std::uint32_t letter_cost = 16;
  static constexpr std::uint32_t known_cost = 8;
  static constexpr std::uint32_t distance_cost = 20;

  /// The cheapest way to a place.
  struct Way {
    std::uint32_t cost = UINT32_MAX;
    TextPart part;
    std::uint32_t distance = 1;  ///< of the last repetition
  };

  [[nodiscard]] static std::uint32_t log2(std::size_t number) noexcept {
    std::uint32_t result = 0;
    while ((number >> (result + 1)) != 0) ++result;
    return result;
  }

  NUQ_FUNCTION void reach(std::size_t place, TextPart part, std::uint32_t cost) {
    Way& way = best_[place + part.length];
    cost += best_[place].cost;
    if (cost >= way.cost) return;
    way = {cost, part, part.distance == 0 ? best_[place].distance : part.distance};
  }

  /// All repetitions from `least` letters on; how long the longest is.
  NUQ_FUNCTION std::size_t reach_by(std::size_t place, std::size_t distance, std::size_t least, std::uint32_t cost) {
    if (distance > place) return 0;
    std::size_t length = 0;
    while (place + length < text_.size() && text_[place + length] == text_[place + length - distance]) ++length;
    if (length >= long_enough) least = length;
    for (std::size_t part = least; part <= length; ++part) {
      reach(place, {static_cast<std::uint32_t>(part), static_cast<std::uint32_t>(distance)}, cost + 5 * log2(part));
    }
    return length;
  }

  NUQ_FUNCTION std::size_t reach_earlier(std::size_t place) {
    std::size_t longest = least_length - 1;
    if (place + least_length > text_.size()) return 0;
    std::size_t next = last_[hash(place)];
    for (int count = 0; next > 0 && count < max_places && longest < long_enough; ++count, next = before_[next - 1]) {
      const std::size_t distance = place - (next - 1);
      const std::size_t end = place + longest;  // of what would be longer
      if (end >= text_.size()) break;
      if (text_[end] != text_[end - distance]) continue;
      longest = (std::max)(longest, reach_by(place, distance, longest + 1, distance_cost + 4 * log2(distance)));
    }
    return longest;
  }

  NUQ_FUNCTION void add(std::size_t place) {
    if (place + least_length > text_.size()) return;
    before_[place] = last_[hash(place)];
    last_[hash(place)] = static_cast<std::uint32_t>(place + 1);
  }

  [[nodiscard]] std::size_t hash(std::size_t place) const noexcept {
    std::uint32_t value = 0;
    for (std::size_t index = 0; index < least_length; ++index)
      value = value << 8U | static_cast<std::uint8_t>(text_[place + index]);
    return (value * 0x9E3779B1U) >> (32 - hash_bits);
  }

  std::string_view text_;
  std::vector<Way> best_;
  std::vector<std::uint32_t> before_;  ///< the place before with the same hash, plus one
  std::vector<std::uint32_t> last_;
};

}  // namespace detail

NUQ_DEFINITION std::vector<std::uint8_t> encode_text(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  detail::RangeEncoder encoder(bytes);
  detail::TextModel model;
  std::size_t done = 0;
  for (const detail::TextPart& part : detail::TextParser(text).parts()) {
    const char* const place = text.data() + done;
    if (model.code_repeats(encoder, part.distance > 0)) {
      model.code_distance(encoder, part.distance);
      model.code_length(encoder, part.length);
    } else {
      model.code_letter(encoder, place, done, static_cast<std::uint8_t>(*place));
    }
    done += part.length;
  }
  encoder.finish();
  return bytes;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_TEXT_ENCODER_HPP
