#include "help_text.hpp"

#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "command_description.hpp"
#include "nuq/core/support/wrapped_text.hpp"
#include "terminal.hpp"

namespace {

/// A name and what it means, side by side.
std::string entry(const std::string& name, const std::string& text, std::size_t text_column, std::size_t columns) {
  std::string line = "  " + name;
  if (line.size() + 2 > text_column) {
    line += "\n" + std::string(text_column, ' ');
  } else {
    line.resize(text_column, ' ');
  }
  return line + nuq::detail::wrapped_text(text, columns, text_column, text_column) + "\n";
}

std::string options_text(const OptionGroup& group, std::size_t columns) {
  if (group.options.empty()) return "";
  std::string text = "\n" + nuq::detail::wrapped_text(group.title + ":", columns) + "\n";
  for (const OptionDescription& option : group.options) text += entry(option.title(), option.text, 25, columns);
  return text;
}

}  // namespace

std::string HelpText::make_help(const CLI::App* command, std::string, CLI::AppFormatMode) const {
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  const CommandDescription description = description_of(*command);
  std::string text = nuq::detail::wrapped_text(description.text, columns) + "\n\n" +
                     nuq::detail::wrapped_text("Usage: " + description.usage, columns, 7) + "\n";
  if (!description.commands.empty()) {
    text += "\nCommands:\n";
    for (const CommandDescription& child : description.commands) text += entry(child.name, child.text, 13, columns);
  }
  if (!description.arguments.empty()) text += options_text({"Arguments", description.arguments}, columns);
  for (const OptionGroup& group : description.groups) text += options_text(group, columns);
  return description.examples.empty() ? text : text + "\n" + description.examples + "\n";
}
