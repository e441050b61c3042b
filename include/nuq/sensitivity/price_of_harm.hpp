#ifndef NUQ_SENSITIVITY_PRICE_OF_HARM_HPP
#define NUQ_SENSITIVITY_PRICE_OF_HARM_HPP

#include <cmath>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// About the price per bit at which a uniform quantizer errs by `harm` on `weights` > 0 weights: by about 3 times the
/// price on each (RateStepQuantizer, κ = 4).
[[nodiscard]] constexpr double price_estimate(double harm, double weights) noexcept {
  return harm / (3.0 * weights);
}

/// The price per bit at which a network takes `harm` > 0, within 3 %, or the nearest price below where harm jumps.
///
/// @param harm_at  `harm_at(price)`, roughly increasing; called at most 56 times, usually about ten.
/// @param start    a price of the right order of magnitude, > 0.
template <class HarmAt>
[[nodiscard]] double price_of_harm(double harm, double start, HarmAt&& harm_at) {
  constexpr double tolerance = 0.03;
  constexpr int max_steps = 24;
  double low = start;
  for (int step = 0; step < max_steps && harm_at(low) > harm; ++step) low /= 4.0;
  double high = 4.0 * low;
  for (int step = 0; step < max_steps && harm_at(high) <= harm; ++step) {
    low = high;
    high *= 4.0;
  }
  for (int step = 0; step < 8; ++step) {
    const double middle = std::sqrt(low * high);
    const double there = harm_at(middle);
    (there <= harm ? low : high) = middle;
    if (std::abs(there - harm) <= tolerance * harm) return middle;
  }
  return low;
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_PRICE_OF_HARM_HPP
