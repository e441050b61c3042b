#ifndef NUQ_QUANTIZE_ASSIGN_RATE_CONSTRAINED_ERROR_FEEDBACK_HPP
#define NUQ_QUANTIZE_ASSIGN_RATE_CONSTRAINED_ERROR_FEEDBACK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/assign/detail/feedback.hpp"
#include "nuq/quantize/assign/detail/feedback_paths.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Chooses the level of least cost · (target − L)² + price · bits(L) of a codebook.
class PricedLevels {
 public:
  NUQ_FUNCTION PricedLevels(const Codebook& codebook, const std::array<float, 256>& bits, double price);

  NUQ_FUNCTION [[nodiscard]] std::int8_t operator()(double target, double cost) const noexcept {
    const double bounded = (std::min)((std::max)(-128.0, target), 127.0);         // −128 of a NaN
    const std::size_t start = below_[static_cast<std::size_t>(bounded + 128.5)];  // of the nearest integer
    std::size_t best = (std::min)(start, codebook_.size() - 1);
    double least = total(best, target, cost);
    for (std::size_t index = best + 1; index < codebook_.size(); ++index) {
      if (!improves(index, target, cost, best, least)) break;
    }
    for (std::size_t index = start; index-- > 0;) {
      if (!improves(index, target, cost, best, least)) break;
    }
    return codebook_[best];
  }
  NUQ_FUNCTION [[nodiscard]] LevelLanes operator()(const PriorLanes& targets, const PriorLanes& costs) const noexcept {
    LevelLanes levels;
    for (std::size_t lane = 0; lane < levels.size(); ++lane) {
      levels[lane] = (*this)(targets[lane], costs[lane]);
    }
    return levels;
  }
  /// The cheapest levels, and how many.
  NUQ_FUNCTION std::size_t operator()(double target, double cost, PricedLevelChoices& choices) const noexcept;

 private:
  NUQ_FUNCTION [[nodiscard]] double distance(std::size_t index, double target, double cost) const noexcept;
  NUQ_FUNCTION [[nodiscard]] double total(std::size_t index, double target, double cost) const noexcept;
  /// Takes a level over if it is the best so far. False where no level behind it, farther from the target, can be.
  NUQ_FUNCTION bool improves(std::size_t index, double target, double cost, std::size_t& best,
                             double& least) const noexcept;

  const Codebook& codebook_;
  std::array<double, 256> prices_{};
  double least_price_ = 0.0;
  std::array<std::size_t, 256> below_{};
};

/// Some rows of a problem, evenly spaced: what is found out about these is likely to hold for all.
class SampledRows {
 public:
  /// At least `rows` of them with at least `weights` weights; all where there are no more.
  NUQ_FUNCTION SampledRows(const LayerProblem& problem, std::size_t rows, std::size_t weights);

  /// Refers to this object.
  [[nodiscard]] const LayerProblem& problem() const noexcept { return problem_; }

  SampledRows(const SampledRows&) = delete;
  SampledRows& operator=(const SampledRows&) = delete;

 private:
  std::vector<float> weights_;
  std::vector<float> scales_;
  LayerProblem problem_;
};

}  // namespace detail

/// Error feedback that also pays for bits: each weight takes the level of least error + price · bits. What a level
/// costs follows from how often the pass before took it, beginning with the nearest levels; of a large layer some rows
/// stand for all in every pass but the last. That one follows several paths in each row, fewer in a large layer, and
/// keeps the cheapest: with 8 of them 1 to 3 % fewer bytes at equal damage. Where the inputs'
/// second-moment matrix is unknown every weight pays for its own squared difference (entropy-constrained scalar
/// quantization, Chou, Lookabaugh and Gray 1989), otherwise for what is left after feedback.
template <class RateModel = EntropyRate>
struct RateConstrainedErrorFeedback {
  RateModel rate{};
  double price = 0.0;                ///< of one bit, in units of the layer's output error; ≥ 0
  int passes = 3;                    ///< ≥ 1; the last one is over all rows
  int paths = 8;                     ///< 1 … 32
  double damping = default_damping;  ///< as ErrorFeedback's

  [[nodiscard]] Assignment assign(const LayerProblem& problem, const Codebook& codebook) const {
    if constexpr (!require_rate_model<RateModel>()) {
      return {};
    } else {
      constexpr std::size_t sampled_rows = 96;
      constexpr std::size_t sampled_weights = 65'536;
      const detail::Feedback<double> feedback(problem, damping);
      const detail::SampledRows sample(problem, sampled_rows, sampled_weights);
      std::vector<std::int8_t> levels = nearest_levels(sample.problem(), codebook);
      const auto priced = [&] {
        return detail::PricedLevels(codebook, rate.bits_per_level(count_levels(levels)), price);
      };
      for (int pass = 1; pass < passes; ++pass) feedback.assign(sample.problem(), levels.data(), priced());
      const detail::PricedLevels choose = priced();
      levels.resize(problem.weights.size());
      const double output_error = feedback.assign_by_paths(width(problem), levels.data(), choose);
      const double error = output_error + price * bits(levels);
      return {std::move(levels), error, output_error};
    }
  }

