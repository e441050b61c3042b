#ifndef NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_HPP
#define NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/support/row_blocks.hpp"
#include "nuq/quantize/assign/detail/feedback_paths.hpp"
#include "nuq/quantize/assign/detail/prior_rows.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/scale_refit.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The factor of a problem that has a second-moment matrix: the one that calibration has left there, else a new one.
template <class Real>
class ProblemFactor {
 public:
  ProblemFactor(const LayerProblem& problem, double damping) : known_(problem.statistics->factor) {
    if (!known_) made_ = second_moment_factor<Real>(problem.statistics->second_moments, damping);
  }
  [[nodiscard]] const SecondMomentFactor& operator*() const noexcept { return known_ ? *known_ : made_; }

 private:
  const std::optional<SecondMomentFactor>& known_;
  SecondMomentFactor made_;
};

/// What a pass of feedback finds out besides the levels, for whoever asks.
struct FeedbackFindings {
  std::vector<ScaleFit> fits;           ///< of each row's levels
  std::vector<LevelHistogram> targets;  ///< by block of rows, each target with its cost
};

/// A block of rows on its way through the columns, in the factor's order. With the differences d = w − s·L, the error
/// of a row is dᵀHd = Σ_k t_k², t = dᵀR: t_k is known once weight k is fixed. Products are of floats, sums of squares
/// of doubles.
template <class Real = float>
class FactorRows {
 public:
  static constexpr std::ptrdiff_t cols_per_block = UpperTriangle::cols_per_block;

  FactorRows(const LayerProblem& problem, const SecondMomentFactor& factor, std::size_t first, std::size_t last)
      : problem_(problem),
        factor_(factor),
        first_(first),
        count_(static_cast<std::ptrdiff_t>(last - first)),
        differences_(count_, factor.upper.cols()),
        left_(count_),
        terms_(count_, cols_per_block) {}

  /// Fixes columns [begin, end), a block of the factor's, when those before them are fixed. What they take over from
  /// those is one matrix product, as in GPTQ's lazy batch updates. `met(target, cost)` hears what `choose` is asked.
  template <class Choose, class Met>
  void assign(std::ptrdiff_t begin, std::ptrdiff_t end, std::int8_t* levels, double* errors, const Choose& choose,
              const Met& met) {
    const MatrixBlock<Real> upper = factor_.upper.block(begin);
    linear_algebra::multiply(differences_.block(0, 0, count_, begin), {upper.data, begin, upper.cols, upper.stride},
                             carried_);
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      const auto diagonal = static_cast<double>(factor_.upper(k, k));
      std::copy_n(carried_.column(k - begin).data(), count_, left_.data());
      const ArrayView<const Real> above_diagonal(upper.data + (k - begin) * upper.stride + begin,
                                                 static_cast<std::size_t>(k - begin));
      linear_algebra::add_product(differences_.block(0, begin, count_, k - begin), above_diagonal, left_);
      const std::size_t col = factor_.order[static_cast<std::size_t>(k)];
      for (std::ptrdiff_t at = 0; at < count_; ++at) {
        const std::size_t row = first_ + static_cast<std::size_t>(at);
        const double scale = problem_.scale(row);
        const auto weight = static_cast<double>(problem_.weights(row, col));
        const auto left = static_cast<double>(left_[at]);
        const double made_up_for = diagonal > 0.0 ? left / diagonal : 0.0;  // next to nothing is 0 as a float
        const double target = (weight + made_up_for) / scale;
        const double cost = diagonal * diagonal * scale * scale;
        const std::int8_t level = choose(target, cost);
        met(target, cost);
        const double difference = weight - scale * static_cast<double>(level);
        const double term = left + diagonal * difference;
        levels[row * problem_.weights.cols() + col] = level;
        differences_(at, k) = static_cast<Real>(difference);
        terms_(at, k - begin) = term;
        errors[row] += term * term - factor_.damping * difference * difference;
      }
    }
  }

  /// Adds to the rows' fits what the columns [begin, end), just assigned, contribute: wᵀR is t + s·LᵀR.
  void add_fits(std::ptrdiff_t begin, std::ptrdiff_t end, const std::int8_t* levels, ScaleFit* fits) {
    levels_.resize(count_, factor_.upper.cols());  // the first call allocates, no other changes anything
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      const std::size_t col = factor_.order[static_cast<std::size_t>(k)];
      for (std::ptrdiff_t at = 0; at < count_; ++at) {
        const std::size_t row = first_ + static_cast<std::size_t>(at);
        levels_(at, k) = static_cast<Real>(levels[row * problem_.weights.cols() + col]);
      }
    }
    linear_algebra::multiply(levels_.block(0, 0, count_, end), factor_.upper.block(begin), level_terms_);
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      for (std::ptrdiff_t at = 0; at < count_; ++at) {
        const std::size_t row = first_ + static_cast<std::size_t>(at);
        const double scale = problem_.scale(row);
        const auto level = static_cast<double>(levels_(at, k));
        const auto level_term = static_cast<double>(level_terms_(at, k - begin));
        fits[row].add(terms_(at, k - begin) + scale * level_term, level_term);
        fits[row].add(static_cast<double>(differences_(at, k)) + scale * level, level, -factor_.damping);
      }
    }
  }

 private:
  const LayerProblem& problem_;
  const SecondMomentFactor& factor_;
  std::size_t first_;
  std::ptrdiff_t count_;
  DenseMatrix<Real> differences_;
  DenseMatrix<Real> carried_;  // dᵀR of a block of columns, of the differences before it alone
  DenseVector<Real> left_;     // the same of one column, with its block
  Matrix terms_;               // t of a block of columns
  DenseMatrix<Real> levels_;
  DenseMatrix<Real> level_terms_;  // LᵀR of a block of columns
};

