#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "nuq/core/support/number_text.hpp"

namespace {

TEST_CASE("numbers of so many digits behind the point, the largest in full") {
  using nuq::detail::fixed_text;
  CHECK(fixed_text(0.125, 2) == "0.12");
  CHECK(fixed_text(-1.5, 0) == "-2");
  CHECK(fixed_text(3.0, 3) == "3.000");
  CHECK(fixed_text(-(std::numeric_limits<double>::max)(), 2).size() == 1 + 309 + 3);
}

}  // namespace
