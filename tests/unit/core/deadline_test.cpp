#include "nuq/core/deadline.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <limits>

namespace core_deadline_test {

constexpr double infinite = (std::numeric_limits<double>::infinity)();

TEST_CASE("by default there is none, nor after infinite seconds or NaN") {
  const auto now = nuq::Deadline::Clock::now();
  for (const nuq::Deadline& deadline :
       {nuq::Deadline(), nuq::Deadline(now, infinite), nuq::Deadline(now, std::numeric_limits<double>::quiet_NaN())}) {
    CHECK_FALSE(deadline.exists());
    CHECK_FALSE(deadline.has_passed());
    CHECK(deadline.seconds_left() == infinite);
    CHECK_FALSE(deadline.after(0.5).exists());
  }
}

TEST_CASE("one that was yesterday has passed, and so has any share of the time left") {
  const nuq::Deadline deadline(nuq::Deadline::Clock::now() - std::chrono::hours(25), 3600.0);
  CHECK(deadline.has_passed());
  CHECK(deadline.seconds_left() <= -24.0 * 3600.0);
  CHECK(deadline.after(0.5).has_passed());
}

TEST_CASE("a share of the time left ends earlier") {
  const nuq::Deadline deadline(nuq::Deadline::Clock::now(), 1e6);
  CHECK_FALSE(deadline.has_passed());
  CHECK(deadline.seconds_left() <= 1e6);
  CHECK(deadline.after(0.25).seconds_left() <= 0.25e6);
  CHECK_FALSE(deadline.after(0.25).has_passed());
}

}  // namespace core_deadline_test
