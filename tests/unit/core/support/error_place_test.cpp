#include "nuq/core/support/error_place.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("a result passes, by value or by reference") {
  int value = 3;
  CHECK(nuq::detail::with_error_place("place", [] { return 7; }) == 7);
  CHECK(&nuq::detail::with_error_place("place", [&value]() -> int& { return value; }) == &value);
}

TEST_CASE("the place goes in front of a message, type and code stay") {
  const auto refuse = [](const auto& error) {
    return [&error] { nuq::detail::with_error_place("net: layer 'a'", [&error] { nuq::detail::fail(error); }); };
  };
  const nuq::ModelError model(nuq::ErrorCode::non_finite_value, "row 1");
  const nuq::ConfigError config(nuq::ErrorCode::invalid_argument, "num_steps");
  CHECK_THROWS_WITH_AS(refuse(model)(), "nuq: net: layer 'a': row 1", nuq::ModelError);
  CHECK_THROWS_WITH_AS(refuse(config)(), "nuq: net: layer 'a': num_steps", nuq::ConfigError);
  try {
    refuse(model)();
  } catch (const nuq::Error& error) {
    CHECK(error.code() == nuq::ErrorCode::non_finite_value);
  }
}

TEST_CASE("errors that say where they come from themselves pass unchanged") {
  const auto refuse = [] {
    nuq::detail::with_error_place(
        "place", [] { nuq::detail::fail(nuq::FormatError(nuq::ErrorCode::file_not_readable, "file")); });
  };
  CHECK_THROWS_WITH_AS(refuse(), "nuq: file", nuq::FormatError);
}
