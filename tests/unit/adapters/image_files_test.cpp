#include "nuq/adapters/image_files.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../error_of.hpp"

namespace adapters_image_files_test {

static_assert(nuq::is_image_decoder_v<nuq::OpenCvImages>);

using nuq::ImageExtents;
using nuq::ImageInput;
using nuq::NumericArray;

std::string file_of(const cv::Mat& image, const std::string& ending = ".png") {
  std::vector<std::uint8_t> bytes;
  REQUIRE(cv::imencode(ending, image, bytes));
  return {bytes.begin(), bytes.end()};
}

/// 2x3 pixels, whose blue is 10·row + column; green is 100 more, red is 200 more.
cv::Mat colours() {
  cv::Mat image(2, 3, CV_8UC3);
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 3; ++column) {
      const int blue = 10 * row + column;
      image.at<cv::Vec3b>(row, column) =
          cv::Vec3b(static_cast<std::uint8_t>(blue), static_cast<std::uint8_t>(blue + 100),
                    static_cast<std::uint8_t>(blue + 200));
    }
  }
  return image;
}

NumericArray decoded(const std::string& bytes, const ImageInput& wanted = {}) {
  return nuq::OpenCvImages{}.decode(bytes, "i.png", wanted, nuq::ResourceLimits());
}

std::vector<int> values_of(const NumericArray& array) {
  std::vector<int> values;
  for (const char value : array.bytes) values.push_back(static_cast<unsigned char>(value));
  return values;
}

ImageInput input_of(ImageExtents resize, ImageExtents crop, nuq::ChannelOrder channels = nuq::ChannelOrder::bgr) {
  return {"data", "list.txt", resize, crop, channels};
}

TEST_CASE("channels come one after the other, in the order that is wanted") {
  const std::vector<int> blue = {0, 1, 2, 10, 11, 12};
  const NumericArray bgr = decoded(file_of(colours()));
  CHECK(bgr.type == nuq::NumericType::uint8);
  CHECK(bgr.shape == nuq::Shape{3, 2, 3});
  const std::vector<int> values = values_of(bgr);
  for (std::size_t index = 0; index < 6; ++index) {
    CHECK(values[index] == blue[index]);
    CHECK(values[index + 6] == blue[index] + 100);
    CHECK(values[index + 12] == blue[index] + 200);
  }
  const std::vector<int> rgb = values_of(decoded(file_of(colours()), input_of({}, {}, nuq::ChannelOrder::rgb)));
  CHECK(std::vector<int>(rgb.begin(), rgb.begin() + 6) == std::vector<int>(values.begin() + 12, values.end()));
  const NumericArray gray =
      decoded(file_of(cv::Mat(2, 2, CV_8U, cv::Scalar(77))), input_of({}, {}, nuq::ChannelOrder::gray));
  CHECK(gray.shape == nuq::Shape{1, 2, 2});
  CHECK(values_of(gray) == std::vector<int>{77, 77, 77, 77});
  CHECK(values_of(decoded(file_of(cv::Mat(1, 1, CV_8U, cv::Scalar(5))))) == std::vector<int>{5, 5, 5});
}

TEST_CASE("images are resized, then cropped around the centre") {
  // Halving the size of doubled pixels gives the pixels.
  cv::Mat doubled(4, 6, CV_8UC3);
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 6; ++column)
      doubled.at<cv::Vec3b>(row, column) = colours().at<cv::Vec3b>(row / 2, column / 2);
  }
  const std::string file = file_of(doubled);
  CHECK(decoded(file, input_of({2, 3}, {})).bytes == decoded(file_of(colours())).bytes);
  CHECK(decoded(file, input_of({2, 0}, {})).bytes == decoded(file_of(colours())).bytes);
  const NumericArray centre = decoded(file, input_of({2, 0}, {2, 1}));
  CHECK(centre.shape == nuq::Shape{3, 2, 1});
  CHECK(values_of(centre) == std::vector<int>{1, 11, 101, 111, 201, 211});
  cv::Mat upright;
  cv::transpose(doubled, upright);
  CHECK(decoded(file_of(upright), input_of({2, 0}, {})).shape == nuq::Shape{3, 3, 2});
  CHECK(error_of<nuq::FormatError>([&] {
          static_cast<void>(decoded(file, input_of({2, 0}, {3, 1})));
        }).says("i.png: has 2x3 pixels, wanted at least those of the crop, 3x1"));
}

TEST_CASE("what is no image, is cut off or damaged is refused by its name") {
  const auto problem_of = [](const std::string& bytes) {
    return error_of<nuq::FormatError>([&bytes] { static_cast<void>(decoded(bytes)); });
  };
  CHECK(problem_of("").says("i.png: is neither a JPEG nor a PNG file"));
  CHECK(problem_of("BM").says("is neither a JPEG nor a PNG file"));
  for (const std::string ending : {".png", ".jpg"}) {
    const std::string file = file_of(cv::Mat(40, 30, CV_8UC3, cv::Scalar(1, 2, 3)), ending);
    CHECK(decoded(file).shape == nuq::Shape{3, 40, 30});
    for (std::size_t size = ending == ".png" ? 8 : 2; size + 8 < file.size(); ++size) {
      CAPTURE(size);
      CHECK(problem_of(file.substr(0, size)).says("i.png: is cut off"));
    }
  }
  std::string damaged = file_of(colours());
  damaged[damaged.find("IDAT") + 8] ^= 0x55;
  CHECK(problem_of(damaged).says("i.png: is damaged"));
}

TEST_CASE("sizes are checked before memory is asked for") {
  std::string file = file_of(colours());
  const auto problem_with = [&file](int at, char byte) {
    std::string other = file;
    other[static_cast<std::size_t>(at)] = byte;
    return error_of<nuq::FormatError>([&other] { static_cast<void>(decoded(other)); });
  };
  CHECK(problem_with(17, 1).says("i.png: an image of 2x65539 pixels, wanted at most 65535"));
  CHECK(problem_with(16, '\xff').code == nuq::ErrorCode::malformed_file);
  file[18] = '\xf0';
  CHECK(problem_with(22, '\xf0').code == nuq::ErrorCode::resource_limit);
  nuq::ResourceLimits limits;
  limits.memory = 100;
  const auto decode = [&](const ImageInput& wanted) {
    return error_of<nuq::FormatError>(
        [&] { static_cast<void>(nuq::OpenCvImages{}.decode(file_of(colours()), "i.png", wanted, limits)); });
  };
  CHECK(decode({}).code == nuq::ErrorCode::nothing_to_do);  // no error
  CHECK(decode(input_of({60, 60}, {})).code == nuq::ErrorCode::resource_limit);
}

}  // namespace adapters_image_files_test
