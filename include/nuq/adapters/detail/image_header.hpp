#ifndef NUQ_ADAPTERS_DETAIL_IMAGE_HEADER_HPP
#define NUQ_ADAPTERS_DETAIL_IMAGE_HEADER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "nuq/core/error.hpp"
#include "nuq/dataset/image_input.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What a JPEG or PNG file says of its size, before anything of it is decoded.
class ImageHeader {
 public:
  /// Throws FormatError: neither of both, or cut off.
  ImageHeader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {
    if (bytes.substr(0, png_magic.size()) == png_magic) {
      read_png();
    } else if (bytes.substr(0, 2) == "\xff\xd8") {
      read_jpeg();
    } else {
      refuse("is neither a JPEG nor a PNG file");
    }
    if (extents_.height == 0 || extents_.width == 0) refuse("has no pixels");
  }

  [[nodiscard]] const ImageExtents& extents() const noexcept { return extents_; }

 private:
  static constexpr std::string_view png_magic = "\x89PNG\r\n\x1a\n";

  void read_png() {
    extents_ = {number(20, 4), number(16, 4)};
    if (bytes_.substr(12, 4) != "IHDR" || bytes_.rfind("IEND") == std::string_view::npos) refuse("is cut off");
  }

  /// Goes from segment to segment up to the frame header.
  void read_jpeg() {
    std::size_t at = 2;
    while (true) {
      const std::size_t marker = number(at, 2);
      if (marker < 0xff01) refuse("is damaged");
      const bool is_frame =
          marker >= 0xffc0 && marker <= 0xffcf && marker != 0xffc4 && marker != 0xffc8 && marker != 0xffcc;
      if (is_frame) break;
      at += marker == 0xffff ? 1 : 2 + number(at + 2, 2);
    }
    extents_ = {number(at + 5, 2), number(at + 7, 2)};
    const std::size_t end = bytes_.rfind("\xff\xd9");
    if (end == std::string_view::npos || end < at) refuse("is cut off");
  }

  /// Of `size` bytes, the most significant one first.
  [[nodiscard]] std::size_t number(std::size_t at, std::size_t size) const {
    if (at + size > bytes_.size()) refuse("is cut off");
    std::size_t value = 0;
    for (const char byte : bytes_.substr(at, size)) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    fail(FormatError(ErrorCode::malformed_file, file_ + ": " + problem));
  }

  std::string_view bytes_;
  const std::string& file_;
  ImageExtents extents_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_IMAGE_HEADER_HPP