  /// Output error + price · bits; perhaps less of it, but more than `enough`.
  [[nodiscard]] double error(const LayerProblem& problem, ArrayView<const std::int8_t> levels,
                             double enough = (std::numeric_limits<double>::infinity)()) const {
    const double paid = price * bits(levels);
    return paid > enough ? paid : output_error(problem, levels, enough - paid) + paid;
  }

 private:
  /// As many paths as are wanted and the layer's size allows.
  [[nodiscard]] std::size_t width(const LayerProblem& problem) const {
    constexpr double most_products = 1 << 25;  // hundredths of a second
    const auto cols = static_cast<double>(problem.weights.cols());
    const double products = 0.5 * static_cast<double>(problem.weights.size()) * cols;
    const double affordable = most_products / (std::max)(products, 1.0);
    const int wanted = (std::min)(paths, static_cast<int>(detail::FactorPaths<>::max_width));
    return static_cast<std::size_t>((std::max)(1.0, (std::min)(affordable, static_cast<double>(wanted))));
  }

  [[nodiscard]] double bits(ArrayView<const std::int8_t> levels) const {
    const LevelCounts counts = count_levels(levels);
    const std::array<float, 256> bits_per_level = rate.bits_per_level(counts);
    double total = 0.0;
    for (std::size_t index = 0; index < counts.size(); ++index) {
      total += static_cast<double>(counts[index]) * static_cast<double>(bits_per_level[index]);
    }
    return total;
  }
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION SampledRows::SampledRows(const LayerProblem& problem, std::size_t rows, std::size_t weights)
    : problem_(problem) {
  const MatrixView<const float>& all = problem.weights;
  rows = (std::max)(rows, (weights + all.cols() - 1) / (std::max)(all.cols(), std::size_t{1}));
  if (rows >= all.rows()) return;
  for (std::size_t index = 0; index < rows; ++index) {
    const std::size_t row = index * all.rows() / rows;
    weights_.insert(weights_.end(), all.row(row).begin(), all.row(row).end());
    scales_.push_back(static_cast<float>(problem.scale(row)));
  }
  problem_.weights = {weights_.data(), rows, all.cols()};
  problem_.scales = scales_;
}

NUQ_DEFINITION PricedLevels::PricedLevels(const Codebook& codebook, const std::array<float, 256>& bits, double price)
    : codebook_(codebook) {
  for (std::size_t index = 0; index < codebook.size(); ++index) {
    prices_[index] = price * static_cast<double>(bits[level_index(codebook[index])]);
    least_price_ = index == 0 ? prices_[0] : (std::min)(least_price_, prices_[index]);
  }
  for (int level = -128; level <= 127; ++level) {  // how many levels are below
    std::size_t below = 0;
    while (below < codebook.size() && codebook[below] < level) ++below;
    below_[level_index(level)] = below;
  }
}

NUQ_DEFINITION std::size_t PricedLevels::operator()(double target, double cost,
                                                    PricedLevelChoices& choices) const noexcept {
  std::size_t count = 0;
  const auto offer = [&](std::size_t index) {  // false where no level behind it can be among the cheapest
    const double apart = distance(index, target, cost);
    const double total = apart + prices_[index];
    if (count < choices.size()) {
      ++count;
    } else if (!(total < choices.back().total)) {
      return apart + least_price_ < choices.back().total;
    }
    std::size_t place = count - 1;
    for (; place > 0 && total < choices[place - 1].total; --place) choices[place] = choices[place - 1];
    choices[place] = {codebook_[index], apart, total};
    return true;
  };
  const double bounded = (std::min)((std::max)(-128.0, target), 127.0);
  const std::size_t start = below_[static_cast<std::size_t>(bounded + 128.5)];
  for (std::size_t index = start; index < codebook_.size() && offer(index); ++index) {
  }
  for (std::size_t index = start; index-- > 0 && offer(index);) {
  }
  return count;
}

NUQ_DEFINITION double PricedLevels::distance(std::size_t index, double target, double cost) const noexcept {
  const double difference = target - static_cast<double>(codebook_[index]);
  return cost * difference * difference;
}

NUQ_DEFINITION double PricedLevels::total(std::size_t index, double target, double cost) const noexcept {
  return distance(index, target, cost) + prices_[index];
}

NUQ_DEFINITION bool PricedLevels::improves(std::size_t index, double target, double cost, std::size_t& best,
                                           double& least) const noexcept {
  const double apart = distance(index, target, cost);
  if (apart + prices_[index] < least) {
    least = apart + prices_[index];
    best = index;
  }
  return apart + least_price_ < least;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_RATE_CONSTRAINED_ERROR_FEEDBACK_HPP
