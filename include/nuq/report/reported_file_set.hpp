#ifndef NUQ_REPORT_REPORTED_FILE_SET_HPP
#define NUQ_REPORT_REPORTED_FILE_SET_HPP

#include <memory>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A FileSet whose files are described on threads of their own, from `begin_to_flush` on, while the caller goes on and
/// the disk takes the bytes.
class ReportedFileSet : public FileSet {
 public:
  NUQ_FUNCTION ReportedFileSet() : FileSet([this] { describe_staged(); }) {}

  /// Commits the files and describes them under their final names, in order of staging.
  /// @throws FormatError file_not_readable, file_not_writable; a failure before the first rename leaves every final
  ///         name as it was.
  NUQ_FUNCTION [[nodiscard]] std::vector<FileReport> commit_with_reports();

 private:
  NUQ_FUNCTION void describe_staged();

  struct Description;

  std::vector<std::shared_ptr<Description>> described_;  // of the first staged files, in their order
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <string>
#include <utility>

#include "nuq/core/background_task.hpp"

NUQ_NAMESPACE_BEGIN

struct ReportedFileSet::Description {
  NUQ_FUNCTION explicit Description(std::string file)
      : task([this, file = std::move(file)] { report = file_report(file); }) {}

  FileReport report;
  BackgroundTask task;
};

NUQ_DEFINITION std::vector<FileReport> ReportedFileSet::commit_with_reports() {
  describe_staged();
  flush();
  std::vector<FileReport> reports;
  for (std::size_t index = 0; index < described_.size(); ++index) {
    described_[index]->task.finish();
    reports.push_back(described_[index]->report);
    reports.back().path = staged()[index].final_path;
  }
  described_.clear();
  commit();
  return reports;
}

NUQ_DEFINITION void ReportedFileSet::describe_staged() {
  for (std::size_t index = described_.size(); index < staged().size(); ++index) {
    described_.push_back(std::make_shared<Description>(staged()[index].temporary));
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_REPORTED_FILE_SET_HPP
