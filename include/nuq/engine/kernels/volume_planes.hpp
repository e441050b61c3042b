#ifndef NUQ_ENGINE_KERNELS_VOLUME_PLANES_HPP
#define NUQ_ENGINE_KERNELS_VOLUME_PLANES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The planes of a volume, those of its last two axes, that windows read: a window at a position along the outer axes
/// has a tap for each plane that it spans. Of an image, whose window spans its one plane, all counts are 1.
class VolumePlanes {
 public:
  static constexpr std::int64_t padding = -1;

  /// Refers to the geometry.
  NUQ_FUNCTION explicit VolumePlanes(const ConvolutionGeometry& geometry) : geometry_(geometry) {
    for (const WindowAxis& axis : geometry.outer) {
      count_ *= axis.input;
      positions_ *= axis.output;
      taps_ *= axis.kernel;
    }
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] std::int64_t positions() const noexcept { return positions_; }
  [[nodiscard]] std::int64_t taps() const noexcept { return taps_; }

  /// Which plane a tap of the window at `position` reads, or `padding`; all numbered row-major.
  NUQ_FUNCTION [[nodiscard]] std::int64_t plane(std::int64_t position, std::int64_t tap) const {
    std::int64_t plane = 0;
    std::int64_t positions = positions_;
    std::int64_t taps = taps_;
    for (const WindowAxis& axis : geometry_.outer) {
      positions /= axis.output;
      taps /= axis.kernel;
      const std::int64_t at =
          position / positions % axis.output * axis.stride - axis.pad + tap / taps % axis.kernel * axis.dilation;
      if (at < 0 || at >= axis.input) return padding;
      plane = plane * axis.input + at;
    }
    return plane;
  }

  /// The same windows over images that have the taps' planes as channels, channel by channel, an image for each
  /// position: filters stay as they are.
  NUQ_FUNCTION [[nodiscard]] ConvolutionGeometry of_images() const {
    ConvolutionGeometry images = geometry_;
    images.batch = positions_;
    images.in_channels *= taps_;
    images.outer.clear();
    return images;
  }

 private:
  const ConvolutionGeometry& geometry_;
  std::int64_t count_ = 1;
  std::int64_t positions_ = 1;
  std::int64_t taps_ = 1;
};

/// A volume of `channels` channels, their planes of `plane_size` values, as the images of `VolumePlanes::of_images`.
NUQ_FUNCTION inline void gather_planes(Workspace& workspace, const VolumePlanes& planes, std::int64_t channels,
                                       std::int64_t plane_size, const float* volume, float* images) {
  const std::int64_t image_planes = channels * planes.taps();
  workspace.for_each_range(planes.positions() * image_planes, plane_size, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; ++at) {
      const std::int64_t plane = planes.plane(at / image_planes, at % planes.taps());
      const std::int64_t channel = at % image_planes / planes.taps();
      float* const target = images + at * plane_size;
      if (plane == VolumePlanes::padding) {
        std::fill_n(target, plane_size, 0.0F);
      } else {
        std::copy_n(volume + (channel * planes.count() + plane) * plane_size, plane_size, target);
      }
    }
  });
}

/// The transpose: every plane of the images is added to the plane of the volume that it was gathered from.
NUQ_FUNCTION inline void scatter_planes(Workspace& workspace, const VolumePlanes& planes, std::int64_t channels,
                                        std::int64_t plane_size, const float* images, float* volume) {
  workspace.for_each_task(channels, [&](std::int64_t channel, std::size_t) {
    for (std::int64_t position = 0; position < planes.positions(); ++position) {
      for (std::int64_t tap = 0; tap < planes.taps(); ++tap) {
        const std::int64_t plane = planes.plane(position, tap);
        if (plane == VolumePlanes::padding) continue;
        const float* const source = images + ((position * channels + channel) * planes.taps() + tap) * plane_size;
        float* const target = volume + (channel * planes.count() + plane) * plane_size;
        for (std::int64_t at = 0; at < plane_size; ++at) target[at] += source[at];
      }
    }
  });
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_KERNELS_VOLUME_PLANES_HPP
