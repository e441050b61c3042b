#ifndef NUQ_EXAMPLES_CLI_USAGE_ERROR_HPP
#define NUQ_EXAMPLES_CLI_USAGE_ERROR_HPP

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

/// The one of these names that somebody who typed `name` is likely to have meant; empty where none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names);

/// What is wrong with a command line that CLI11 has refused, and what may be right.
std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& line);

#endif  // NUQ_EXAMPLES_CLI_USAGE_ERROR_HPP
