#ifndef NUQ_CALIBRATION_DETAIL_SAMPLE_POSITIONS_HPP
#define NUQ_CALIBRATION_DETAIL_SAMPLE_POSITIONS_HPP

#include <cstdint>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Random numbers for one image in the layer of a name, whatever has been drawn for others and whatever other layers
/// there are: the same network in another file format gets the same.
NUQ_FUNCTION [[nodiscard]] RandomEngine random_of_image(std::uint64_t seed, std::string_view layer,
                                                        std::uint64_t image);

/// Calls `visit(position)` for `wanted` ≤ `count` different positions of [0, count), ascending; any set of them is
/// equally likely. Source: Knuth, The Art of Computer Programming 2, §3.4.2, algorithm S.
template <class Visitor>
void visit_sample(std::uint64_t wanted, std::uint64_t count, RandomEngine random, Visitor&& visit) {
  for (std::uint64_t position = 0; wanted > 0; ++position) {
    if (uniform_unit(random) * static_cast<double>(count - position) >= static_cast<double>(wanted)) continue;
    visit(position);
    --wanted;
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION RandomEngine random_of_image(std::uint64_t seed, std::string_view layer, std::uint64_t image) {
  std::uint64_t name = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : layer) name = (name ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  const std::uint64_t layer_seed = RandomEngine(RandomEngine(seed)() + name)();
  return RandomEngine(RandomEngine(layer_seed + image)());
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_DETAIL_SAMPLE_POSITIONS_HPP
