// nuq man: the manual page, made of the help texts.

#include <cstdio>
#include <sstream>
#include <string>

#include "build_information.hpp"
#include "command.hpp"
#include "command_description.hpp"

namespace {

/// As troff takes it: hyphens that can be copied, no requests.
std::string escaped_for_troff(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '\\') {
      safe += "\\e";
    } else if (letter == '-') {
      safe += "\\-";
    } else {
      safe += letter;
    }
  }
  if (!safe.empty() && (safe.front() == '.' || safe.front() == '\'')) safe.insert(0, "\\&");
  return safe;
}

std::string options_section(const OptionGroup& group) {
  std::string text;
  for (const OptionDescription& option : group.options)
    text += ".TP\n.B " + escaped_for_troff(option.title()) + "\n" + escaped_for_troff(option.text) + "\n";
  return text;
}

std::string lines_as_they_are(const std::string& lines) {
  std::string text = ".PP\n.nf\n";
  std::istringstream input(lines);
  for (std::string line; std::getline(input, line);) text += escaped_for_troff(line) + "\n";
  return text + ".fi\n";
}

std::string command_section(const CommandDescription& command) {
  std::string text = ".SS " + command.name + "\n" + escaped_for_troff(command.text) + ".\n.PP\n.B " +
                     escaped_for_troff(command.usage) + "\n";
  text += options_section({"", command.arguments});
  for (const OptionGroup& group : command.groups) {
    if (&group != &command.groups.front() && !group.options.empty())
      text += ".PP\n" + escaped_for_troff(group.title) + ":\n";
    text += options_section(group);
  }
  return text + lines_as_they_are(command.examples);
}

std::string manual_page(const CommandDescription& program) {
  std::string text = ".TH NUQ 1 \"\" \"nuq " + version_text() + "\" \"User Commands\"\n.SH NAME\nnuq \\- " +
                     "non\\-uniform weight quantization of neural networks\n.SH SYNOPSIS\n.B " +
                     escaped_for_troff(program.usage) + "\n.SH DESCRIPTION\n" + escaped_for_troff(program.text) +
                     ".\n.SH OPTIONS\nOf every command:\n" + options_section(program.groups.front()) + ".SH COMMANDS\n";
  for (const CommandDescription& command : program.commands) text += command_section(command);
  return text +
         ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nThe request could not be met: no configuration satisfies, "
         "or a size cannot be had.\n.TP\n.B 2\nWrong usage or input: one line on standard error names file, layer "
         "and cause, and nothing is written.\n";
}

}  // namespace

void add_manual_page(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("man", "this program's manual page, for: nuq man > nuq.1");
  command.callback([&app] { std::printf("%s", manual_page(description_of(app)).c_str()); });
}
