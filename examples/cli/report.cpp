// nuq report: the page of a report, or of two side by side.

#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/report/html_page.hpp"

namespace {

struct ReportArguments {
  std::string report;
  std::string other;
  std::string output;
};

std::string without_json(const std::string& file) {
  const std::string suffix = ".json";
  const bool has_it =
      file.size() > suffix.size() && file.compare(file.size() - suffix.size(), suffix.size(), suffix) == 0;
  return has_it ? file.substr(0, file.size() - suffix.size()) : file;
}

std::string text_of(const std::string& report) {
  nuq::refuse_half_written(report);
  return std::string(nuq::MappedFile(report).bytes());
}

void write_page(const ReportArguments& arguments, const Session& session) {
  const bool compares = !arguments.other.empty();
  const std::string usual = without_json(arguments.report) + (compares ? "_comparison.html" : ".html");
  const std::string& file = arguments.output.empty() ? usual : arguments.output;
  nuq::refuse_overwriting({arguments.report, arguments.other}, {file});
  const std::string report = text_of(arguments.report);
  clean_up_on_signal(file);
  nuq::write_file_atomically(
      file, compares ? nuq::html_comparison(report, arguments.report, text_of(arguments.other), arguments.other)
                     : nuq::html_page(report, arguments.report));
  if (!session.quiet) std::printf("%s\n", nuq::detail::printable_text(file).c_str());
}

}  // namespace

void add_report(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App& command = *app.add_subcommand("report", "write the page of a report, or of two side by side");
  command.add_option("report", arguments->report, "PREFIX_report.json of a run")->required();
  command.add_option("other", arguments->other, "that of another run, to be compared with");
  command.add_option("-o,--output", arguments->output,
                     "page to write; beside the report otherwise: PREFIX_report.html, of two "
                     "PREFIX_report_comparison.html");
  command.callback([arguments, &session] { write_page(*arguments, session); });
}
