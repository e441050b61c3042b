#include "layer_patterns.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/core/error.hpp"
#include "usage_error.hpp"

bool matches_pattern(std::string_view name, std::string_view pattern) noexcept {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t last_star = std::string_view::npos;
  std::size_t at_last_star = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      last_star = in_pattern++;
      at_last_star = at;
    } else if (in_pattern < pattern.size() && (pattern[in_pattern] == '?' || pattern[in_pattern] == name[at])) {
      ++in_pattern;
      ++at;
    } else if (last_star != std::string_view::npos) {  // the star takes one more character
      in_pattern = last_star + 1;
      at = ++at_last_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool is_pattern(const std::string& name) noexcept {
  return name.find_first_of("*?") != std::string::npos;
}

std::vector<std::string> layers_meant(const std::string& pattern, const std::vector<std::string>& layers,
                                      const std::string& option) {
  if (std::find(layers.begin(), layers.end(), pattern) != layers.end()) return {pattern};
  std::vector<std::string> meant;
  for (const std::string& layer : layers) {
    if (is_pattern(pattern) && matches_pattern(layer, pattern)) meant.push_back(layer);
  }
  if (!meant.empty()) return meant;
  const std::string nearest = nearest_name(pattern, layers);
  nuq::detail::fail(nuq::ConfigError(
      nuq::ErrorCode::unknown_name,
      option + " '" + pattern + "': no such layer" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?")));
}
