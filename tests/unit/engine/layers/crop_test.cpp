#include "nuq/engine/layers/crop.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

TEST_CASE("crop takes the second input's extents out of the first, at its offsets") {
  const Tensor input = random_tensor({2, 3, 5, 6}, 1);
  struct Case {
    std::string parameters;
    Shape like;
    std::vector<std::size_t> offsets;
  };
  for (const Case& test : {Case{"offset: 1", {2, 7, 3, 4}, {0, 0, 1, 1}}, Case{"", {1, 1, 2, 6}, {0, 0, 0, 0}},
                           Case{"offset: 0 offset: 2", {2, 3, 5, 4}, {0, 0, 0, 2}},
                           Case{"axis: 0 offset: 1 offset: 0 offset: 2 offset: 3", {1, 2, 3, 2}, {1, 0, 2, 3}},
                           Case{"axis: -1 offset: 4", {9, 9, 9, 2}, {0, 0, 0, 4}}}) {
    CAPTURE(test.parameters);
    const auto node = layer_alone("Crop", "crop_param { " + test.parameters + " }", {}, 2);
    const Tensor output = computed<nuq::detail::CropLayer>(node, {input, Tensor(test.like)});
    std::vector<std::size_t> extents(output.shape.begin(), output.shape.end());
    bool agrees = true;
    for (std::size_t index = 0; index < output.values.size(); ++index) {
      const std::size_t x = index % extents[3] + test.offsets[3];
      const std::size_t y = index / extents[3] % extents[2] + test.offsets[2];
      const std::size_t c = index / (extents[3] * extents[2]) % extents[1] + test.offsets[1];
      const std::size_t n = index / (extents[3] * extents[2] * extents[1]) + test.offsets[0];
      agrees = agrees && output.values[index] == input.values[((n * 3 + c) * 5 + y) * 6 + x];
    }
    CHECK(agrees);
  }
}
