#ifndef NUQ_IO_RESULT_FILES_HPP
#define NUQ_IO_RESULT_FILES_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

class FileSet;

/// The report of the results under a prefix, which vouches for the other files: `<prefix>_report.json`.
NUQ_FUNCTION [[nodiscard]] std::string report_file_of(const std::string& prefix);

/// The page of that report, for people: `<prefix>_report.html`.
NUQ_FUNCTION [[nodiscard]] std::string page_file_of(const std::string& prefix);

/// Makes the prefix's report what vouches for a set (`FileSet::set_voucher`). A page that is not in the set goes with
/// the report that it was made of.
NUQ_FUNCTION void set_report_as_voucher(FileSet& files, const std::string& prefix);

/// All files that results may have under a prefix, the report last.
NUQ_FUNCTION [[nodiscard]] std::vector<std::string> result_files_of(const std::string& prefix);

/// Throws FormatError malformed_file if a file is one of results (`result_files_of`, `<prefix>_record.txt`) that a run
/// was replacing when it ended, so that its neighbours may be of another run.
NUQ_FUNCTION void refuse_half_written(const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <array>
#include <string_view>

#include "nuq/core/support/ends_with.hpp"
#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr std::array<std::string_view, 15> result_suffixes = {"_fake_quant_model.prototxt",
                                                                     "_fake_quant_weights.caffemodel",
                                                                     "_deploy_model.prototxt",
                                                                     "_deploy_weights.caffemodel",
                                                                     "_fake_quant_model.onnx",
                                                                     "_quantized_model.onnx",
                                                                     "_deploy_model.onnx",
                                                                     "_fake_quant_model.onnx.data",
                                                                     "_quantized_model.onnx.data",
                                                                     "_deploy_model.onnx.data",
                                                                     "_quant.json",
                                                                     "_nuq_layer_record.txt",
                                                                     ".nuq",
                                                                     "_report.html",
                                                                     "_report.json"};

NUQ_FUNCTION inline void refuse_half_written_as(const std::string& file, std::string_view suffix) {
  if (!ends_with(file, suffix)) return;
  const std::string prefix = file.substr(0, file.size() - suffix.size());
  if (!is_half_written(report_file_of(prefix))) return;
  fail(FormatError(ErrorCode::malformed_file, file + ": the files " + prefix +
                                                  "_… are of two runs, the second of which ended while it wrote them; "
                                                  "run it again"));
}

}  // namespace detail

NUQ_DEFINITION std::string report_file_of(const std::string& prefix) {
  return prefix + std::string(detail::result_suffixes.back());
}

NUQ_DEFINITION std::string page_file_of(const std::string& prefix) {
  return prefix + std::string(detail::result_suffixes[detail::result_suffixes.size() - 2]);
}

NUQ_DEFINITION void set_report_as_voucher(FileSet& files, const std::string& prefix) {
  files.set_voucher(report_file_of(prefix), page_file_of(prefix));
}

NUQ_DEFINITION std::vector<std::string> result_files_of(const std::string& prefix) {
  std::vector<std::string> files;
  for (const std::string_view suffix : detail::result_suffixes) files.push_back(prefix + std::string(suffix));
  return files;
}

NUQ_DEFINITION void refuse_half_written(const std::string& file) {
  for (const std::string_view suffix : detail::result_suffixes) detail::refuse_half_written_as(file, suffix);
  detail::refuse_half_written_as(file, "_record.txt");
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_RESULT_FILES_HPP
