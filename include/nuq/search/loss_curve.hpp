#ifndef NUQ_SEARCH_LOSS_CURVE_HPP
#define NUQ_SEARCH_LOSS_CURVE_HPP

#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A loss of accuracy as an evaluation on a sample shows it.
struct ObservedLoss {
  double harm = 0.0;   ///< predicted, or a damage to the outputs that was measured
  double loss = 0.0;   ///< seen on the sample; may be negative
  double error = 0.0;  ///< its standard error
};

/// How far a loss may be out of proportion to a harm, in standard deviations.
struct Proportion {
  double exponent = 0.0;  ///< of the power of the harm, about 1
  double scatter = 0.0;   ///< of one configuration's harm, relative
};

/// Of harm that is predicted layer by layer.
inline constexpr Proportion predicted_proportion = {0.25, 0.15};
/// Of the outputs' mean divergence from the original's. On five classifiers the loss of accuracy over it is constant to
/// within a tenth from a loss of 0.3 % up to 60 %, that is over a factor of 40 and more of the divergence.
inline constexpr Proportion measured_proportion = {0.1, 0.1};

/// A loss of the metric and how well it is known.
struct LossEstimate {
  double loss = 0.0;
  double error = 0.0;  ///< standard error
};

/// The true loss as a function of the harm, from several evaluations on one sample.
///
/// A small random error of a network's outputs loses accuracy in proportion to its variance, but changes right to wrong
/// and wrong to right answers in proportion to its size: at four times the harm four times the loss stands against
/// twice the noise. So evaluations far beyond a limit say more about the loss at the limit than one at the limit does,
/// as far as the proportion holds (Proportion).
/// Each observation's straight line through the beginning gives an estimate; they are averaged by their variances,
/// those of harms within a factor of √2 as one. All are of the same samples: their noise is taken to be the same, and
/// does not average out; what the proportion is wrong by does.
class LossCurve {
 public:
  /// `beginning`: the loss without harm, known to be nothing or estimated.
  NUQ_FUNCTION explicit LossCurve(std::vector<ObservedLoss> observed, Proportion proportion = predicted_proportion,
                                  LossEstimate beginning = {});

  /// The loss at a harm ≥ 0. Of infinite error where nothing tells.
  NUQ_FUNCTION [[nodiscard]] LossEstimate at(double harm) const;

  /// The greatest harm at which estimate + `deviations` · error is within a limit of loss ≥ 0; 0 where there is none,
  /// infinite where all observed harm and four times as much is.
  NUQ_FUNCTION [[nodiscard]] double affordable_harm(double limit, double deviations) const;

 private:
  NUQ_FUNCTION [[nodiscard]] double observations_like(const ObservedLoss& one) const noexcept;

  std::vector<ObservedLoss> observed_;
  Proportion proportion_;
  LossEstimate beginning_;
};

/// The x that a standard normal variable exceeds with probability 1 − `probability`, which lies in (0, 1).
NUQ_FUNCTION [[nodiscard]] double normal_quantile(double probability) noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION LossCurve::LossCurve(std::vector<ObservedLoss> observed, Proportion proportion, LossEstimate beginning)
    : observed_(std::move(observed)), proportion_(proportion), beginning_(beginning) {}

NUQ_DEFINITION LossEstimate LossCurve::at(double harm) const {
  const auto square = [](double value) { return value * value; };
  double weights = 0.0;
  double losses = 0.0;
  double noise = 0.0;
  double misfits = 0.0;
  for (const ObservedLoss& one : observed_) {
    if (!(one.harm > 0.0)) continue;
    const double ratio = harm / one.harm;
    const double rise = (one.loss - beginning_.loss) * ratio;
    const double size = (std::max)(std::abs(rise), one.error * ratio);
    const double is_other = harm < one.harm || one.harm < harm ? 1.0 : 0.0;
    const double misfit =
        square(proportion_.exponent * std::log((std::max)(ratio, 1e-6))) + is_other * square(proportion_.scatter);
    const double own_noise = std::hypot(one.error * ratio, beginning_.error * (1.0 - ratio));
    const double variance = observations_like(one) * square(own_noise) + misfit * square(size);
    if (!(variance > 0.0)) {
      if (is_other < 0.5) return {one.loss, 0.0};
      continue;
    }
    weights += 1.0 / variance;
    losses += (beginning_.loss + rise) / variance;
    noise += own_noise / variance;
    misfits += misfit * square(size / variance);
  }
  if (!(weights > 0.0)) return {beginning_.loss, (std::numeric_limits<double>::infinity)()};
  return {losses / weights, std::sqrt(square(noise) + misfits) / weights};
}

NUQ_DEFINITION double LossCurve::affordable_harm(double limit, double deviations) const {
  double least = (std::numeric_limits<double>::infinity)();
  double greatest = 0.0;
  for (const ObservedLoss& one : observed_) {
    if (!(one.harm > 0.0)) continue;
    least = (std::min)(least, one.harm);
    greatest = (std::max)(greatest, one.harm);
  }
  constexpr double step = 1.02;
  double affordable = 0.0;
  for (double harm = least / 4.0; harm <= 4.0 * greatest; harm *= step) {
    const LossEstimate estimate = at(harm);
    if (!(estimate.loss + deviations * estimate.error <= limit)) return affordable;
    affordable = harm;
  }
  return affordable > 0.0 ? (std::numeric_limits<double>::infinity)() : 0.0;
}

NUQ_DEFINITION double LossCurve::observations_like(const ObservedLoss& one) const noexcept {
  constexpr double nearness = 1.4142135623730951;
  const auto like = std::count_if(observed_.begin(), observed_.end(), [&one](const ObservedLoss& other) {
    return other.harm < nearness * one.harm && one.harm < nearness * other.harm;
  });
  return static_cast<double>((std::max)(like, std::ptrdiff_t{1}));
}

NUQ_DEFINITION double normal_quantile(double probability) noexcept {
  double low = -40.0;
  double high = 40.0;
  for (int halving = 0; halving < 100; ++halving) {
    const double middle = (low + high) / 2.0;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_LOSS_CURVE_HPP
