#ifndef NUQ_REPORT_HTML_AXIS_HPP
#define NUQ_REPORT_HTML_AXIS_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Takes values to places of a picture, linearly or by their logarithms.
class Axis {
 public:
  /// `from` < `to`, positive where `is_log`; the places may descend.
  NUQ_FUNCTION Axis(double from, double to, double first_place, double last_place, bool is_log = false);

  NUQ_FUNCTION [[nodiscard]] double place(double value) const;
  /// The same of the nearest value within the axis.
  NUQ_FUNCTION [[nodiscard]] double place_within(double value) const;
  [[nodiscard]] double from() const noexcept { return from_; }
  [[nodiscard]] double to() const noexcept { return to_; }

  /// Round values within the axis: 1, 2 and 5 times powers of ten, about `count` of them.
  NUQ_FUNCTION [[nodiscard]] std::vector<double> ticks(int count) const;

 private:
  NUQ_FUNCTION [[nodiscard]] std::vector<double> log_ticks(int count) const;

  double from_;
  double to_;
  double first_place_;
  double last_place_;
  bool is_log_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cmath>

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_DEFINITION Axis::Axis(double from, double to, double first_place, double last_place, bool is_log)
    : from_(from), to_(to), first_place_(first_place), last_place_(last_place), is_log_(is_log) {}

NUQ_DEFINITION double Axis::place(double value) const {
  const double share = is_log_ ? std::log(value / from_) / std::log(to_ / from_) : (value - from_) / (to_ - from_);
  return first_place_ + share * (last_place_ - first_place_);
}

NUQ_DEFINITION double Axis::place_within(double value) const {
  return place((std::max)(from_, (std::min)(value, to_)));
}

NUQ_DEFINITION std::vector<double> Axis::ticks(int count) const {
  if (!std::isfinite(to_ - from_)) return {};
  if (is_log_) return log_ticks(count);
  const double least_step = (to_ - from_) / count;
  const double power = std::pow(10.0, std::floor(std::log10(least_step)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= least_step) step = factor * power;
  }
  std::vector<double> ticks;
  const auto last = static_cast<int>((to_ - from_) / step);
  const double first = std::ceil(from_ / step);
  for (int index = 0; index <= last; ++index) {
    const double tick = (first + index) * step;
    if (tick <= to_ + 1e-9 * step) ticks.push_back(tick);
  }
  return ticks;
}

NUQ_DEFINITION std::vector<double> Axis::log_ticks(int count) const {
  std::vector<double> ticks;
  const bool has_all = to_ < 128.0 * from_;
  for (double power = std::pow(10.0, std::floor(std::log10(from_))); power <= to_; power *= 10.0) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * power;
      if (tick >= from_ && tick <= to_ && (has_all || factor < 1.5)) ticks.push_back(tick);
    }
  }
  return ticks.size() < 3 ? Axis(from_, to_, first_place_, last_place_).ticks(count) : ticks;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_AXIS_HPP
