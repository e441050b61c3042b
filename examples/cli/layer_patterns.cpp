#include "layer_patterns.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "usage_error.hpp"

bool matches_pattern(const std::string& name, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0;
}

bool is_pattern(const std::string& name) noexcept {
  return name.find_first_of("*?[") != std::string::npos;
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
