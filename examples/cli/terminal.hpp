#ifndef NUQ_EXAMPLES_CLI_TERMINAL_HPP
#define NUQ_EXAMPLES_CLI_TERMINAL_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "nuq/core/support/wrapped_text.hpp"

/// Columns of the terminal behind a file descriptor, or the usual number where there is none.
inline std::size_t terminal_columns(int stream) noexcept {
  constexpr std::size_t least = 40;
  winsize size{};
  if (::isatty(stream) == 0 || ::ioctl(stream, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return nuq::detail::usual_columns;
  return (std::max)(least, static_cast<std::size_t>(size.ws_col));
}

/// Prose for standard output, in lines that fit it.
inline std::string for_output(const std::string& text, std::size_t indent = 0) {
  return nuq::detail::wrapped_text(text, terminal_columns(STDOUT_FILENO), indent) + "\n";
}

#endif  // NUQ_EXAMPLES_CLI_TERMINAL_HPP
