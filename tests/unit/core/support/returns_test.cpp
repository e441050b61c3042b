#include "nuq/core/support/returns.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace core_support_returns_test {

template <class T, class Argument>
using call_op = decltype(std::declval<const T&>().call(std::declval<Argument>()));

struct ReturnsFloat {
  float call(double) const;
};
struct ReturnsNothing {
  void call(int) const;
};
struct NotConst {
  float call(double);
};
class Hidden {
  float call(double) const;
};

TEST_CASE("a call is detected by working and by what its result converts to") {
  CHECK(nuq::detail::returns<double, call_op, ReturnsFloat, int>());
  CHECK_FALSE(nuq::detail::returns<const char*, call_op, ReturnsFloat, int>());
  CHECK_FALSE(nuq::detail::returns<double, call_op, ReturnsFloat, const char*>());
  CHECK_FALSE(nuq::detail::returns<double, call_op, NotConst, int>());
  CHECK_FALSE(nuq::detail::returns<double, call_op, int, int>());
}

TEST_CASE("a contract without a result takes any call that works") {
  CHECK(nuq::detail::returns<void, call_op, ReturnsNothing, int>());
  CHECK(nuq::detail::returns<void, call_op, ReturnsFloat, int>());
  CHECK_FALSE(nuq::detail::returns<double, call_op, ReturnsNothing, int>());
  CHECK_FALSE(nuq::detail::returns<void, call_op, Hidden, int>());
}

}  // namespace core_support_returns_test
