#ifndef NUQ_CORE_DEADLINE_HPP
#define NUQ_CORE_DEADLINE_HPP

#include <chrono>
#include <limits>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A moment after which work is cut short; by default there is none, and nothing ever asks the clock.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  Deadline() = default;
  /// `seconds` after `start`; none where they are infinite or NaN.
  NUQ_FUNCTION Deadline(Clock::time_point start, double seconds) noexcept
      : start_(start), seconds_(seconds < infinite ? seconds : infinite) {}

  [[nodiscard]] bool exists() const noexcept { return seconds_ < infinite; }

  /// Infinite where there is none, negative once it has passed.
  NUQ_FUNCTION [[nodiscard]] double seconds_left() const {
    return exists() ? seconds_ - std::chrono::duration<double>(Clock::now() - start_).count() : infinite;
  }

  NUQ_FUNCTION [[nodiscard]] bool has_passed() const { return exists() && seconds_left() <= 0.0; }

  /// An earlier one, when `share` of the time left will have gone by.
  NUQ_FUNCTION [[nodiscard]] Deadline after(double share) const {
    return exists() ? Deadline(Clock::now(), share * seconds_left()) : *this;
  }

 private:
  static constexpr double infinite = (std::numeric_limits<double>::infinity)();

  Clock::time_point start_{};
  double seconds_ = infinite;
};

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_DEADLINE_HPP
