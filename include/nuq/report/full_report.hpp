#ifndef NUQ_REPORT_FULL_REPORT_HPP
#define NUQ_REPORT_FULL_REPORT_HPP

#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/json.hpp"
#include "nuq/report/additions.hpp"
#include "nuq/report/html_page.hpp"
#include "nuq/report/weight_details.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// `add_packed_contents` of the file that is staged beside the report, or stands there already.
NUQ_FUNCTION void add_contents_of_packed_file(Json& report, const FileSet& files);

}  // namespace detail

/// A report with everything that its page shows, and that page: where the bytes go, and the weights of each layer. Who
/// knows more of the run derives from it and overrides `complete`.
class FullReport : public ReportAdditions {
 public:
  [[nodiscard]] Json layer(const Node& node, const LayerQuantization* quantization) const override {
    return weight_details(node, quantization);
  }

  void complete(Json& report, const FileSet& files) const override {
    detail::add_contents_of_packed_file(report, files);
  }

  [[nodiscard]] std::string page(const std::string& text) const override { return html_page(text); }
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <filesystem>
#include <system_error>

#include "nuq/core/support/ends_with.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/report/packed_contents.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The packed file that a report names first, of the result, where its bytes are now; empty for none.
NUQ_FUNCTION [[nodiscard]] inline std::string packed_file_of(const Json& report, const FileSet& files) {
  const Json* const written = report.find("files");
  if (written == nullptr) return {};
  for (const Json& file : *written) {
    const std::string& path = file.find("path")->text();
    if (!ends_with(path, ".nuq")) continue;
    for (const FileSet::Staged& staged : files.staged()) {
      if (staged.final_path == path) return staged.temporary;
    }
    return path;
  }
  return {};
}

NUQ_DEFINITION void add_contents_of_packed_file(Json& report, const FileSet& files) {
  const std::string path = packed_file_of(report, files);
  std::error_code ignored;
  if (!path.empty() && std::filesystem::exists(path, ignored)) add_packed_contents(report, MappedFile(path).bytes());
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_FULL_REPORT_HPP
