#ifndef NUQ_EXAMPLES_CLI_BUILD_INFORMATION_HPP
#define NUQ_EXAMPLES_CLI_BUILD_INFORMATION_HPP

#include <string>

#include "nuq/version.hpp"

/// "0.1.0"
inline std::string version_text() {
  return std::to_string(NUQ_VERSION_MAJOR) + "." + std::to_string(NUQ_VERSION_MINOR) + "." +
         std::to_string(NUQ_VERSION_PATCH);
}

/// "GCC 12.2.0"
inline std::string compiler_text() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#elif defined(__GNUC__)
  return "GCC " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
         std::to_string(__GNUC_PATCHLEVEL__);
#else
  return "unknown compiler";
#endif
}

/// "Release"
inline std::string build_type_text() {
  const std::string type = NUQ_BUILD_TYPE;
  return type.empty() ? "no build type" : type;
}

#endif  // NUQ_EXAMPLES_CLI_BUILD_INFORMATION_HPP
