#ifndef NUQ_ENGINE_DETAIL_PLACE_OF_HPP
#define NUQ_ENGINE_DETAIL_PLACE_OF_HPP

#include <cmath>
#include <cstdint>
#include <string>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An input's value as one of `count` places, counted from 0. Throws ModelError for any other value.
[[nodiscard]] inline std::int64_t place_of(const LayerRef& layer, float value, std::int64_t count) {
  const double place = static_cast<double>(value);
  const bool is_place =
      is_finite(value) && place == std::floor(place) && place >= 0.0 && place < static_cast<double>(count);
  if (is_place) return static_cast<std::int64_t>(value);
  layer.fail(ErrorCode::invalid_argument, "an input holds " + number_text(static_cast<double>(value)) +
                                              " as an index, wanted a whole number from 0 to " +
                                              std::to_string(count - 1));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_DETAIL_PLACE_OF_HPP
