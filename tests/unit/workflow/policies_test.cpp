#include "nuq/workflow/policies.hpp"

#include <doctest/doctest.h>

#include <type_traits>

#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/search/bisection.hpp"

namespace workflow_policies_test {

struct Counter {
  int asked = 0;
  bool stop_requested() { return ++asked > 100; }
};

/// As an executor on several hosts is: neither copied nor moved.
struct Fixed : nuq::SerialExecutor {
  Fixed() = default;
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;
};

TEST_CASE("parts that are left out are the defaults") {
  const nuq::Policies policies{nuq::NonUniformQuantizer<>{}, nuq::BisectionSearch{}};
  CHECK(std::is_same_v<decltype(policies), const nuq::Policies<nuq::NonUniformQuantizer<>, nuq::BisectionSearch,
                                                               nuq::SerialExecutor, nuq::NoProgress>>);
  CHECK(std::is_same_v<decltype(nuq::Policies{}), nuq::Policies<>>);
  CHECK(std::is_same_v<decltype(nuq::Policies{nuq::RateQuantizer{}}), nuq::Policies<nuq::RateQuantizer>>);
}

TEST_CASE("executor and progress are held by reference where they are named objects") {
  const Fixed executor;
  Counter counter;
  const nuq::Policies policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, executor, counter};
  CHECK(&policies.executor == &executor);
  static_cast<void>(policies.progress.stop_requested());
  CHECK(counter.asked == 1);
}

TEST_CASE("executor and progress are part of the policies where they are temporary") {
  nuq::Policies policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, Fixed{}, Counter{}};
  static_cast<void>(policies.progress.stop_requested());
  CHECK(policies.progress.asked == 1);
  CHECK(nuq::is_policies_v<decltype((policies))>);
  CHECK_FALSE(nuq::is_policies_v<Counter>);
}

}  // namespace workflow_policies_test
