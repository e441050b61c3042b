#include "nuq/dataset/file_reader.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../temporary_folder.hpp"

namespace dataset_file_reader_test {

struct Silent {
  void read(const std::string&) const {}
};
struct Mutable {
  std::string read(const std::string&) { return {}; }
};
struct Literal {
  const char* read(std::string) const { return ""; }
};

TEST_CASE("a file reader returns text and can be called when const") {
  CHECK(nuq::is_file_reader_v<nuq::PlainFileReader>);
  CHECK(nuq::is_file_reader_v<Literal>);
  CHECK_FALSE(nuq::is_file_reader_v<Silent>);
  CHECK_FALSE(nuq::is_file_reader_v<Mutable>);
  CHECK_FALSE(nuq::is_file_reader_v<int>);
}

TEST_CASE("the plain reader returns a file's bytes and says what reads gzip data") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b", 3);
  CHECK(nuq::PlainFileReader{}.read(folder.write("plain.gz", bytes)) == bytes);
  const std::string packed = folder.write("packed", "\x1f\x8b\x08");
  CHECK_THROWS_WITH_AS(
      static_cast<void>(nuq::PlainFileReader{}.read(packed)),
      ("nuq: " + packed +
       ": compressed by gzip; read it with nuq::GzipFileReader (nuq/adapters/gzip.hpp) or decompress it")
          .c_str(),
      nuq::FormatError);
}

}  // namespace dataset_file_reader_test
