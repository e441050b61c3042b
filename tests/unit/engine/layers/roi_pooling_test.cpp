#include "nuq/engine/layers/roi_pooling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_roi_pooling_test {

Node roi_pooling(const std::string& parameters) {
  return layer_alone("ROIPooling", "roi_pooling_param { " + parameters + " }", {}, 2);
}

/// Every position of the map is asked which bins it belongs to; extents are exact fractions here.
std::vector<double> pooled(const Tensor& map, const Tensor& rois, std::int64_t bins, double scale) {
  std::vector<double> result;
  const std::int64_t height = map.shape[2];
  const std::int64_t width = map.shape[3];
  for (std::int64_t roi = 0; roi < rois.shape[0]; ++roi) {
    const float* const values = rois.values.data() + roi * 5;
    const auto corner = [&](std::size_t at) {
      return static_cast<std::int64_t>(std::round(static_cast<double>(values[at]) * scale));
    };
    const std::int64_t rows = (std::max)(corner(4) - corner(2) + 1, std::int64_t{1});
    const std::int64_t cols = (std::max)(corner(3) - corner(1) + 1, std::int64_t{1});
    // Position p (from the region's first) lies in bin b where [p, p + 1) meets [b·extent/bins, (b + 1)·extent/bins).
    const auto in_bin = [&](std::int64_t p, std::int64_t b, std::int64_t extent) {
      return (p + 1) * bins > b * extent && p * bins < (b + 1) * extent;
    };
    for (std::int64_t channel = 0; channel < map.shape[1]; ++channel) {
      const std::int64_t plane = static_cast<std::int64_t>(values[0]) * map.shape[1] + channel;
      for (std::int64_t by = 0; by < bins; ++by) {
        for (std::int64_t bx = 0; bx < bins; ++bx) {
          bool any = false;
          double largest = -static_cast<double>(FLT_MAX);
          for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) {
              if (!in_bin(y - corner(2), by, rows) || !in_bin(x - corner(1), bx, cols)) continue;
              any = true;
              const std::size_t at = static_cast<std::size_t>((plane * height + y) * width + x);
              largest = (std::max)(largest, static_cast<double>(map.values[at]));
            }
          }
          result.push_back(any ? largest : 0.0);
        }
      }
    }
  }
  return result;
}

TEST_CASE("region pooling takes the largest value of each bin, regions beyond the map and upside down included") {
  Dice dice(3);
  const Tensor map = random_tensor({2, 3, 12, 15}, 1);
  Tensor rois(Shape{60, 5});
  for (std::size_t at = 0; at < rois.values.size(); at += 5) {
    rois.values[at] = static_cast<float>(dice(0, 1));
    for (std::size_t corner = 1; corner < 5; ++corner) rois.values[at + corner] = static_cast<float>(dice(-60, 300));
  }
  for (const std::int64_t bins : {1, 2, 4}) {
    const std::string count = std::to_string(bins);
    const Node node = roi_pooling("pooled_h: " + count + " pooled_w: " + count + " spatial_scale: 0.0625");
    const Tensor output = computed<nuq::detail::RoiPoolingLayer>(node, {map, rois}, 2);
    REQUIRE(output.shape == Shape{60, 3, bins, bins});
    CHECK(relative_error(output.values, pooled(map, rois, bins, 0.0625)) == 0.0);
  }
}

TEST_CASE("regions of no image, or with coordinates that are no pixels, are refused by name") {
  const Node node = roi_pooling("pooled_h: 2 pooled_w: 2");
  const Tensor map = random_tensor({1, 1, 4, 4}, 1);
  CaughtError error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::RoiPoolingLayer>(node, {map, Tensor({1, 5}, {1, 0, 0, 2, 2})});
  });
  CHECK(error.says("layer 'layer1': region 0 is of image 1, wanted 0 to 0"));
  const float nan = (std::numeric_limits<float>::quiet_NaN)();
  error = error_of<nuq::ModelError>([&] {
    computed<nuq::detail::RoiPoolingLayer>(node, {map, Tensor({1, 5}, {0, 0, nan, 2, 2})});
  });
  CHECK(error.says("layer 'layer1': region 0 has the coordinate "));
}

}  // namespace engine_layers_roi_pooling_test

namespace engine_layers_psroi_pooling_test {

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
