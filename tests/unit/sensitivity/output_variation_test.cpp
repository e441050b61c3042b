#include "nuq/sensitivity/output_variation.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace sensitivity_output_variation_test {

nuq::NetworkOutputs outputs(const std::vector<std::vector<float>>& blobs) {
  nuq::NetworkOutputs outputs;
  for (const std::vector<float>& values : blobs) outputs.blobs.push_back({"layer", 0, false, values});
  return outputs;
}

double variation(const std::vector<float>& values) {
  return nuq::output_variation(outputs({values}), 2);
}

TEST_CASE("what changes from image to image, as a share of the energy") {
  CHECK(variation({1.0F, 2.0F, 1.0F, 2.0F}) == 0.0);
  CHECK(variation({1.0F, -2.0F, -1.0F, 2.0F}) == doctest::Approx(1.0));
  CHECK(variation({1.0F, 2.0F, 3.0F, 2.0F}) == doctest::Approx(2.0 / 18.0));  // about 2: 1 + 1 of 1 + 4 + 9 + 4
}

TEST_CASE("the mean over the outputs, of which some may say nothing") {
  const std::vector<float> all = {1.0F, -1.0F};
  CHECK(nuq::output_variation(outputs({all, {2.0F, 2.0F}}), 2) == doctest::Approx(0.5));
  CHECK(nuq::output_variation(outputs({all, {}}), 2) == doctest::Approx(0.5));
  CHECK(nuq::output_variation(outputs({all, {1.0F, 2.0F, 3.0F}}), 2) == doctest::Approx(0.5));
  CHECK(nuq::output_variation(outputs({}), 2) == 0.0);
}

TEST_CASE("values that are zero or not finite count as 0") {
  CHECK(variation({0.0F, 0.0F}) == 0.0);
  CHECK(variation({std::numeric_limits<float>::infinity(), 1.0F}) == 0.0);
  CHECK(variation({std::numeric_limits<float>::quiet_NaN(), 1.0F}) == 0.0);
}

}  // namespace sensitivity_output_variation_test
