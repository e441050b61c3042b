#ifndef NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP
#define NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP

#include <string>
#include <string_view>
#include <vector>

/// As a shell matches file names: * stands for any characters, ? for one.
bool matches_pattern(std::string_view name, std::string_view pattern) noexcept;

bool is_pattern(const std::string& name) noexcept;

/// The layers that are meant: the one of that very name, or all that match. Throws ConfigError unknown_name, naming the
/// option, where there is none.
std::vector<std::string> layers_meant(const std::string& pattern, const std::vector<std::string>& layers,
                                      const std::string& option);

#endif  // NUQ_EXAMPLES_CLI_LAYER_PATTERNS_HPP
