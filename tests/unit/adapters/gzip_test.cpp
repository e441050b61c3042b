#include "nuq/adapters/gzip.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/dataset/file_reader.hpp"

namespace adapters_gzip_test {

using namespace std::string_literals;

constexpr std::uint64_t plenty = 1U << 30U;

/// What `gzip -n9` makes of "hello hello hello\n".
const std::string hello_gz =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00\x3b\x7c\x8a\xdf\x12\x00\x00\x00"s;
const std::string hello = "hello hello hello\n";

std::string gzip(const std::string& content) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(::deflateBound(&stream, static_cast<uLong>(content.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return packed;
}

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) bytes += static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

TEST_CASE("a file of the gzip program is decompressed") {
  CHECK(nuq::gunzip(hello_gz, "x", plenty) == hello);
}

TEST_CASE("contents of any size are decompressed") {
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 131072U, 1000000U}) {
    CHECK(nuq::gunzip(gzip(noise(size)), "x", plenty) == noise(size));
    CHECK(nuq::gunzip(gzip(std::string(size, 'z')), "x", plenty) == std::string(size, 'z'));
  }
}

TEST_CASE("several members in a row are one content") {
  CHECK(nuq::gunzip(hello_gz + gzip("") + hello_gz, "x", plenty) == hello + hello);
}

TEST_CASE("the largest content is a limit, not an estimate") {
  const std::string bomb = gzip(std::string(1000000, '\0'));
  CHECK(bomb.size() < 2000);
  CHECK(nuq::gunzip(bomb, "x", 1000000).size() == 1000000);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::gunzip(bomb, "x", 999999)), "nuq: x: gzip: holds more than 999999 bytes",
                       nuq::FormatError);
}

TEST_CASE("gzip data cut off anywhere are refused") {
  for (std::size_t size = 0; size < hello_gz.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(static_cast<void>(nuq::gunzip(hello_gz.substr(0, size), "x", plenty)), nuq::FormatError);
  }
}

TEST_CASE("damaged gzip data are refused") {
  std::string wrong_checksum = hello_gz;
  wrong_checksum[hello_gz.size() - 8] ^= 1;
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::gunzip(wrong_checksum, "x", plenty)),
                       "nuq: x: gzip: incorrect data check", nuq::FormatError);
  CHECK_THROWS_AS(static_cast<void>(nuq::gunzip(hello_gz + "trailing", "x", plenty)), nuq::FormatError);
  CHECK_THROWS_AS(static_cast<void>(nuq::gunzip("no gzip at all", "x", plenty)), nuq::FormatError);
}

TEST_CASE("the gzip reader decompresses by content and passes other files through") {
  const TemporaryFolder folder;
  folder.write("packed.gz", hello_gz);
  folder.write("packed_without_suffix", hello_gz);
  folder.write("plain.gz", hello);
  folder.write("empty", "");
  static_assert(nuq::is_file_reader_v<nuq::GzipFileReader>);
  const nuq::GzipFileReader reader;
  CHECK(reader.read(folder / "packed.gz") == hello);
  CHECK(reader.read(folder / "packed_without_suffix") == hello);
  CHECK(reader.read(folder / "plain.gz") == hello);
  CHECK(reader.read(folder / "empty").empty());
  CHECK_THROWS_AS(static_cast<void>(reader.read(folder / "absent")), nuq::FormatError);
  CHECK_THROWS_AS(static_cast<void>(nuq::GzipFileReader{4}.read(folder / "packed.gz")), nuq::FormatError);
}

TEST_CASE("what a small file expands to is bounded by its size") {
  const TemporaryFolder folder;
  const std::string bomb = folder.write("bomb.gz", gzip(std::string(std::size_t{65} << 20U, '\0')));
  nuq::GzipFileReader reader;
  reader.limits.expansion = 1100;  // deflate reaches 1032
  CHECK(reader.read(bomb).size() == std::size_t{65} << 20U);
  reader.limits.expansion = 900;
  CHECK(error_of<nuq::FormatError>([&] { static_cast<void>(reader.read(bomb)); }).says(bomb + ": gzip: holds more"));
}

}  // namespace adapters_gzip_test
