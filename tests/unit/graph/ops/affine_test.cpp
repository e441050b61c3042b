#include "nuq/graph/ops/affine.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_covered_axes_test {

using Extents = std::vector<std::int64_t>;

const Shape input = {2, 3, 4, 5};

Extents extents(const nuq::AxisSplit& split) {
  return {split.outer, split.extent, split.inner};
}

template <class Covered>
Extents covered(std::int64_t axis, const Covered& what) {
  const nuq::Node node = rule_node("Scale", "");
  return extents(nuq::covered_axes(nuq::LayerRef(node, "net.prototxt"), input, axis, what));
}

TEST_CASE("trained factors cover a number of axes from one on") {
  CHECK(covered(1, 1) == Extents{2, 3, 20});
  CHECK(covered(-2, 2) == Extents{6, 20, 1});
  CHECK(covered(1, -1) == Extents{2, 60, 1});
  CHECK(covered(2, 0) == Extents{6, 1, 20});
  CHECK(complaint([] { static_cast<void>(covered(2, 3)); }).rfind("num_axes is 3", 0) == 0);
  CHECK(complaint([] { static_cast<void>(covered(2, -2)); }).rfind("num_axes is -2", 0) == 0);
  CHECK(complaint([] { static_cast<void>(covered(4, 0)); }).rfind("axis is 4", 0) == 0);
}

TEST_CASE("a second input covers as many axes as it has; a single value covers none") {
  CHECK(covered(0, Shape{2, 3}) == Extents{1, 6, 20});
  CHECK(covered(-1, Shape{5}) == Extents{24, 5, 1});
  CHECK(covered(1, Shape{1}) == Extents{1, 1, 120});
  CHECK(complaint([] { static_cast<void>(covered(1, Shape{2, 3})); }).rfind("the second input [2,3]", 0) == 0);
  CHECK(complaint([] { static_cast<void>(covered(3, Shape{5, 2})); }).rfind("the second input [5,2]", 0) == 0);
}

}  // namespace graph_ops_covered_axes_test
