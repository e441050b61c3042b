#ifndef NUQ_TESTS_UNIT_ERROR_OF_HPP
#define NUQ_TESTS_UNIT_ERROR_OF_HPP

#include <string>

#include "nuq/core/error.hpp"

/// What an error says: its code and its message.
struct CaughtError {
  nuq::ErrorCode code = nuq::ErrorCode::nothing_to_do;
  std::string message = "(no error)";

  bool says(const std::string& part) const { return message.find(part) != std::string::npos; }
};

/// Runs `action` and returns the `E` that it throws; without one, a message that no test waits for.
template <class E, class Action>
CaughtError error_of(Action&& action) {
  try {
    action();
  } catch (const E& error) {
    return {error.code(), error.what()};
  }
  return {};
}

#endif  // NUQ_TESTS_UNIT_ERROR_OF_HPP
