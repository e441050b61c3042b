#include "nuq/core/support/wrapped_text.hpp"

#include <doctest/doctest.h>

using nuq::detail::columns_of_text;
using nuq::detail::wrapped_text;

TEST_CASE("text breaks between words, and later lines are indented") {
  CHECK(wrapped_text("one two three four", 9) == "one two\nthree\nfour");
  CHECK(wrapped_text("one two three four", 9, 2) == "one two\n  three\n  four");
  CHECK(wrapped_text("one two three", 9, 2, 6) == "one\n  two\n  three");
}

TEST_CASE("a line may be as long as the terminal is wide, and a longer word has one of its own") {
  CHECK(wrapped_text("12345 789", 9) == "12345 789");
  CHECK(wrapped_text("12345 7890", 9) == "12345\n7890");
  CHECK(wrapped_text("a 12345678901 b", 9) == "a\n12345678901\nb");
  CHECK(wrapped_text("", 9).empty());
}

TEST_CASE("a character takes one column, whatever its bytes") {
  CHECK(columns_of_text("größe") == 5);
  CHECK(wrapped_text("größe größe", 11) == "größe größe");
}
