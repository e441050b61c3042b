#ifndef NUQ_PACKED_PACKED_TEXT_HPP
#define NUQ_PACKED_PACKED_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/packed/text_coding.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The text of a packed file: a view of the file's memory. Its size has been checked.
struct PackedText {
  std::size_t size = 0;                ///< letters; at most max_coded_text where they are coded
  bool is_coded = false;               ///< as text_coding.hpp says; otherwise the letters themselves
  ArrayView<const std::uint8_t> data;  ///< the code, or the letters
};

/// The letters of a text into `text.size` places.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_text(const PackedText& text, ArrayView<char> out) noexcept {
  if (out.size() != text.size) return DecodeStatus::wrong_size;
  if (text.is_coded) return decode_text(text.data, out);
  std::copy(text.data.begin(), text.data.end(), out.begin());
  return DecodeStatus::ok;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_PACKED_TEXT_HPP
