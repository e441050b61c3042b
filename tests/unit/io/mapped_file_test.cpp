#include "nuq/io/mapped_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "../temporary_folder.hpp"

namespace io_mapped_file_test {

std::string message_of(const std::string& path) {
  try {
    const nuq::MappedFile file(path);
  } catch (const nuq::FormatError& error) {
    CHECK(error.code() == nuq::ErrorCode::file_not_readable);
    return error.what();
  }
  return "";
}

TEST_CASE("a mapped file shows exactly the bytes of the file") {
  const TemporaryFolder folder;
  const std::string content("first\r\n\0\xFFlast", 13);
  folder.write("bytes.bin", content);
  CHECK(nuq::MappedFile(folder / "bytes.bin").bytes() == content);
}

TEST_CASE("an empty file has no bytes") {
  const TemporaryFolder folder;
  folder.write("empty", "");
  CHECK(nuq::MappedFile(folder / "empty").bytes().empty());
}

TEST_CASE("moving a mapped file moves its bytes") {
  const TemporaryFolder folder;
  folder.write("a", "alpha");
  folder.write("b", "beta");
  nuq::MappedFile first(folder / "a");
  nuq::MappedFile second(std::move(first));
  CHECK(second.bytes() == "alpha");
  second = nuq::MappedFile(folder / "b");
  CHECK(second.bytes() == "beta");
}

TEST_CASE("a mapped file keeps its content when the file is replaced by a rename") {
  const TemporaryFolder folder;
  folder.write("old", "old content");
  folder.write("new", "new content");
  const nuq::MappedFile file(folder / "old");
  std::filesystem::rename(folder / "new", folder / "old");
  CHECK(file.bytes() == "old content");
}

TEST_CASE("what cannot be read is named together with the cause") {
  const TemporaryFolder folder;
  CHECK(message_of(folder / "absent") == "nuq: " + (folder / "absent") + ": cannot read: No such file or directory");
  CHECK(message_of(folder.path()) == "nuq: " + folder.path() + ": cannot read: is a directory");
  CHECK(message_of("/dev/null") == "nuq: /dev/null: cannot read: is not a regular file");
}

TEST_CASE("a file without read permission is refused") {
  const TemporaryFolder folder;
  folder.write("secret", "x");
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::none);
  if (std::ifstream(folder / "secret").is_open()) return;  // the superuser may read anything
  CHECK(message_of(folder / "secret") == "nuq: " + (folder / "secret") + ": cannot read: Permission denied");
}

}  // namespace io_mapped_file_test
