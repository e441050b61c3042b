#include "nuq/report/weight_details.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "../random_values.hpp"

namespace report_weight_details_test {

nuq::Node node_of(nuq::Shape shape, std::vector<float> weights) {
  nuq::Node node;
  node.name = "fc";
  node.blobs = {nuq::Tensor(std::move(shape), std::move(weights))};
  return node;
}

double sum_of(const nuq::Json& numbers) {
  double sum = 0.0;
  for (const nuq::Json& number : numbers) sum += number.number();
  return sum;
}

TEST_CASE("levels, their counts and errors are those of the weights, worked out by hand") {
  const nuq::Node node = node_of({2, 3}, {1.0F, 0.25F, -1.0F, 4.0F, 0.0F, 8.5F});
  nuq::LayerQuantization quantized;
  quantized.weights = {2, 3, {0.5F, 4.0F}, {2, 0, -2, 1, 0, 2}};
  const nuq::Json details = nuq::weight_details(node, &quantized);
  CHECK(*details.find("level_values") == nuq::Json::array({-2, 0, 1, 2}));
  CHECK(*details.find("level_counts") == nuq::Json::array({1, 2, 1, 2}));
  CHECK(*details.find("level_errors") == nuq::Json::array({0.0, 0.0625, 0.0, 0.25}));
  CHECK(details.find("scales")->integer() == 2);
  const double energy = 1.0 + 0.0625 + 1.0 + 16.0 + 72.25;
  CHECK(details.find("weight_snr_db")->number() == doctest::Approx(10.0 * std::log10(energy / 0.3125)));
  CHECK(details.find("histogram_unit")->is_string("level"));
  const nuq::Json& histogram = *details.find("histogram");  // of 2, 0.5, −2 and 1, 0, 2.125
  CHECK(histogram.find("from")->number() == -2.0);
  CHECK(histogram.find("to")->number() == 3.0);
  const nuq::Json& counts = *histogram.find("counts");
  REQUIRE(counts.size() == 60);
  for (const auto& [bin, count] :
       std::vector<std::pair<std::size_t, int>>{{0, 1}, {24, 1}, {30, 1}, {36, 1}, {48, 1}, {49, 1}})
    CHECK(counts[bin].integer() == count);
  CHECK(details.find("output_error") == nullptr);
}

TEST_CASE("a histogram has at most 64 bins and every weight") {
  for (const float magnitude : {0.001F, 1.0F, 90.0F, 4000.0F}) {
    std::vector<float> weights = random_values(2000, 7);
    for (float& weight : weights) weight *= magnitude;
    nuq::LayerQuantization quantized;
    quantized.weights = {20, 100, {0.5F}, std::vector<std::int8_t>(2000, 1)};
    const nuq::Json details = nuq::weight_details(node_of({20, 100}, weights), &quantized);
    const nuq::Json& counts = *details.find("histogram")->find("counts");
    CHECK(counts.size() <= 64);
    CHECK(counts.size() > 32);
    CHECK(sum_of(counts) == 2000.0);
  }
}

TEST_CASE("of a large layer some rows are looked at, and errors are those of all of it as far as these tell") {
  constexpr std::size_t rows = 512;
  constexpr std::size_t cols = 256;
  const std::vector<float> weights(rows * cols, 0.75F);
  nuq::LayerQuantization quantized;
  quantized.weights = {rows, cols, {0.5F}, std::vector<std::int8_t>(rows * cols, 1)};
  const nuq::Json details = nuq::weight_details(node_of({512, 256}, weights), &quantized);
  CHECK(details.find("sampled_weights")->integer() == 1 << 16);
  CHECK((*details.find("level_counts"))[0].integer() == 512 * 256);
  CHECK((*details.find("level_errors"))[0].number() == doctest::Approx(512 * 256 * 0.0625));
  CHECK(details.find("weight_snr_db")->number() == doctest::Approx(10.0 * std::log10(9.0)));
  CHECK(sum_of(*details.find("histogram")->find("counts")) == 65536.0);
}

TEST_CASE("a layer in float has a histogram of its weights alone") {
  const nuq::Json details = nuq::weight_details(node_of({1, 4}, {-0.5F, 0.25F, 0.25F, 0.5F}), nullptr);
  CHECK(details.find("histogram_unit")->is_string("weight"));
  CHECK(details.find("level_values") == nullptr);
  const nuq::Json& histogram = *details.find("histogram");
  CHECK(histogram.find("from")->number() == -0.5);
  CHECK(histogram.find("to")->number() == 0.5);
  CHECK((*histogram.find("counts"))[48].integer() == 2);
  CHECK(sum_of(*histogram.find("counts")) == 4.0);
}

TEST_CASE("what has no range has no histogram, and an exact layer no signal-to-noise ratio") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(nuq::weight_details(node_of({1, 2}, {0.0F, 0.0F}), nullptr).empty());
  CHECK(nuq::weight_details(node_of({1, 2}, {1.0F, infinity}), nullptr).empty());
  CHECK(nuq::weight_details(node_of({2}, {1.0F, 2.0F}), nullptr).empty());
  CHECK(nuq::weight_details(nuq::Node{}, nullptr).empty());
  nuq::LayerQuantization exact;
  exact.weights = {1, 2, {0.5F}, {2, 4}};
  CHECK(nuq::weight_details(node_of({1, 2}, {1.0F, 2.0F}), &exact).find("weight_snr_db")->is_null());
}

TEST_CASE("the error of the output is told with what it means to the network") {
  nuq::LayerQuantization quantized;
  quantized.weights = {1, 2, {0.5F}, {2, 4}};
  quantized.output_error = 6.0;
  quantized.sensitivity = 3.0;
  const nuq::Json details = nuq::weight_details(node_of({1, 2}, {1.0F, 2.5F}), &quantized);
  CHECK(details.find("output_error")->number() == 2.0);
  CHECK(details.find("sensitivity")->number() == 3.0);
  CHECK(details.find("harm")->number() == 6.0);
}

}  // namespace report_weight_details_test
