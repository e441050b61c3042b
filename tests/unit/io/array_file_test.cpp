#include "nuq/io/array_file.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::string_literals;

TEST_CASE("the content tells an npy from an idx file") {
  const nuq::Tensor tensor({2}, {1.0F, 2.0F});
  CHECK(nuq::to_tensor(nuq::parse_array(nuq::npy_bytes(tensor.view()), "x")).values == tensor.values);
  CHECK(nuq::to_tensor(nuq::parse_array("\0\0\x08\x01\0\0\0\x02\x01\x02"s, "x")).values == tensor.values);
}

TEST_CASE("anything else is refused, an empty file included") {
  for (const std::string& bytes : {""s, "\0"s, "PK\x03\x04"s, "\x93NUMP"s}) {
    CHECK_THROWS_WITH_AS(static_cast<void>(nuq::parse_array(bytes, "x.bin")),
                         "nuq: x.bin: neither an npy nor an idx file", nuq::FormatError);
  }
}
