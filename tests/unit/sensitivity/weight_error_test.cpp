#include "nuq/sensitivity/weight_error.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

nuq::MatrixView<const float> matrix(const std::vector<float>& values, std::size_t rows) {
  return {values.data(), rows, values.size() / rows};
}

}  // namespace

TEST_CASE("the error of a layer is relative to the energy of its weights") {
  const std::vector<float> weights{3.0F, 4.0F, 10.0F, 0.0F};
  const nuq::QuantizedWeights quantized{2, 2, {1.0F, 2.0F}, {2, 4, 4, 1}};  // 2 4 / 8 2
  CHECK(nuq::relative_weight_error(matrix(weights, 2), quantized) == (1.0 + 0.0 + 4.0 + 4.0) / (9.0 + 16.0 + 100.0));
}

TEST_CASE("the error does not depend on the magnitude of a layer") {
  const std::vector<float> small{0.75F, -0.5F, 0.125F};
  const std::vector<float> large{768.0F, -512.0F, 128.0F};
  const double error = nuq::relative_weight_error(matrix(small, 1), {1, 3, {0.25F}, {3, -2, 1}});
  CHECK(error > 0.0);
  CHECK(nuq::relative_weight_error(matrix(large, 1), {1, 3, {256.0F}, {3, -2, 1}}) == error);
}

TEST_CASE("weights that are met exactly have no error, and so have zeros") {
  const std::vector<float> exact{0.5F, -64.0F};
  CHECK(nuq::relative_weight_error(matrix(exact, 1), {1, 2, {0.5F}, {1, -128}}) == 0.0);
  const std::vector<float> zeros(4, 0.0F);
  CHECK(nuq::relative_weight_error(matrix(zeros, 2), {2, 2, {1.0F}, {0, 0, 0, 0}}) == 0.0);
  CHECK(nuq::relative_weight_error({}, {}) == 0.0);
}
