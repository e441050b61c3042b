#ifndef NUQ_REPORT_REPORTED_FILE_SET_HPP
#define NUQ_REPORT_REPORTED_FILE_SET_HPP

#include <memory>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/report/additions.hpp"
#include "nuq/report/report.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A FileSet whose files are described on threads of their own, from `begin_to_flush` on, while the caller goes on and
/// the disk takes the bytes.
class ReportedFileSet : public FileSet {
 public:
  NUQ_FUNCTION ReportedFileSet() : FileSet([this] { describe_staged(); }) {}

  /// What has been staged, under its final names, in that order, once it is on the disk.
  /// Throws FormatError file_not_readable, file_not_writable.
  NUQ_FUNCTION [[nodiscard]] std::vector<FileReport> reports();

  /// Stages the report of a prefix, which vouches for what has been staged before (`FileSet::set_voucher`), and its
  /// page.
  NUQ_FUNCTION void stage_report(const std::string& prefix, const RunReport& report,
                                 const ReportAdditions* additions = nullptr);

 private:
  NUQ_FUNCTION void describe_staged();

  struct Description;

  std::vector<std::shared_ptr<Description>> described_;  // of the first staged files, in their order
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <utility>

#include "nuq/core/background_task.hpp"
#include "nuq/io/result_files.hpp"

NUQ_NAMESPACE_BEGIN

struct ReportedFileSet::Description {
  NUQ_FUNCTION explicit Description(std::string file)
      : task([this, file = std::move(file)] { report = file_report(file); }) {}

  FileReport report;
  BackgroundTask task;
};

NUQ_DEFINITION std::vector<FileReport> ReportedFileSet::reports() {
  describe_staged();
  flush();
  std::vector<FileReport> reports;
  for (std::size_t index = 0; index < described_.size(); ++index) {
    described_[index]->task.finish();
    reports.push_back(described_[index]->report);
    reports.back().path = staged()[index].final_path;
  }
  return reports;
}

NUQ_DEFINITION void ReportedFileSet::stage_report(const std::string& prefix, const RunReport& report,
                                                  const ReportAdditions* additions) {
  Json json = json_of(report);
  if (additions != nullptr) additions->complete(json, *this);
  const std::string text = report_text(json);
  if (additions != nullptr) stage(page_file_of(prefix), additions->page(text));
  stage(report_file_of(prefix), text);
  set_report_as_voucher(*this, prefix);
}

NUQ_DEFINITION void ReportedFileSet::describe_staged() {
  for (std::size_t index = described_.size(); index < staged().size(); ++index) {
    described_.push_back(std::make_shared<Description>(staged()[index].temporary));
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_REPORTED_FILE_SET_HPP
