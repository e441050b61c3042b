#include "nuq/ascend/fractal_z.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ascend_vectors.hpp"

namespace ascend_fractal_z_test {

using Weights = std::vector<std::int8_t>;

Weights numbered(std::size_t size) {
  Weights weights(size);
  for (std::size_t at = 0; at < size; ++at) weights[at] = static_cast<std::int8_t>(1 + at % 127);
  return weights;
}

static_assert(nuq::fractal_z_size({64, 3, 7, 7}) == 49U * 4 * 512);
static_assert(nuq::fractal_z_size({16, 32, 1, 1}) == 512U);
static_assert(nuq::fractal_z_size({17, 33, 1, 1}) == 4U * 512);
static_assert(nuq::fractal_z_size({0, 3, 1, 1}) == 0U);

TEST_CASE("weights are found where the device's axes put them, zeros elsewhere") {
  for (const nuq::OihwShape& shape : {nuq::OihwShape{3, 2, 2, 3}, {20, 40, 3, 3}, {32, 64, 1, 1}, {17, 33, 1, 2}}) {
    const Weights oihw = numbered(shape.outputs * shape.inputs * shape.height * shape.width);
    Weights fractal(*nuq::fractal_z_size(shape), 99);
    REQUIRE(nuq::reorder_to_fractal_z(oihw, shape, fractal));
    // read in the device's order: [input fractal, row, column, output fractal, 16 outputs, 32 inputs]
    std::size_t at = 0;
    for (std::size_t i = 0; i < shape.inputs; i += 32) {
      for (std::size_t h = 0; h < shape.height; ++h) {
        for (std::size_t w = 0; w < shape.width; ++w) {
          for (std::size_t o = 0; o < shape.outputs; o += 16) {
            for (std::size_t element = 0; element < 512; ++element, ++at) {
              const std::size_t output = o + element / 32;
              const std::size_t input = i + element % 32;
              const bool inside = output < shape.outputs && input < shape.inputs;
              const std::size_t source = ((output * shape.inputs + input) * shape.height + h) * shape.width + w;
              REQUIRE(fractal[at] == (inside ? oihw[source] : 0));
            }
          }
        }
      }
    }
    CHECK(at == fractal.size());
  }
}

TEST_CASE("sizes that contradict the shape are refused, and nothing is written") {
  const nuq::OihwShape shape{16, 32, 1, 1};
  Weights fractal(512, 99);
  CHECK(!nuq::reorder_to_fractal_z(numbered(511), shape, fractal));
  CHECK(!nuq::reorder_to_fractal_z(numbered(512), {16, 32, 1, 2}, fractal));
  CHECK(fractal == Weights(512, 99));
  Weights longer(1024, 99);
  CHECK(!nuq::reorder_to_fractal_z(numbered(512), shape, longer));
  CHECK(longer == Weights(1024, 99));
}

TEST_CASE("extents whose product overflows have no size") {
  constexpr std::size_t max = (std::numeric_limits<std::size_t>::max)();
  CHECK(!nuq::fractal_z_size({max, max, 1, 1}));
  CHECK(!nuq::fractal_z_size({1, 1, max / 256, 1}));
  CHECK(!nuq::fractal_z_size({max, 1, 1, 1}));
  CHECK(nuq::fractal_z_size({max, max, 0, 1}) == 0U);
  Weights none;
  // 2^32 · 2^32 is 0 in 64 bits: not the size of nothing
  constexpr std::size_t half = std::size_t{1} << (std::numeric_limits<std::size_t>::digits / 2);
  CHECK(!nuq::reorder_to_fractal_z(none, {half, half, 1, 1}, none));
}

TEST_CASE("stored layouts of convolutions and inner products") {
  const std::string folder = ascend_vectors::folder();
  if (folder.empty()) return;
  int layouts = 0;
  const nlohmann::json manifest = ascend_vectors::manifest(folder);
  for (const nlohmann::json& stored : manifest["layouts"]) {
    const auto extents = stored["shape_oihw"].get<std::array<std::size_t, 4>>();
    const nuq::OihwShape shape{extents[0], extents[1], extents[2], extents[3]};
    const auto bytes = ascend_vectors::read_bytes(folder + stored["oihw"].get<std::string>());
    const auto expected = ascend_vectors::read_bytes(folder + stored["fractal_z"].get<std::string>());
    const Weights oihw(bytes.begin(), bytes.end());
    Weights fractal(nuq::fractal_z_size(shape).value());
    REQUIRE(nuq::reorder_to_fractal_z(oihw, shape, fractal));
    CHECK(fractal == Weights(expected.begin(), expected.end()));
    ++layouts;
  }
  CHECK(layouts == 5);
}

}  // namespace ascend_fractal_z_test
