#ifndef NUQ_DATASET_IMAGE_INPUT_HPP
#define NUQ_DATASET_IMAGE_INPUT_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// In which order an image's channels go into the network; gray: one channel.
enum class ChannelOrder { bgr, rgb, gray };

/// What an image is brought to.
struct ImageExtents {
  std::size_t height = 0;  ///< 0: as it is
  std::size_t width = 0;   ///< 0, beside a height: the shorter side gets the height, the longer one follows
};

/// An input that is made of image files: first resized, then cropped around the centre.
struct ImageInput {
  std::string blob;
  std::string files;  ///< a list of files, or their folder
  ImageExtents resize;
  ImageExtents crop;
  ChannelOrder channels = ChannelOrder::bgr;
};

namespace detail {
template <class P>
using decode_op =
    decltype(std::declval<const P&>().decode(std::declval<std::string_view>(), std::declval<const std::string&>(),
                                             std::declval<const ImageInput&>(), std::declval<const ResourceLimits&>()));
}  // namespace detail

/// An ImageDecoder makes pixels of an image file's bytes: uint8 [channels, height, width], as the input wants them. It
/// fails with FormatError naming the file, also where its pixels would need more memory than the limits allow.
///
///   struct BlackImages {
///     nuq::NumericArray decode(std::string_view, const std::string&, const nuq::ImageInput& wanted,
///                              const nuq::ResourceLimits&) const {
///       const nuq::Shape shape = {1, static_cast<std::int64_t>(wanted.crop.height),
///                                 static_cast<std::int64_t>(wanted.crop.width)};
///       return {nuq::NumericType::uint8, shape, std::string(nuq::element_count(shape), '\0')};
///     }
///   };
///
/// Shipped models: NoImages; OpenCvImages in adapters/image_files.hpp.
template <class P>
inline constexpr bool is_image_decoder_v = detail::returns<NumericArray, detail::decode_op, P>();

/// Refuses image files, and says who does not.
struct NoImages {
  /// Throws FormatError unsupported_format.
  NUQ_FUNCTION [[nodiscard]] NumericArray decode(std::string_view bytes, const std::string& file,
                                                 const ImageInput& wanted, const ResourceLimits& limits) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NumericArray NoImages::decode(std::string_view /*bytes*/, const std::string& file,
                                             const ImageInput& /*wanted*/, const ResourceLimits& /*limits*/) const {
  detail::fail(FormatError(ErrorCode::unsupported_format,
                           file + ": this program reads no image files, wanted .npy arrays or a program built with "
                                  "OpenCV (nuq::OpenCvImages, nuq/adapters/image_files.hpp)"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_IMAGE_INPUT_HPP
