#include "nuq/report/reported_file_set.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"

TEST_CASE("staged files are described under their final names, in the order of staging") {
  const TemporaryFolder folder;
  nuq::ReportedFileSet files;
  files.stage(folder / "b", "abc");
  SUBCASE("from the first on") {
    files.begin_to_flush();
  }
  SUBCASE("all at the end") {}
  files.stage(folder / "a", "");
  const std::vector<nuq::FileReport> reports = files.reports();
  files.commit();
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].path == folder / "b");
  CHECK(reports[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(reports[0].bytes == 3);
  CHECK(reports[1].path == folder / "a");
  CHECK(reports[1].bytes == 0);
  CHECK(folder.read("b") == "abc");
  CHECK(folder.entries() == 2);
}

TEST_CASE("a staged report vouches for the files and is the last to appear") {
  const TemporaryFolder folder;
  nuq::ReportedFileSet files;
  files.stage(folder / "net.nuq", "abc");
  nuq::RunReport report;
  report.files = files.reports();
  files.stage_report(folder / "net", report);
  CHECK_FALSE(std::filesystem::exists(folder / "net_report.json"));
  CHECK(files.commit().back() == folder / "net_report.json");
  CHECK(folder.read("net_report.json") == nuq::to_json(report));
  CHECK(folder.entries() == 2);
}

TEST_CASE("a staged file that vanished is an error before any final name changes") {
  const TemporaryFolder folder;
  {
    nuq::ReportedFileSet files;
    files.stage(folder / "a", "abc");
    std::filesystem::remove(files.stage(folder / "b"));
    CHECK_THROWS_AS(static_cast<void>(files.reports()), nuq::FormatError);
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("additions complete the report, their page is of its text and appears before it") {
  struct Additions : nuq::ReportAdditions {
    nuq::Json layer(const nuq::Node&, const nuq::LayerQuantization*) const override { return {}; }
    void complete(nuq::Json& report, const nuq::FileSet& files) const override {
      report.set("staged", files.staged().size());
    }
    std::string page(const std::string& text) const override { return "page of " + text; }
  };
  const TemporaryFolder folder;
  nuq::ReportedFileSet files;
  files.stage(folder / "net.nuq", "abc");
  const Additions additions;
  files.stage_report(folder / "net", {}, &additions);
  const std::vector<std::string> names = files.commit();
  REQUIRE(names.size() == 3);
  CHECK(names[1] == folder / "net_report.html");
  const std::string report = folder.read("net_report.json");
  CHECK(report.find("\"staged\": 1") != std::string::npos);
  CHECK(folder.read("net_report.html") == "page of " + report);
}

TEST_CASE("an older page does not outlive its report") {
  const TemporaryFolder folder;
  folder.write("net_report.html", "old");
  nuq::ReportedFileSet files;
  files.stage_report(folder / "net", {});
  CHECK(folder.read("net_report.html") == "old");
  files.commit();
  CHECK_FALSE(std::filesystem::exists(folder / "net_report.html"));
}
