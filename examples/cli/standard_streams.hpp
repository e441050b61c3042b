#ifndef NUQ_EXAMPLES_CLI_STANDARD_STREAMS_HPP
#define NUQ_EXAMPLES_CLI_STANDARD_STREAMS_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <system_error>

#include "nuq/core/error.hpp"

/// Puts something in the place of standard streams that are closed, before a file of ours gets their number: errors go
/// nowhere then, and writing to standard output fails.
inline void open_standard_streams() noexcept {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened < 0) return;
  }
}

/// Throws FormatError file_not_writable if something that was printed did not arrive: a full disk, a closed pipe.
inline void finish_standard_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.flush().good()) return;
  const std::string cause = errno == 0 ? "" : ": " + std::generic_category().message(errno);
  nuq::detail::fail(nuq::FormatError(nuq::ErrorCode::file_not_writable, "standard output: cannot write all" + cause));
}

#endif  // NUQ_EXAMPLES_CLI_STANDARD_STREAMS_HPP
