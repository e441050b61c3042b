#ifndef NUQ_REPORT_HTML_PAGE_HPP
#define NUQ_REPORT_HTML_PAGE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A report as a page for people: one HTML file that needs no network, and scripts for sorting alone. Shows nothing
/// that the report does not hold; takes older reports, whatever they lack.
NUQ_FUNCTION [[nodiscard]] std::string html_report(const Json& report);

/// The page of a report's text, which it names by its hash (`check_results`). `file` is only named in messages. Throws
/// FormatError malformed_file for what is no report.
NUQ_FUNCTION [[nodiscard]] std::string html_page(const std::string& text, const std::string& file = "report");

/// Two reports side by side. The names are shown, and named in messages. Throws as `html_page`.
NUQ_FUNCTION [[nodiscard]] std::string html_comparison(const std::string& first, const std::string& first_name,
                                                       const std::string& second, const std::string& second_name);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include "nuq/io/json_text.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/report/check_results.hpp"
#include "nuq/report/html/bytes_picture.hpp"
#include "nuq/report/html/comparison.hpp"
#include "nuq/report/html/layer_table.hpp"
#include "nuq/report/html/markup.hpp"
#include "nuq/report/html/provenance.hpp"
#include "nuq/report/html/search_picture.hpp"
#include "nuq/report/html/style_sheet.hpp"
#include "nuq/report/html/summary.hpp"
#include "nuq/report/html/trial_table.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string whole_page(const std::string& title, const std::string& digest,
                                                         const std::string& header, const std::string& body) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n";
  if (!digest.empty()) page += std::string(page_mark) + digest + "\" data-run>\n";
  page += element("title", "", title) + "\n" + element("style", "", style_sheet) + "\n</head>\n<body>\n";
  page += element("header", "", "\n" + header) + "\n" + element("main", "", "\n" + body) + "\n";
  page += "<footer>Made by nuq from the report alone. In tables a click on a heading sorts.</footer>\n";
  return page + element("script", "", sorting_script) + "\n</body>\n</html>\n";
}

NUQ_FUNCTION [[nodiscard]] inline std::string section(const std::string& title, const std::string& note,
                                                      const std::string& content) {
  if (content.empty()) return {};
  return element("h2", "", title) + "\n" + (note.empty() ? "" : element("p", "class=\"note\"", note) + "\n") + content +
         "\n";
}

/// The sizes of the weights beside the parts of the packed file.
NUQ_FUNCTION [[nodiscard]] inline std::string size_section(const Json& report) {
  const std::string weights = size_bars(report);
  const std::string file = bytes_picture(report);
  if (weights.empty() || file.empty()) return weights + file;
  return element("div", "class=\"pair\"", element("div", "", weights) + element("div", "", file));
}

NUQ_FUNCTION [[nodiscard]] inline std::string note_on_predictions(const Json& report) {
  for (const Json& layer : member(report, "layers")) {
    if (number_in(layer, "harm")) {
      return "Output error, sensitivity and harm are predictions: the squared error of a layer's output, what it does "
             "at "
             "the network's output, and the layer's share in that.";
    }
  }
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline std::string page_of(const Json& report, const std::string& digest) {
  const std::string name = network_name(report);
  const std::string header = "<span class=\"brand\">nuq</span> <span class=\"quiet\">report</span>" +
                             outcome_chip(report) + "\n" + element("h1", "", name_markup(name)) + "\n" + lead(report) +
                             "\n";
  std::string body = key_figures(report) + warnings_of_report(report) + refusal(report);
  body += section("The search",
                  "Each trial is a configuration of all layers that the evaluator was asked about. Numbers: order of "
                  "visits. Vertical lines: one standard error of the change. Refused above the limit: not sure enough.",
                  search_picture(report) + scrolled(trial_table(report)));
  if (!is_refused(report)) body += section("Where the bytes go", "", size_section(report));
  body += section("Layers", note_on_predictions(report), scrolled(layer_table(report)));
  if (!is_refused(report)) body += section("Weights and levels", "", layer_sections(report));
  body += section("Where this comes from", "", provenance(report));
  return whole_page(escaped(name) + " – nuq", digest, header, body);
}

NUQ_FUNCTION [[nodiscard]] inline Json parsed_report(const std::string& text, const std::string& file) {
  Json report = parse_json(text, file);
  if (!member(report, "layers").is_array() || !member(report, "files").is_array())
    fail(FormatError(ErrorCode::malformed_file, file + ": has no 'layers' and 'files', wanted a report of a run"));
  return report;
}

}  // namespace detail

NUQ_DEFINITION std::string html_report(const Json& report) {
  return detail::page_of(report, "");
}

NUQ_DEFINITION std::string html_page(const std::string& text, const std::string& file) {
  return detail::page_of(detail::parsed_report(text, file), sha256(text));
}

NUQ_DEFINITION std::string html_comparison(const std::string& first, const std::string& first_name,
                                           const std::string& second, const std::string& second_name) {
  const Json a = detail::parsed_report(first, first_name);
  const Json b = detail::parsed_report(second, second_name);
  std::string names = detail::name_markup(detail::network_name(a));
  if (detail::network_name(b) != detail::network_name(a))
    names += " and " + detail::name_markup(detail::network_name(b));
  const std::string header = "<span class=\"brand\">nuq</span> <span class=\"quiet\">two reports</span>\n" +
                             detail::element("h1", "", names) + "\n";
  return detail::whole_page("two reports – nuq", "", header, detail::comparison(a, b, first_name, second_name));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_PAGE_HPP
