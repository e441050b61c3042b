#ifndef NUQ_EXAMPLES_CLI_HELP_TEXT_HPP
#define NUQ_EXAMPLES_CLI_HELP_TEXT_HPP

#include <CLI/CLI.hpp>
#include <string>

/// The help of a command, in lines that fit the terminal.
class HelpText : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* command, std::string name, CLI::AppFormatMode mode) const override;
};

#endif  // NUQ_EXAMPLES_CLI_HELP_TEXT_HPP
