#ifndef NUQ_SENSITIVITY_SEEK_PRICE_HPP
#define NUQ_SENSITIVITY_SEEK_PRICE_HPP

#include <algorithm>
#include <cmath>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// About the price per bit at which a uniform quantizer errs by `harm` on `weights` > 0 weights: by about 3 times the
/// price on each (RateStepQuantizer, κ = 4).
[[nodiscard]] constexpr double price_estimate(double harm, double weights) noexcept {
  return harm / (3.0 * weights);
}

/// Tries prices per bit until what they come to is `wanted` within `tolerance`, or jumps over it: steps of growing
/// length from `start` to where `wanted` lies between two prices, then interpolation in the price's logarithm.
///
/// @param start       a price of the right order of magnitude, > 0.
/// @param measure_at  `measure_at(price)` quantizes at a price and says what that comes to: roughly increasing with the
///                    price. Called at most 21 times, usually about four; the caller keeps what it likes best.
template <class MeasureAt>
void seek_price(double wanted, double start, double tolerance, MeasureAt&& measure_at) {
  constexpr int max_steps = 12;
  constexpr int max_interpolations = 8;
  constexpr double growth = 1.25;
  constexpr double least_share = 0.1;
  struct Point {
    double log_price;
    double measure;
  };
  const auto try_at = [&](double log_price) { return Point{log_price, measure_at(std::exp(log_price))}; };
  const auto is_near = [&](const Point& point) { return std::abs(point.measure - wanted) <= tolerance; };
  Point low = try_at(std::log(start));
  if (is_near(low)) return;
  Point high = low;
  const bool upwards = low.measure < wanted;
  double step = std::log(4.0);
  for (int count = 0; count < max_steps && (low.measure < wanted) == (high.measure < wanted); ++count) {
    Point& end = upwards ? high : low;
    (upwards ? low : high) = end;
    end = try_at(end.log_price + (upwards ? step : -step));
    if (is_near(end)) return;
    step *= growth;
  }
  if ((low.measure < wanted) == (high.measure < wanted)) return;
  for (int count = 0; count < max_interpolations; ++count) {
    const double straight = (wanted - low.measure) / (high.measure - low.measure);
    const double share =
        count % 3 == 2 ? 0.5 : (std::min)((std::max)(straight, least_share), 1.0 - least_share);  // curves may bend
    const Point between = try_at(low.log_price + share * (high.log_price - low.log_price));
    if (is_near(between)) return;
    (between.measure < wanted ? low : high) = between;
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_SEEK_PRICE_HPP
