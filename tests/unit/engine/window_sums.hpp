#ifndef NUQ_TESTS_UNIT_ENGINE_WINDOW_SUMS_HPP
#define NUQ_TESTS_UNIT_ENGINE_WINDOW_SUMS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/tensor.hpp"

/// Windows over any number of spatial axes, a value for each.
struct Windows {
  nuq::Shape kernel, stride, pad, dilation;

  /// As a prototxt has them.
  [[nodiscard]] std::string text() const {
    std::string fields;
    const auto add = [&fields](const std::string& name, const nuq::Shape& values) {
      for (const std::int64_t value : values) fields += name + ": " + std::to_string(value) + " ";
    };
    add("kernel_size", kernel);
    add("stride", stride);
    add("pad", pad);
    add("dilation", dilation);
    return fields;
  }
};

/// The places of a tensor of this shape, row-major.
inline std::vector<nuq::Shape> places_of(const nuq::Shape& shape) {
  std::vector<nuq::Shape> places = {{}};
  for (const std::int64_t extent : shape) {
    std::vector<nuq::Shape> longer;
    for (const nuq::Shape& place : places) {
      for (std::int64_t at = 0; at < extent; ++at) {
        longer.push_back(place);
        longer.back().push_back(at);
      }
    }
    places.swap(longer);
  }
  return places;
}

/// Calls visit(position, tap, index) for every window position and tap that reads within a tensor of the shape
/// `extents`: numbers of the position among `positions` and of the tap, index of what is read, all row-major.
template <class Visit>
void for_each_tap(const Windows& windows, const nuq::Shape& extents, const nuq::Shape& positions, const Visit& visit) {
  const std::vector<nuq::Shape> all_positions = places_of(positions);
  const std::vector<nuq::Shape> all_taps = places_of(windows.kernel);
  for (std::size_t position = 0; position < all_positions.size(); ++position) {
    for (std::size_t tap = 0; tap < all_taps.size(); ++tap) {
      std::int64_t index = 0;
      bool inside = true;
      for (std::size_t axis = 0; axis < extents.size(); ++axis) {
        const std::int64_t at = all_positions[position][axis] * windows.stride[axis] - windows.pad[axis] +
                                all_taps[tap][axis] * windows.dilation[axis];
        inside = inside && at >= 0 && at < extents[axis];
        index = index * extents[axis] + at;
      }
      if (inside) visit(position, tap, static_cast<std::size_t>(index));
    }
  }
}

#endif  // NUQ_TESTS_UNIT_ENGINE_WINDOW_SUMS_HPP
