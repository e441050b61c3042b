#include "nuq/io/result_files.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace io_result_files_test {

TEST_CASE("results that a run was replacing when it ended are refused, other files are not") {
  const TemporaryFolder folder;
  const std::string prefix = folder / "net";
  folder.write("net_report.json.incomplete", "{}");
  const auto message_for = [](const std::string& file) {
    return error_of<nuq::FormatError>([&] { nuq::refuse_half_written(file); });
  };
  for (const std::string& file : nuq::result_files_of(prefix)) {
    CAPTURE(file);
    CHECK(message_for(file).says(file));
  }
  CHECK(message_for(prefix + "_record.txt").says("_record.txt"));
  for (const char* const other : {"net.prototxt", "net2.nuq", "nuq", ".nuq", "net_report.json.incomplete"}) {
    CAPTURE(other);
    nuq::refuse_half_written(folder / other);
  }
  folder.write("net_report.json", "{}");
  nuq::refuse_half_written(prefix + ".nuq");
}

}  // namespace io_result_files_test
