#ifndef NUQ_REPORT_ADDITIONS_HPP
#define NUQ_REPORT_ADDITIONS_HPP

#include <string>

#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a report says beyond what a run knows by itself; FullReport has all of it. Called by several threads.
class ReportAdditions {
 public:
  virtual ~ReportAdditions() = default;

  /// An object of further members of a layer's entry; `quantization` is null where it stays in float.
  [[nodiscard]] virtual Json layer(const Node& node, const LayerQuantization* quantization) const = 0;

  /// Completes a report; `files` are about to appear with it.
  virtual void complete(Json& report, const FileSet& files) const = 0;

  /// The page of a report's text, `<prefix>_report.html`.
  [[nodiscard]] virtual std::string page(const std::string& text) const = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_REPORT_ADDITIONS_HPP