/// Fixes the weights of all rows one after the other in the factor's order. For each it calls
/// `choose(target, cost)` → level: `target` is the value, in units of levels, that makes up for what the weights of its
/// row before it have left; a level L costs cost · (target − L)². Returns the `output_error` of each row; fills
/// `findings` unless null. Every row is independent of the others: the same levels for any number of threads.
template <class Choose>
std::vector<double> assign_with_factor(const LayerProblem& problem, const SecondMomentFactor& factor,
                                       std::int8_t* levels, const Choose& choose, FeedbackFindings* findings) {
  constexpr std::size_t rows_per_block = 32;
  const std::size_t rows = problem.weights.rows();
  const auto cols = static_cast<std::ptrdiff_t>(problem.weights.cols());
  const std::size_t blocks = (rows + rows_per_block - 1) / rows_per_block;
  std::vector<double> errors(rows);
  if (findings != nullptr) *findings = {std::vector<ScaleFit>(rows), std::vector<LevelHistogram>(blocks)};
  problem.parallel->for_each_block(blocks, [&](std::size_t block) {
    const std::size_t first = block * rows_per_block;
    FactorRows<> block_rows(problem, factor, first, (std::min)(first + rows_per_block, rows));
    for (std::ptrdiff_t begin = 0; begin < cols; begin += FactorRows<>::cols_per_block) {
      const std::ptrdiff_t end = (std::min)(begin + FactorRows<>::cols_per_block, cols);
      block_rows.assign(begin, end, levels, errors.data(), choose, [&](double target, double cost) {
        if (findings != nullptr) findings->targets[block].add(target, cost);
      });
      if (findings != nullptr) block_rows.add_fits(begin, end, levels, findings->fits.data());
    }
  });
  return errors;
}

/// Sixteen rows at a time: each waits for its own weight before, not for those of the others.
using PriorLanes = std::array<double, 16>;
using LevelLanes = std::array<std::int8_t, 16>;

/// sums += factor · terms, lane by lane.
NUQ_FUNCTION void add_scaled(PriorLanes& sums, double factor, const PriorLanes& terms) noexcept;

/// A group of rows on its way through the columns, in their order, with a guessed second-moment matrix. Lanes without a
/// row get weights of 0.
template <class Real>
class PriorGroup {
 public:
  PriorGroup(const LayerProblem& problem, const PriorRows<Real>& rows, std::size_t first)
      : problem_(problem),
        rows_(rows),
        first_(first),
        count_((std::min)(LevelLanes{}.size(), problem.weights.rows() - first)),
        differences_(static_cast<std::size_t>(rows.moments().taps()) + 1) {
    for (std::size_t lane = 0; lane < scale_.size(); ++lane) {
      scale_[lane] = lane < count_ ? problem.scale(first + lane) : 1.0;
      inverse_scale_[lane] = 1.0 / scale_[lane];
    }
  }

