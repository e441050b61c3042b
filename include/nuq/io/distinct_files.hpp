#ifndef NUQ_IO_DISTINCT_FILES_HPP
#define NUQ_IO_DISTINCT_FILES_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Throws ConfigError invalid_argument, naming both, if a file that is to be written is one that is read, or another
/// one that is to be written, whatever names or links lead to it. Empty names stand for no file.
NUQ_FUNCTION void refuse_overwriting(const std::vector<std::string>& read, const std::vector<std::string>& written);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cstddef>
#include <filesystem>
#include <system_error>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Where a file is or will be; the path as it stands where that cannot be found out.
NUQ_FUNCTION [[nodiscard]] inline std::filesystem::path place_of(const std::string& file) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::absolute(file), error);
  return error ? std::filesystem::path(file) : place;
}

NUQ_FUNCTION [[nodiscard]] inline bool is_same_file(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) || place_of(a) == place_of(b);
}

/// `role`: what happens to the other file.
NUQ_FUNCTION [[noreturn]] inline void fail_by_one_file(const std::string& output, const std::string& other,
                                                       const std::string& role) {
  const std::string whose = output == other ? "a file that " : other + ", which ";
  fail(ConfigError(ErrorCode::invalid_argument,
                   output + ": would replace " + whose + role + ", too; name another output"));
}

}  // namespace detail

NUQ_DEFINITION void refuse_overwriting(const std::vector<std::string>& read, const std::vector<std::string>& written) {
  for (std::size_t index = 0; index < written.size(); ++index) {
    const std::string& output = written[index];
    for (const std::string& input : read) {
      if (detail::is_same_file(input, output)) detail::fail_by_one_file(output, input, "is read");
    }
    for (std::size_t other = 0; other < index; ++other) {
      if (detail::is_same_file(written[other], output)) detail::fail_by_one_file(output, written[other], "is written");
    }
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_DISTINCT_FILES_HPP
