#ifndef NUQ_REPORT_CHECK_RESULTS_HPP
#define NUQ_REPORT_CHECK_RESULTS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A file of results, held against the report that names it.
struct CheckedResult {
  std::string path;
  std::string problem;  ///< missing, changed, of another run; empty: as the report says
};

/// Holds the files under a prefix against `<prefix>_report.json`: all that it names (each beside the report, or where
/// the report says), its page if there is one, then those under the prefix that it does not name, which another run
/// left. Throws FormatError: no report, not one of ours, or a run ended while it wrote the files.
NUQ_FUNCTION [[nodiscard]] std::vector<CheckedResult> check_results(const std::string& prefix);

namespace detail {

/// What stands in a page before the SHA-256 of the report that it was made of.
inline constexpr std::string_view page_mark = "<meta name=\"nuq-report-sha256\" content=\"";

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <filesystem>
#include <set>
#include <system_error>

#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/io/sha256.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Where a file of a report is now: results may have been moved, and reports know the names that were asked for.
NUQ_FUNCTION [[nodiscard]] inline std::string present_path(const std::string& reported, const std::string& report) {
  const std::filesystem::path name(reported);
  const std::filesystem::path beside = std::filesystem::path(report).parent_path() / name.filename();
  std::error_code ignored;
  return std::filesystem::exists(beside, ignored) ? beside.string() : reported;
}

NUQ_FUNCTION [[nodiscard]] inline std::string problem_of_result(const std::string& path, const Json& reported) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return "missing";
  const bool is_same = sha256_of_file(path) == reported.find("sha256")->text();
  return is_same ? "" : "changed: not the bytes that the report vouches for";
}

NUQ_FUNCTION [[nodiscard]] inline bool describes_file(const Json& entry) {
  const Json* const path = entry.find("path");
  const Json* const digest = entry.find("sha256");
  return path != nullptr && path->is_string() && digest != nullptr && digest->is_string();
}

/// A page says which report it was made of.
NUQ_FUNCTION [[nodiscard]] inline std::string problem_of_page(const std::string& page, const std::string& report) {
  const MappedFile file(page);
  const std::string mark = std::string(page_mark) + sha256_of_file(report);
  return file.bytes().find(mark) == std::string_view::npos ? "of another report: `nuq report` makes it anew" : "";
}

}  // namespace detail

NUQ_DEFINITION std::vector<CheckedResult> check_results(const std::string& prefix) {
  const std::string report = report_file_of(prefix);
  refuse_half_written(report);
  const Json json = parse_json(MappedFile(report).bytes(), report);
  const Json* const files = json.find("files");
  if (files == nullptr || !files->is_array())
    detail::fail(FormatError(ErrorCode::malformed_file, report + ": has no 'files', wanted a report of a run"));
  std::vector<CheckedResult> results;
  std::set<std::string> named{report};
  for (const Json& file : *files) {
    if (!detail::describes_file(file))
      detail::fail(FormatError(ErrorCode::malformed_file, report + ": a file without path and sha256"));
    const std::string path = detail::present_path(file.find("path")->text(), report);
    results.push_back({path, detail::problem_of_result(path, file)});
    named.insert(path);
  }
  const std::string page = page_file_of(prefix);
  std::error_code ignored;
  if (std::filesystem::exists(page, ignored)) results.push_back({page, detail::problem_of_page(page, report)});
  named.insert(page);
  for (const std::string& path : result_files_of(prefix)) {
    if (named.count(path) == 0 && std::filesystem::exists(path, ignored))
      results.push_back({path, "of another run: the report does not name it"});
  }
  return results;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_CHECK_RESULTS_HPP
