#ifndef NUQ_CALIBRATION_SYNTHETIC_IMAGES_HPP
#define NUQ_CALIBRATION_SYNTHETIC_IMAGES_HPP

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The values of an image's pixels.
struct PixelRange {
  float low;
  float high;
};

/// Those that networks are usually trained with: scaled to one, brought to unit variance, bytes less their mean.
inline constexpr std::array<PixelRange, 3> usual_pixel_ranges = {{{0.0F, 1.0F}, {-2.0F, 2.0F}, {-128.0F, 128.0F}}};

/// Whether each of a network's inputs that is read may be images: of a declared shape of four axes, one to four
/// channels, at least eight pixels high and wide.
NUQ_FUNCTION [[nodiscard]] bool takes_images(const Graph& graph);

/// The images in a batch of a network that `takes_images`: the largest first extent of its inputs.
NUQ_FUNCTION [[nodiscard]] std::int64_t images_per_batch(const Graph& graph);

/// A batch of images for a network that `takes_images`, by blob, where there are no data: discs and rectangles that
/// hide one another, of any size and colour, which have the edges, the plain areas and about the spectrum of
/// photographs (the dead leaves model: Lee, Mumford & Huang, Occlusion models for natural images, IJCV 41, 2001). The
/// same for the same `batch`.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, Tensor> synthetic_images(const Graph& graph, PixelRange range,
                                                                          int batch);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/core/support/random.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A disc or a rectangle.
struct Leaf {
  bool is_disc;
  double row, col;
  double half_height, half_width;  ///< the first is a disc's radius

  [[nodiscard]] bool covers(double y, double x) const {
    const double down = y - row;
    const double right = x - col;
    if (is_disc) return down * down + right * right < half_height * half_height;
    return std::abs(down) < half_height && std::abs(right) < half_width;
  }
};

/// Small ones are frequent.
NUQ_FUNCTION [[nodiscard]] inline Leaf random_leaf(RandomEngine& random, double height, double width) {
  Leaf leaf{};
  const double size = 0.05 + 0.95 * uniform_unit(random);
  leaf.half_height = 0.5 * (std::min)(height, width) * size * size;
  leaf.half_width = leaf.half_height * (0.3 + 1.4 * uniform_unit(random));
  leaf.row = height * uniform_unit(random);
  leaf.col = width * uniform_unit(random);
  leaf.is_disc = uniform_unit(random) < 0.5;
  return leaf;
}

/// One of a grey and, in each channel, something else.
NUQ_FUNCTION [[nodiscard]] inline std::vector<float> random_colour(RandomEngine& random, std::size_t channels,
                                                                   PixelRange range) {
  const double grey = uniform_unit(random);
  std::vector<float> colour;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const auto share = static_cast<float>(grey + 0.3 * (uniform_unit(random) - 0.5));
    colour.push_back(range.low + (range.high - range.low) * share);
  }
  return colour;
}

/// `image`: [channels × height × width].
NUQ_FUNCTION inline void paint(float* image, const Shape& shape, PixelRange range, RandomEngine& random) {
  constexpr int leaves = 60;
  const auto channels = static_cast<std::size_t>(shape[1]);
  const auto height = static_cast<std::size_t>(shape[2]);
  const auto width = static_cast<std::size_t>(shape[3]);
  const auto fill = [&](std::size_t pixel, const std::vector<float>& colour) {
    for (std::size_t channel = 0; channel < channels; ++channel)
      image[channel * height * width + pixel] = colour[channel];
  };
  const std::vector<float> background = random_colour(random, channels, range);
  for (std::size_t pixel = 0; pixel < height * width; ++pixel) fill(pixel, background);
  for (int number = 0; number < leaves; ++number) {
    const Leaf leaf = random_leaf(random, static_cast<double>(height), static_cast<double>(width));
    const std::vector<float> colour = random_colour(random, channels, range);
    for (std::size_t row = 0; row < height; ++row) {
      if (std::abs(static_cast<double>(row) - leaf.row) >= leaf.half_height) continue;
      for (std::size_t col = 0; col < width; ++col) {
        if (leaf.covers(static_cast<double>(row), static_cast<double>(col))) fill(row * width + col, colour);
      }
    }
  }
}

}  // namespace detail

NUQ_DEFINITION bool takes_images(const Graph& graph) {
  constexpr std::int64_t least_extent = 8;
  constexpr std::int64_t most_channels = 4;
  bool is_read = false;
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  for (const std::size_t input : graph.inputs) {
    if (consumers[input].empty()) continue;
    const Shape& shape = graph.values[input].shape;
    if (shape.size() != 4 || shape[0] < 1 || shape[1] < 1 || shape[1] > most_channels) return false;
    if (shape[2] < least_extent || shape[3] < least_extent) return false;
    is_read = true;
  }
  return is_read;
}

NUQ_DEFINITION std::int64_t images_per_batch(const Graph& graph) {
  std::int64_t images = 1;
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  for (const std::size_t input : graph.inputs) {
    if (!consumers[input].empty()) images = (std::max)(images, graph.values[input].shape.front());
  }
  return images;
}

NUQ_DEFINITION std::map<std::string, Tensor> synthetic_images(const Graph& graph, PixelRange range, int batch) {
  std::map<std::string, Tensor> inputs;
  detail::RandomEngine random(static_cast<std::uint64_t>(batch));
  const std::vector<std::vector<std::size_t>> consumers = graph.consumers();
  for (const std::size_t input : graph.inputs) {
    if (consumers[input].empty()) continue;
    const Value& value = graph.values[input];
    Tensor tensor(value.shape);
    const std::size_t size = tensor.values.size() / static_cast<std::size_t>(value.shape.front());
    for (std::size_t first = 0; first < tensor.values.size(); first += size)
      detail::paint(tensor.values.data() + first, value.shape, range, random);
    inputs.emplace(value.blob, std::move(tensor));
  }
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_SYNTHETIC_IMAGES_HPP