  /// Fixes the columns of channels [begin, end), when those before them are fixed.
  template <class Choose>
  void assign(const std::vector<DenseMatrix<Real>>& factors, std::size_t begin, std::size_t end, std::int8_t* levels,
              const Choose& choose) {
    const std::size_t taps = differences_.size() - 1;
    read_weights(begin * taps, end * taps);
    for (std::size_t channel = begin; channel < end; ++channel) {
      for (std::size_t k = 1; k <= taps; ++k)
        assign_column(factors[channel], k, channel * taps + k - 1, (channel - begin) * taps + k - 1, choose);
      for (std::size_t k = 1; k <= taps; ++k) add_scaled(differences_[0], 1.0, differences_[k]);
    }
    write_levels(begin * taps, levels);
  }

  /// The `output_error` of each row.
  void copy_errors(std::vector<double>& errors) const {
    std::copy(error_.data(), error_.data() + count_, errors.begin() + static_cast<std::ptrdiff_t>(first_));
  }

 private:
  void read_weights(std::size_t begin, std::size_t end) {
    weights_.resize(end - begin);
    levels_.resize(end - begin);
    for (std::size_t lane = 0; lane < count_; ++lane) {
      const float* const row = problem_.weights.row(first_ + lane).data() + begin;
      for (std::size_t at = 0; at < weights_.size(); ++at) weights_[at][lane] = static_cast<double>(row[at]);
    }
  }

  void write_levels(std::size_t begin, std::int8_t* levels) const {
    for (std::size_t lane = 0; lane < count_; ++lane) {
      std::int8_t* const row = levels + (first_ + lane) * problem_.weights.cols() + begin;
      for (std::size_t at = 0; at < levels_.size(); ++at) row[at] = levels_[at][lane];
    }
  }

  /// Tap k, counted from 1, of a channel: column `col`, which is the block's `at`.
  template <class Choose>
  void assign_column(const DenseMatrix<Real>& factor, std::size_t k, std::size_t col, std::size_t at,
                     const Choose& choose) {
    const double* const terms = factor.data() + k * differences_.size();
    const double root = rows_.root(col);
    const double cost = terms[k] * root;
    const double inverse_cost = cost > 0.0 ? 1.0 / cost : 0.0;
    const PriorLanes& weight = weights_[at];
    PriorLanes term{};
    for (std::size_t i = 0; i < k; ++i) add_scaled(term, terms[i], differences_[i]);
    PriorLanes target;
    PriorLanes costs;
    for (std::size_t lane = 0; lane < term.size(); ++lane) {
      target[lane] = (weight[lane] + term[lane] * inverse_cost) * inverse_scale_[lane];
      costs[lane] = cost * cost * (scale_[lane] * scale_[lane]);
    }
    levels_[at] = choose(target, costs);
    const LevelLanes& level = levels_[at];
    PriorLanes& difference = differences_[k];
    for (std::size_t lane = 0; lane < term.size(); ++lane)
      difference[lane] = (weight[lane] - scale_[lane] * static_cast<double>(level[lane])) * root;
    add_scaled(term, terms[k], difference);
    for (std::size_t lane = 0; lane < term.size(); ++lane) error_[lane] += term[lane] * term[lane];
  }

  const LayerProblem& problem_;
  const PriorRows<Real>& rows_;
  std::size_t first_;
  std::size_t count_;
  PriorLanes scale_;
  PriorLanes inverse_scale_;
  PriorLanes error_{};
  std::vector<PriorLanes> differences_;  // of a channel's taps; in front their sum over the channels before
  std::vector<PriorLanes> weights_;      // of a block of columns
  std::vector<LevelLanes> levels_;
};

