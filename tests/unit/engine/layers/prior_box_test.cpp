#include "nuq/engine/layers/prior_box.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

namespace engine_layers_prior_box_test {

using nuq::Tensor;

Tensor priors(const std::string& parameters) {
  const nuq::Node node = layer_alone("PriorBox", "prior_box_param { " + parameters + " }", {}, 2);
  return computed<nuq::detail::PriorBoxLayer>(node, {Tensor(nuq::Shape{1, 8, 2, 3}), Tensor(nuq::Shape{1, 3, 40, 90})});
}

TEST_CASE("prior boxes stand around the centres of the map's positions") {
  const Tensor boxes = priors("min_size: 12.9 max_size: 27.2 aspect_ratio: 4 offset: 0.5");
  REQUIRE(boxes.shape == nuq::Shape{1, 2, 2 * 3 * 4 * 4});
  const double mean = std::sqrt(12.0 * 27.0);
  const double sizes[][2] = {{12.0, 12.0}, {mean, mean}, {24.0, 6.0}, {6.0, 24.0}};  // width, height
  std::vector<double> expected;
  for (const double y : {10.0, 30.0}) {
    for (const double x : {15.0, 45.0, 75.0}) {
      for (const auto& size : sizes) {
        expected.insert(expected.end(), {(x - size[0] / 2.0) / 90.0, (y - size[1] / 2.0) / 40.0,
                                         (x + size[0] / 2.0) / 90.0, (y + size[1] / 2.0) / 40.0});
      }
    }
  }
  expected.insert(expected.end(), expected.size(), 0.1);
  CHECK(relative_error(boxes.values, expected) < 1e-6);
}

TEST_CASE("prior boxes are clipped to the image on request, and carry their variances") {
  const std::string parameters = "min_size: 60 step: 30 variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4 ";
  const Tensor free = priors(parameters);
  const Tensor clipped = priors(parameters + "clip: true");
  REQUIRE(free.values.size() == 2 * 6 * 4);
  CHECK(free.values[0] == doctest::Approx(-15.0 / 90.0));
  CHECK(free.values[3] == doctest::Approx(45.0 / 40.0));
  CHECK(clipped.values[0] == 0.0F);
  CHECK(clipped.values[3] == 1.0F);
  CHECK(clipped.values[2] == doctest::Approx(45.0 / 90.0));
  const float variances[] = {0.1F, 0.2F, 0.3F, 0.4F};
  for (std::size_t at = 0; at < 24; ++at) {
    CHECK(free.values[24 + at] == variances[at % 4]);
    CHECK(clipped.values[24 + at] == variances[at % 4]);
  }
}

}  // namespace engine_layers_prior_box_test
