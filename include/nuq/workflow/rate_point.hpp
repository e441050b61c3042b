#ifndef NUQ_WORKFLOW_RATE_POINT_HPP
#define NUQ_WORKFLOW_RATE_POINT_HPP

#include <cstdint>
#include <variant>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// As much predicted harm as the configured numbers of levels do at their best: each layer's `num_steps` levels of
/// least error, assigned with error feedback (NonUniformQuantizer<>). So the target decides on bytes alone: a price per
/// bit is expected to leave the network as accurate as target palette does.
struct HarmOfLevels {};

/// So many bits per weight, coded, in the mean over the weights of the quantized layers; the nearest that can be had.
struct BitsPerWeight {
  double bits = 0.0;
};

/// This price, in units of the network's output error.
struct PricePerBit {
  double price = 0.0;
};

/// As many bytes as RunReport::bytes may have, and no more.
struct BytesAtMost {
  std::uint64_t bytes = 0;
};

/// Which point on the curve of size against accuracy a quantizer with a price per bit is set to. At any of them one
/// price holds in all layers, so that nothing smaller is expected to do as little harm.
using RatePoint = std::variant<HarmOfLevels, BitsPerWeight, PricePerBit, BytesAtMost>;

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_RATE_POINT_HPP
