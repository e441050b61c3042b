#include "nuq/io/idx.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace io_idx_test {

using namespace std::string_literals;

/// Two images of 1×3 bytes.
const std::string images = "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03\x01\x02\x03\xfd\xfe\xff"s;

nuq::ErrorCode code_of(const std::string& bytes) {
  try {
    static_cast<void>(nuq::parse_idx(bytes, "x-ubyte"));
  } catch (const nuq::FormatError& error) {
    CHECK(std::string(error.what()).find("nuq: x-ubyte: ") == 0);
    return error.code();
  }
  FAIL("parsed");
  return {};
}

TEST_CASE("an idx file of images is read with its big-endian extents") {
  const nuq::NumericArray array = nuq::parse_idx(images, "x");
  CHECK(array.type == nuq::NumericType::uint8);
  CHECK(array.shape == nuq::Shape{2, 1, 3});
  CHECK(nuq::to_integers(array) == std::vector<std::int64_t>{1, 2, 3, 253, 254, 255});
  CHECK(nuq::parse_idx("\0\0\x08\x01\0\0\x01\x02"s + std::string(258, 'x'), "x").shape == nuq::Shape{258});
}

TEST_CASE("signed bytes keep their sign") {
  CHECK(nuq::to_integers(nuq::parse_idx("\0\0\x09\x01\0\0\0\x02\x80\x7f"s, "x")) ==
        std::vector<std::int64_t>{-128, 127});
}

TEST_CASE("an idx file cut off anywhere, or too long, is refused") {
  for (std::size_t size = 0; size < images.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(static_cast<void>(nuq::parse_idx(images.substr(0, size), "x")), nuq::FormatError);
  }
  CHECK(code_of(images + "x") == nuq::ErrorCode::size_mismatch);
}

TEST_CASE("absurd extents are refused before memory is asked for") {
  CHECK(code_of("\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff"s) == nuq::ErrorCode::malformed_file);
  CHECK(code_of("\0\0\x08\x01\xff\xff\xff\xff"s) == nuq::ErrorCode::size_mismatch);
  CHECK(code_of("\0\0\x08\xff"s) == nuq::ErrorCode::malformed_file);
}

TEST_CASE("other element types and other files are refused") {
  CHECK(code_of("\0\0\x0d\x01\0\0\0\x01\0\0\0\0"s) == nuq::ErrorCode::unsupported_format);
  CHECK(code_of("\0\x01\x08\x01\0\0\0\0"s) == nuq::ErrorCode::malformed_file);
}

}  // namespace io_idx_test
