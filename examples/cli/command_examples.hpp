#ifndef NUQ_EXAMPLES_CLI_COMMAND_EXAMPLES_HPP
#define NUQ_EXAMPLES_CLI_COMMAND_EXAMPLES_HPP

#include <CLI/CLI.hpp>

/// Gives each command a worked example and the files that it writes, shown below its help.
void add_examples(CLI::App& app);

#endif  // NUQ_EXAMPLES_CLI_COMMAND_EXAMPLES_HPP
