#include "nuq/io/distinct_files.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace io_distinct_files_test {

TEST_CASE("an output that is an input is refused, whatever it is called") {
  const TemporaryFolder folder;
  const std::string input = folder.write("input", "content");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink(input, folder / "link");
  std::filesystem::create_directory_symlink(folder.path(), folder / "here");
  std::filesystem::create_hard_link(input, folder / "hard");
  for (const char* const name : {"input", "link", "hard", "sub/../input", "here/input", "./input"}) {
    CAPTURE(name);
    const CaughtError error = error_of<nuq::ConfigError>([&] {
      nuq::refuse_overwriting({"", input}, {folder / "other", folder / name});
    });
    CHECK(error.says(folder / name + ": would replace "));
    CHECK(error.says("is read"));
  }
  nuq::refuse_overwriting({input, ""}, {folder / "other", "", folder / "sub/input", ""});
}

TEST_CASE("two outputs that are one file are refused, whether it exists or not") {
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(folder.path(), folder / "here");
  CHECK(error_of<nuq::ConfigError>([&] {
          nuq::refuse_overwriting({}, {folder / "a", folder / "here/a"});
        }).says("written, too"));
  nuq::refuse_overwriting({}, {folder / "a", folder / "b"});
}

}  // namespace io_distinct_files_test
