#include "nuq/graph/ops/reduction.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_arg_max_test {

Shape found(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("ArgMax", "argmax_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

TEST_CASE("without an axis there are at least three axes, the results on the third") {
  CHECK(found("", {2, 10}) == Shape{2, 1, 1});
  CHECK(found("top_k: 5 out_max_val: true", {2, 10}) == Shape{2, 2, 5});
  CHECK(found("top_k: 5", {2, 3, 4, 5}) == Shape{2, 1, 5, 1});
}

TEST_CASE("an axis holds the results in its place") {
  CHECK(found("axis: 1 top_k: 3", {2, 10}) == Shape{2, 3});
  CHECK(found("axis: -3 out_max_val: true", {2, 10, 4, 5}) == Shape{2, 1, 4, 5});
}

}  // namespace graph_ops_arg_max_test