/// The same as `assign_with_factor` with a guessed second-moment matrix: channel by channel, in the order of the
/// columns. `factors`: PriorMoments::factor of each channel. `choose` is asked for many rows at once: it takes
/// PriorLanes.
template <class Real, class Choose>
std::vector<double> assign_with_prior(const LayerProblem& problem, const PriorRows<Real>& rows,
                                      const std::vector<DenseMatrix<Real>>& factors, std::int8_t* levels,
                                      const Choose& choose) {
  constexpr std::size_t lanes = LevelLanes{}.size();
  constexpr std::size_t cols_per_block = 64;
  const auto taps = static_cast<std::size_t>(rows.moments().taps());
  const std::size_t channels_per_block = (cols_per_block + taps - 1) / taps;
  std::vector<double> errors(problem.weights.rows());
  problem.parallel->for_each_block((errors.size() + lanes - 1) / lanes, [&](std::size_t index) {
    PriorGroup<Real> group(problem, rows, index * lanes);
    for (std::size_t begin = 0; begin < factors.size(); begin += channels_per_block)
      group.assign(factors, begin, (std::min)(begin + channels_per_block, factors.size()), levels, choose);
    group.copy_errors(errors);
  });
  return errors;
}

/// The same where nothing is to be made up for: every weight for itself.
template <class Choose>
std::vector<double> assign_each(const LayerProblem& problem, std::int8_t* levels, const Choose& choose) {
  std::vector<double> errors(problem.weights.rows());
  for_each_row_block(*problem.parallel, problem.weights.rows(), [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      const double scale = problem.scale(row);
      for (std::size_t col = 0; col < problem.weights.cols(); ++col) {
        const double target = static_cast<double>(problem.weights(row, col)) / scale;
        const double cost = problem.importance(col) * scale * scale;
        const std::int8_t level = choose(target, cost);
        const double off = target - static_cast<double>(level);
        levels[row * problem.weights.cols() + col] = level;
        errors[row] += cost * off * off;
      }
    }
  });
  return errors;
}

/// Assignment with as much feedback as the statistics of a problem allow; what it needs of them is made once.
template <class Real>
class Feedback {
 public:
  /// `problem` must live as long. `damping` is for a second-moment matrix without a factor.
  Feedback(const LayerProblem& problem, double damping) : problem_(problem) {
    if (problem.has_second_moments()) factor_.emplace(problem, damping);
    if (!problem.has_prior()) return;
    prior_.emplace(problem);
    for (std::size_t channel = 0; channel < prior_->moments().channels(); ++channel)
      prior_factors_.push_back(prior_->moments().factor(channel));
  }

  /// Calls `choose(target, cost)` → level for every weight, see `assign_with_factor`. Returns the `output_error`; fills
  /// `findings`, unless null, where the second-moment matrix is known.
  template <class Choose>
  double assign(std::int8_t* levels, const Choose& choose, FeedbackFindings* findings = nullptr) const {
    return assign(problem_, levels, choose, findings);
  }

  /// The same for other rows with the same statistics.
  template <class Choose>
  double assign(const LayerProblem& rows, std::int8_t* levels, const Choose& choose,
                FeedbackFindings* findings = nullptr) const {
    const std::vector<double> errors = factor_  ? assign_with_factor(rows, **factor_, levels, choose, findings)
                                       : prior_ ? assign_with_prior(rows, *prior_, prior_factors_, levels, choose)
                                                : assign_each(rows, levels, choose);
    return sum(errors);
  }

  /// The same by `width` paths in each row, where the second-moment matrix is known. `choose` also names the cheapest
  /// levels, see FactorPaths.
  template <class Choose>
  double assign_by_paths(std::size_t width, std::int8_t* levels, const Choose& choose) const {
    if (!factor_ || width < 2) return assign(levels, choose);
    return sum(detail::assign_by_paths(problem_, **factor_, width, levels, choose));
  }

 private:
  [[nodiscard]] static double sum(const std::vector<double>& errors) {
    double error = 0.0;
    for (const double row_error : errors) error += row_error;
    return (std::max)(error, 0.0);  // without the damping next to nothing may be left
  }

  const LayerProblem& problem_;
  std::optional<ProblemFactor<Real>> factor_;
  std::optional<PriorRows<Real>> prior_;
  std::vector<DenseMatrix<Real>> prior_factors_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void add_scaled(PriorLanes& sums, double factor, const PriorLanes& terms) noexcept {
  for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += factor * terms[lane];
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_HPP
