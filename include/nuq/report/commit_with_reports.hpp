#ifndef NUQ_REPORT_COMMIT_WITH_REPORTS_HPP
#define NUQ_REPORT_COMMIT_WITH_REPORTS_HPP

#include <future>
#include <string>
#include <vector>

#include "nuq/io/atomic_file.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Commits staged files and describes them under their final names, in order of staging. Their digests are computed on
/// a thread of their own while the disk takes the bytes. Throws FormatError file_not_readable, file_not_writable; a
/// failure before the first rename leaves every final name as it was.
[[nodiscard]] inline std::vector<FileReport> commit_with_reports(FileSet& files) {
  const auto describe_staged = [&files] {
    std::vector<FileReport> reports;
    for (const FileSet::Staged& file : files.staged()) {
      reports.push_back(file_report(file.temporary));
      reports.back().path = file.final_path;
    }
    return reports;
  };
  std::future<std::vector<FileReport>> described = std::async(std::launch::async, describe_staged);
  files.flush();
  std::vector<FileReport> reports = described.get();
  files.commit();
  return reports;
}

NUQ_NAMESPACE_END

#endif  // NUQ_REPORT_COMMIT_WITH_REPORTS_HPP
