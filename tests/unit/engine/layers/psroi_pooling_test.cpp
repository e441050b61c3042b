#include "nuq/engine/layers/psroi_pooling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

namespace engine_layers_psroi_pooling_test {

using nuq::Shape;
using nuq::Tensor;

/// For scales and bins that are powers of two, so that all borders are exact in float too.
std::vector<double> averages(const Tensor& map, const Tensor& rois, std::int64_t channels, std::int64_t bins,
                             double scale) {
  std::vector<double> result;
  const std::int64_t height = map.shape[2];
  const std::int64_t width = map.shape[3];
  for (std::int64_t roi = 0; roi < rois.shape[0]; ++roi) {
    const float* const values = rois.values.data() + roi * 5;
    const auto corner = [&](std::size_t at) { return std::round(static_cast<double>(values[at])); };
    const double top = corner(2) * scale;
    const double left = corner(1) * scale;
    const double bin_height = (std::max)((corner(4) + 1.0) * scale - top, 0.1) / static_cast<double>(bins);
    const double bin_width = (std::max)((corner(3) + 1.0) * scale - left, 0.1) / static_cast<double>(bins);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::int64_t by = 0; by < bins; ++by) {
        for (std::int64_t bx = 0; bx < bins; ++bx) {
          const std::int64_t plane =
              static_cast<std::int64_t>(values[0]) * map.shape[1] + (channel * bins + by) * bins + bx;
          double sum = 0.0;
          double count = 0.0;
          for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) {
              const bool inside =
                  static_cast<double>(y + 1) > top + static_cast<double>(by) * bin_height &&
                  static_cast<double>(y)<top + static_cast<double>(by + 1) * bin_height&& static_cast<double>(x + 1)>
                          left + static_cast<double>(bx) * bin_width &&
                  static_cast<double>(x) < left + static_cast<double>(bx + 1) * bin_width;
              if (!inside) continue;
              sum += static_cast<double>(map.values[static_cast<std::size_t>((plane * height + y) * width + x)]);
              count += 1.0;
            }
          }
          result.push_back(count > 0.0 ? sum / count : 0.0);
        }
      }
    }
  }
  return result;
}

TEST_CASE("position-sensitive pooling averages each bin over a channel of its own") {
  Dice dice(5);
  Tensor rois(Shape{60, 5});
  for (std::size_t at = 0; at < rois.values.size(); at += 5) {
    const std::int64_t x = dice(-30, 200);
    const std::int64_t y = dice(-30, 160);
    const float values[] = {static_cast<float>(dice(0, 1)), static_cast<float>(x), static_cast<float>(y),
                            static_cast<float>(x + dice(2, 120)), static_cast<float>(y + dice(2, 120))};
    std::copy(values, values + 5, rois.values.begin() + static_cast<std::ptrdiff_t>(at));
  }
  for (const std::int64_t bins : {1, 2, 4}) {
    const Tensor map = random_tensor({2, 3 * bins * bins, 12, 15}, 1);
    const nuq::Node node = layer_alone(
        "PSROIPooling",
        "psroi_pooling_param { spatial_scale: 0.0625 output_dim: 3 group_size: " + std::to_string(bins) + " }", {}, 2);
    const Tensor output = computed<nuq::detail::PsroiPoolingLayer>(node, {map, rois}, 2);
    REQUIRE(output.shape == Shape{60, 3, bins, bins});
    CHECK(relative_error(output.values, averages(map, rois, 3, bins, 0.0625)) < 1e-6);
  }
}

}  // namespace engine_layers_psroi_pooling_test
