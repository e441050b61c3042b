#include <doctest/doctest.h>

#include "nuq/core/support/ends_with.hpp"

namespace {

TEST_CASE("a text ends with its own ends and with nothing else") {
  CHECK(nuq::detail::ends_with("net.nuq", ".nuq"));
  CHECK(nuq::detail::ends_with(".nuq", ".nuq"));
  CHECK(nuq::detail::ends_with("net", ""));
  CHECK(nuq::detail::ends_with("", ""));
  CHECK_FALSE(nuq::detail::ends_with("nuq", ".nuq"));
  CHECK_FALSE(nuq::detail::ends_with("net.nuq2", ".nuq"));
  CHECK_FALSE(nuq::detail::ends_with("", "."));
}

}  // namespace
