#ifndef NUQ_REPORT_HTML_PROVENANCE_HPP
#define NUQ_REPORT_HTML_PROVENANCE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How the result came about: command line, machine, options, the files read and written with their hashes.
NUQ_FUNCTION [[nodiscard]] std::string provenance(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <string_view>

#include "nuq/io/json_text.hpp"
#include "nuq/report/html/markup.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An argument as a shell would take it.
NUQ_FUNCTION [[nodiscard]] inline std::string quoted(const std::string& argument) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./=:,+@%";
  if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) return argument;
  std::string text = "'";
  for (const char letter : argument) text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return text + "'";
}

NUQ_FUNCTION [[nodiscard]] inline std::string option_text(const Json& value) {
  return value.is_string() ? value.text() : to_text(value);
}

/// A list of names and values. Those of `run` differ from run to run.
NUQ_FUNCTION [[nodiscard]] inline std::string facts(const Json& object, bool is_volatile) {
  std::string rows;
  for (std::size_t index = 0; index < object.keys().size(); ++index) {
    std::string name = object.keys()[index];
    for (char& letter : name) letter = letter == '_' ? ' ' : letter;
    rows += element("tr", is_volatile ? "data-run" : "",
                    element("td", "", escaped(name)) +
                        element("td", "class=\"reason\"", escaped(option_text(object[index]), 1000))) +
            "\n";
  }
  return rows.empty() ? "" : element("table", "class=\"sizes\"", element("tbody", "", "\n" + rows)) + "\n";
}

NUQ_FUNCTION [[nodiscard]] inline std::string file_table(const Json& files, std::string_view title) {
  std::string rows;
  for (const Json& file : files) {
    const std::string& role = text_in(file, "role");
    rows += element("tr", "",
                    element("td", "",
                            element("span", "",
                                    (role.empty() ? "" : escaped(role) + ": ") + name_markup(text_in(file, "path")) +
                                        "<br>" + element("span", "class=\"hash\"", escaped(text_in(file, "sha256"))))) +
                        element("td", "class=\"n\" data-label=\"bytes\"", whole_in(file, "bytes"))) +
            "\n";
  }
  if (rows.empty()) return {};
  return element("h3", "", title) +
         element("table", "class=\"cards\"",
                 "<thead><tr><th>file, SHA-256</th><th class=\"n\">bytes</th></tr></thead>" +
                     element("tbody", "", "\n" + rows)) +
         "\n";
}

NUQ_DEFINITION std::string provenance(const Json& report) {
  const Json& run = member(report, "run");
  std::string text;
  std::string command;
  for (const Json& argument : member(run, "command")) command += (command.empty() ? "" : " ") + quoted(argument.text());
  if (!command.empty()) text += element("pre", "data-run", element("code", "", escaped(command, 8000))) + "\n";
  Json machine = Json::object();
  for (std::size_t index = 0; index < run.keys().size(); ++index) {
    if (run.keys()[index] != "command") machine.set(run.keys()[index], run[index]);
  }
  if (member(report, "version").is_string()) machine.set("version of nuq", member(report, "version"));
  text += facts(machine, true);
  const std::string options = facts(member(report, "options"), false);
  if (!options.empty()) text += element("h3", "", "Options") + options;
  text += file_table(member(report, "inputs"), "Read");
  return text + file_table(member(report, "files"), "Written");
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_PROVENANCE_HPP
