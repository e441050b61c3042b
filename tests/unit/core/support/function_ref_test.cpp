#include "nuq/core/support/function_ref.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

namespace core_support_function_ref_test {

using Append = nuq::detail::FunctionRef<int(const std::string&)>;

TEST_CASE("the reference calls the object itself, not a copy") {
  std::string text;
  auto append = [&text, calls = 0](const std::string& more) mutable {
    text += more;
    return ++calls;
  };
  const Append reference(append);
  const Append copy = reference;
  CHECK(reference("a") == 1);
  CHECK(copy("b") == 2);
  CHECK(append("c") == 3);
  CHECK(text == "abc");
}

TEST_CASE("a constant callable is called as such") {
  const auto length = [](const std::string& text) { return static_cast<int>(text.size()); };
  CHECK(Append(length)("four") == 4);
}

TEST_CASE("a temporary cannot be referred to") {
  const auto callable = [](const std::string&) { return 0; };
  CHECK(std::is_constructible_v<Append, decltype(callable)&>);
  CHECK_FALSE(std::is_constructible_v<Append, std::remove_const_t<decltype(callable)>>);
}

}  // namespace core_support_function_ref_test
