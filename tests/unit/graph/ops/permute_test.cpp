#include "nuq/graph/ops/permute.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

namespace graph_ops_permute_test {

using nuq::Shape;

Shape permuted(const std::string& order, const Shape& input) {
  const nuq::Node node = rule_node("Permute", "permute_param { " + order + " }");
  return nuq::permute_shapes({node, "net.prototxt"}, {input}).front();
}

TEST_CASE("axes come in the given order, then those that it leaves out") {
  CHECK(permuted("order: 0 order: 2 order: 3 order: 1", {2, 3, 4, 5}) == Shape{2, 4, 5, 3});
  CHECK(permuted("order: 2", {2, 3, 4, 5}) == Shape{4, 2, 3, 5});
  CHECK(permuted("", {2, 3}) == Shape{2, 3});
}

TEST_CASE("an axis given twice or beyond the last is refused by name") {
  const auto refusal = [](const std::string& order) {
    return complaint([&] { static_cast<void>(permuted(order, {2, 3, 4})); });
  };
  CHECK(refusal("order: 1 order: 1").rfind("order has the axis 1", 0) == 0);
  CHECK(refusal("order: 3").rfind("order has the axis 3", 0) == 0);
}

}  // namespace graph_ops_permute_test
