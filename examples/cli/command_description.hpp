#ifndef NUQ_EXAMPLES_CLI_COMMAND_DESCRIPTION_HPP
#define NUQ_EXAMPLES_CLI_COMMAND_DESCRIPTION_HPP

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

/// What help, completion and the manual page say of an option.
struct OptionDescription {
  std::vector<std::string> names;  ///< with their dashes; of a positional one, the name alone
  std::string value;               ///< what it takes: FILE, PREFIX, N, or the choices "a|b|c"; empty for a flag
  std::string text;                ///< whether it is required and its default included
  bool is_required = false;

  /// "-m, --model FILE"
  [[nodiscard]] std::string title() const;
  /// As in the line of usage: "-m FILE".
  [[nodiscard]] std::string usage() const;
};

struct OptionGroup {
  std::string title;
  std::vector<OptionDescription> options;
};

struct CommandDescription {
  std::string name;
  std::string text;
  std::string usage;  ///< "nuq eval -m FILE [OPTIONS]"
  std::vector<OptionDescription> arguments;
  std::vector<OptionGroup> groups;
  std::vector<CommandDescription> commands;
  std::string examples;  ///< lines as they are shown
};

CommandDescription description_of(const CLI::App& command);

#endif  // NUQ_EXAMPLES_CLI_COMMAND_DESCRIPTION_HPP
