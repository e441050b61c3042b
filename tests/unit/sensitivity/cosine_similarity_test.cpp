#include "nuq/sensitivity/cosine_similarity.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/sensitivity/contracts.hpp"

namespace sensitivity_cosine_similarity_test {

double compare(const std::vector<float>& original, const std::vector<float>& quantized) {
  return nuq::CosineSimilaritySensitivity{}.compare(original, quantized);
}

TEST_CASE("outputs of one direction compare as 1, opposite ones as 0, right angles as one half") {
  CHECK(compare({3.0F, 4.0F}, {3.0F, 4.0F}) == 1.0);
  CHECK(compare({3.0F, 4.0F}, {6.0F, 8.0F}) == 1.0);
  CHECK(compare({3.0F, 4.0F}, {-3.0F, -4.0F}) == 0.0);
  CHECK(compare({3.0F, 4.0F}, {4.0F, -3.0F}) == 0.5);
  CHECK(compare({3.0F, 4.0F}, {5.0F, 0.0F}) == 0.5 + 0.5 * 15.0 / 25.0);
}

TEST_CASE("an original of zeros cannot be spoilt, a quantized output of zeros has lost everything") {
  CHECK(compare({0.0F, 0.0F}, {1.0F, 2.0F}) == 1.0);
  CHECK(compare({0.0F, 0.0F}, {0.0F, 0.0F}) == 1.0);
  CHECK(compare({1.0F, 2.0F}, {0.0F, 0.0F}) == 0.0);
}

TEST_CASE("the policy meets its contract") {
  struct NoCompare {};
  CHECK(nuq::is_output_sensitivity_v<nuq::CosineSimilaritySensitivity>);
  CHECK_FALSE(nuq::is_output_sensitivity_v<NoCompare>);
}

}  // namespace sensitivity_cosine_similarity_test
