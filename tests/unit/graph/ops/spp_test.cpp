#include "nuq/graph/ops/pooling.hpp"

#include <doctest/doctest.h>

#include <string>

#include "rule_cases.hpp"

namespace graph_ops_spp_test {

using nuq::Shape;

Shape output_shape(const std::string& parameters, const Shape& input) {
  const nuq::Node node = rule_node("SPP", "spp_param { " + parameters + " }");
  return nuq::output_shapes({node, "net.prototxt"}, {input}).front();
}

std::string refusal(const std::string& parameters, const Shape& input) {
  return complaint([&] { static_cast<void>(output_shape(parameters, input)); });
}

TEST_CASE("a pyramid has 1, 4, 16, … bins for each channel") {
  CHECK(output_shape("pyramid_height: 3", {2, 3, 9, 8}) == Shape{2, 63});
  CHECK(output_shape("pyramid_height: 1", {2, 3, 9, 8}) == Shape{2, 3, 1, 1});
  CHECK(output_shape("pyramid_height: 3 pool: AVE", {1, 256, 13, 13}) == Shape{1, 256 * 21});
}

TEST_CASE("a pyramid that the input is too small for, or without height, is refused by name") {
  CHECK(refusal("", {1, 3, 8, 8}).rfind("pyramid_height is 0", 0) == 0);
  CHECK(refusal("pyramid_height: 5", {1, 3, 8, 8}).find("cannot be cut into 16 × 16 bins") != std::string::npos);
  CHECK(refusal("pyramid_height: 4000000000", {1, 3, 8, 8}).find("16 × 16") != std::string::npos);
  CHECK(refusal("pyramid_height: 3", {1, 3, 5, 8}).find("cannot be cut into 4 × 4 bins") != std::string::npos);
  CHECK(refusal("pyramid_height: 2 pool: STOCHASTIC", {1, 3, 8, 8}).rfind("pool is STOCHASTIC", 0) == 0);
}

}  // namespace graph_ops_spp_test
