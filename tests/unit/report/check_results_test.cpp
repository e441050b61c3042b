#include "nuq/report/check_results.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/report/reported_file_set.hpp"

namespace report_check_results_test {

/// Results of one model and one record, the latter in a folder of its own.
struct Results {
  Results() {
    std::filesystem::create_directory(folder / "records");
    nuq::ReportedFileSet files;
    files.stage(prefix + ".nuq", "packed");
    files.stage(folder / "records/net.txt", "record");
    nuq::RunReport report;
    report.files = files.reports();
    files.stage_report(prefix, report);
    files.commit();
  }

  /// The problem of each file, in order, one a line.
  [[nodiscard]] std::string problems() const {
    std::string text;
    for (const nuq::CheckedResult& result : nuq::check_results(prefix)) text += result.problem + "\n";
    return text;
  }

  TemporaryFolder folder;
  std::string prefix = folder / "net";
};

TEST_CASE("results that are as the report says have no problem") {
  const Results results;
  CHECK(results.problems() == "\n\n");
}

TEST_CASE("a changed, a missing and a surplus file are found") {
  const Results results;
  results.folder.write("net.nuq", "packet");
  std::filesystem::remove(results.folder / "records/net.txt");
  results.folder.write("net_quant.json", "{}");
  const std::string problems = results.problems();
  CHECK(problems.find("changed") < problems.find("missing"));
  CHECK(problems.find("missing") < problems.find("another run"));
  CHECK(problems.find("another run") != std::string::npos);
}

TEST_CASE("a page that was made of another report is found, and one of this report is fine") {
  const Results results;
  const std::string mark = std::string(nuq::detail::page_mark);
  results.folder.write("net_report.html", mark + nuq::sha256(results.folder.read("net_report.json")) + "\">");
  CHECK(results.problems() == "\n\n\n");
  results.folder.write("net_report.html", mark + std::string(64, '0') + "\">");
  CHECK(results.problems().find("another report") != std::string::npos);
}

TEST_CASE("results that were moved are found beside their report") {
  const Results results;
  std::filesystem::create_directory(results.folder / "moved");
  for (const char* const name : {"net.nuq", "net_report.json"})
    std::filesystem::rename(results.folder / name, results.folder / "moved/" + name);
  const std::vector<nuq::CheckedResult> found = nuq::check_results(results.folder / "moved/net");
  CHECK(found[0].path == results.folder / "moved/net.nuq");
  CHECK(found[0].problem.empty());
  CHECK(found[1].problem.empty());
}

TEST_CASE("without a report, with another file in its place or with half of each nothing is vouched for") {
  const Results results;
  const std::string report = results.prefix + "_report.json";
  const auto error = [&results] { return error_of<nuq::FormatError>([&] { static_cast<void>(results.problems()); }); };
  results.folder.write("net_report.json", "{\"files\": [{\"path\": \"x\"}]}");
  CHECK(error().says("sha256"));
  results.folder.write("net_report.json", "{}");
  CHECK(error().says(report));
  std::filesystem::rename(report, report + ".incomplete");
  CHECK(error().says("two runs"));
  std::filesystem::remove(report + ".incomplete");
  CHECK(error().code == nuq::ErrorCode::file_not_readable);
}

}  // namespace report_check_results_test
