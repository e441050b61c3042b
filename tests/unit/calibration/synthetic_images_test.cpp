#include "nuq/calibration/synthetic_images.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "two_inputs.hpp"

namespace calibration_synthetic_images_test {

using nuq::Shape;
using nuq::Tensor;

/// 'image' and 'patch', each read by one layer, and 'unread'.
nuq::Graph network(const Shape& patch = {2, 1, 8, 9}) {
  return two_inputs("image", {1, 3, 40, 30}, "patch", patch, "unread", {1, 3, 40, 30});
}

TEST_CASE("inputs may be images where they are declared with one to four channels of eight pixels or more") {
  CHECK(nuq::takes_images(network()));
  for (const Shape& shape : {Shape{}, Shape{1, 16}, Shape{1, 1, 8}, Shape{1, 1, 7, 8}, Shape{1, 1, 8, 7},
                             Shape{1, 5, 8, 8}, Shape{1, 0, 8, 8}, Shape{0, 1, 8, 8}, Shape{1, 1, 8, 8, 8}}) {
    CAPTURE(nuq::to_string(shape));
    CHECK_FALSE(nuq::takes_images(network(shape)));
  }
  nuq::Graph graph = network();
  graph.values[2].shape = {1, 16};
  CHECK(nuq::takes_images(graph));
  graph.nodes.clear();
  CHECK_FALSE(nuq::takes_images(graph));
}

TEST_CASE("a batch has the declared shapes, and as many images as its largest input") {
  const nuq::Graph graph = network();
  CHECK(nuq::images_per_batch(graph) == 2);
  const std::map<std::string, Tensor> images = nuq::synthetic_images(graph, {0.0F, 1.0F}, 0);
  REQUIRE(images.size() == 2);
  CHECK(images.at("image").shape == Shape{1, 3, 40, 30});
  CHECK(images.at("patch").shape == Shape{2, 1, 8, 9});
  const Tensor& patches = images.at("patch");
  CHECK_FALSE(std::equal(patches.values.begin(), patches.values.begin() + 72, patches.values.begin() + 72));
}

TEST_CASE("the same batch has the same images, in whatever range") {
  const nuq::Graph graph = network();
  const Tensor image = nuq::synthetic_images(graph, {0.0F, 1.0F}, 3).at("image");
  CHECK(nuq::synthetic_images(graph, {0.0F, 1.0F}, 3).at("image").values == image.values);
  CHECK(nuq::synthetic_images(graph, {0.0F, 1.0F}, 4).at("image").values != image.values);
  const Tensor bytes = nuq::synthetic_images(graph, {-128.0F, 128.0F}, 3).at("image");
  for (std::size_t at = 0; at < image.values.size(); ++at)
    CHECK(bytes.values[at] == doctest::Approx(256.0F * image.values[at] - 128.0F).epsilon(1e-4));
}

TEST_CASE("images have plain areas, edges, and colours over the whole range and little beyond") {
  const nuq::Graph graph = network();
  std::size_t equal = 0;
  std::size_t pairs = 0;
  double sum = 0.0;
  double squares = 0.0;
  double count = 0.0;
  for (int batch = 0; batch < 50; ++batch) {
    const Tensor image = nuq::synthetic_images(graph, {0.0F, 1.0F}, batch).at("image");
    for (std::size_t at = 0; at + 1 < image.values.size(); ++at, ++pairs)
      equal += image.values[at] == image.values[at + 1] ? 1U : 0U;
    for (const float value : image.values) {
      sum += static_cast<double>(value);
      squares += static_cast<double>(value) * static_cast<double>(value);
      count += 1.0;
    }
    const auto [least, most] = std::minmax_element(image.values.begin(), image.values.end());
    CHECK(*least >= -0.15F);
    CHECK(*most <= 1.15F);
  }
  const double share = static_cast<double>(equal) / static_cast<double>(pairs);
  CHECK(share > 0.5);
  CHECK(share < 0.95);
  const double mean = sum / count;
  CHECK(mean == doctest::Approx(0.5).epsilon(0.1));
  // of a uniform grey and a third of that in each channel
  CHECK(squares / count - mean * mean == doctest::Approx((1.0 + 0.09) / 12.0).epsilon(0.15));
}

}  // namespace calibration_synthetic_images_test
