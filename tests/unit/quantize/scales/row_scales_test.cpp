#include "nuq/quantize/scales/row_scales.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nuq/core/error.hpp"

namespace quantize_scales_row_scales_test {

const std::vector<float> values = {1.0F, -4.0F, 2.0F, 0.0F, 0.0F, 0.0F};
const nuq::MatrixView<const float> matrix(values.data(), 2, 3);

TEST_CASE("a scale for every row, or one for all values; 1 where it would be too small") {
  const auto scale_of = [](nuq::ArrayView<const float> row) { return nuq::largest_magnitude(row); };
  CHECK(nuq::row_scales(matrix, nuq::Granularity::per_channel, scale_of) == std::vector<float>{4.0F, 1.0F});
  CHECK(nuq::row_scales(matrix, nuq::Granularity::per_tensor, scale_of) == std::vector<float>{4.0F});
}

TEST_CASE("a scale beyond the limits is refused by the name of its row") {
  const auto scale_of = [](nuq::ArrayView<const float> row) { return row[0] == 0.0F ? 1e30F : 1.0F; };
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::row_scales(matrix, nuq::Granularity::per_channel, scale_of)),
                       doctest::Contains("row 1: "), nuq::ModelError);
}

}  // namespace quantize_scales_row_scales_test
