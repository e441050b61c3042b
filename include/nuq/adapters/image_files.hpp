#ifndef NUQ_ADAPTERS_IMAGE_FILES_HPP
#define NUQ_ADAPTERS_IMAGE_FILES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "nuq/adapters/detail/image_header.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/dataset/image_input.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An ImageDecoder for JPEG and PNG by OpenCV: as `cv2.imread` (with the orientation that a camera has noted, without
/// transparency, 16 bits as 8), bilinear `cv2.resize`, a crop around the centre. To be given to `load_dataset`:
///
///     nuq::load_dataset("test.json", nuq::PlainFileReader{}, nuq::OpenCvImages{})
struct OpenCvImages {
  /// Throws FormatError naming the file: neither JPEG nor PNG, cut off or damaged, smaller than the crop, more pixels
  /// than the limits allow.
  [[nodiscard]] NumericArray decode(std::string_view bytes, const std::string& file, const ImageInput& wanted,
                                    const ResourceLimits& limits) const {
    const detail::ImageHeader header(bytes, file);
    require_memory(header.extents(), file, limits);
    return planes_of(
        cropped(resized(decoded(bytes, file, wanted.channels), file, wanted.resize, limits), file, wanted.crop),
        wanted.channels);
  }

 private:
  static constexpr std::size_t most_pixels = 65535;  // of a side

  [[noreturn]] static void refuse(const std::string& file, const std::string& problem) {
    detail::fail(FormatError(ErrorCode::malformed_file, file + ": " + problem));
  }

  [[nodiscard]] static std::string text_of(const ImageExtents& extents) {
    return std::to_string(extents.height) + "x" + std::to_string(extents.width);
  }

  static void require_memory(const ImageExtents& extents, const std::string& file, const ResourceLimits& limits) {
    constexpr std::uint64_t most_channels = 3;
    if (extents.height > most_pixels || extents.width > most_pixels) {
      refuse(file, "an image of " + text_of(extents) + " pixels, wanted at most " + std::to_string(most_pixels) +
                       " in each direction");
    }
    limits.require_memory(most_channels * extents.height * extents.width, file);
  }

  [[nodiscard]] static cv::Mat decoded(std::string_view bytes, const std::string& file, ChannelOrder channels) {
    if (bytes.size() > static_cast<std::size_t>((std::numeric_limits<int>::max)())) refuse(file, "is larger than 2 GB");
    const cv::Mat content(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    cv::Mat image;
    try {
      image = cv::imdecode(content, channels == ChannelOrder::gray ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
    } catch (const cv::Exception&) {  // an empty image says the same
    }
    if (image.empty()) refuse(file, "is damaged: OpenCV cannot decode it");
    return image;
  }

  [[nodiscard]] static cv::Mat resized(const cv::Mat& image, const std::string& file, ImageExtents wanted,
                                       const ResourceLimits& limits) {
    if (wanted.height == 0) return image;
    if (wanted.width == 0) {
      const auto height = static_cast<std::size_t>(image.rows);
      const auto width = static_cast<std::size_t>(image.cols);
      const std::size_t shorter = wanted.height;
      wanted = height < width ? ImageExtents{shorter, shorter * width / height}
                              : ImageExtents{shorter * height / width, shorter};
    }
    require_memory(wanted, file, limits);
    cv::Mat result;
    cv::resize(image, result, cv::Size(static_cast<int>(wanted.width), static_cast<int>(wanted.height)), 0, 0,
               cv::INTER_LINEAR);
    return result;
  }

  [[nodiscard]] static cv::Mat cropped(const cv::Mat& image, const std::string& file, const ImageExtents& wanted) {
    if (wanted.height == 0) return image;
    const auto height = static_cast<int>(wanted.height);
    const auto width = static_cast<int>(wanted.width);
    if (height > image.rows || width > image.cols) {
      refuse(file, "has " + std::to_string(image.rows) + "x" + std::to_string(image.cols) +
                       " pixels, wanted at least those of the crop, " + text_of(wanted));
    }
    return image(cv::Rect((image.cols - width) / 2, (image.rows - height) / 2, width, height));
  }

  /// One channel after the other; OpenCV has blue first.
  [[nodiscard]] static NumericArray planes_of(const cv::Mat& image, ChannelOrder order) {
    std::vector<cv::Mat> planes;
    cv::split(image, planes);
    if (order == ChannelOrder::rgb) std::reverse(planes.begin(), planes.end());
    NumericArray array{NumericType::uint8, {static_cast<std::int64_t>(planes.size()), image.rows, image.cols}, {}};
    array.bytes.reserve(element_count(array.shape));
    for (const cv::Mat& plane : planes) array.bytes.append(reinterpret_cast<const char*>(plane.ptr()), plane.total());
    return array;
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_IMAGE_FILES_HPP
