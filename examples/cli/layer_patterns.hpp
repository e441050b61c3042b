#ifndef NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP
#define NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP

#include <string>
#include <vector>

/// As a shell matches words: * stands for any characters, ? for one, [ab] for one of these.
bool matches_pattern(const std::string& name, const std::string& pattern);

bool is_pattern(const std::string& name) noexcept;

/// The layers that are meant: the one of that very name, or all that match. Throws ConfigError unknown_name, naming the
/// option, where there is none.
std::vector<std::string> layers_meant(const std::string& pattern, const std::vector<std::string>& layers,
                                      const std::string& option);

#endif  // NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP
