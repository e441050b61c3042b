#ifndef NUQ_ASSIGN_DETAIL_FEEDBACK_HPP
#define NUQ_ASSIGN_DETAIL_FEEDBACK_HPP

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/assign/detail/prior_rows.hpp"
#include "nuq/assign/layer_problem.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/detail/row_blocks.hpp"
#include "nuq/core/feedback_factor.hpp"
#include "nuq/core/level_histogram.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The factor of a problem that has a covariance: the one that calibration has left there, else a new one.
class ProblemFactor {
 public:
  ProblemFactor(const LayerProblem& problem, double damping) : known_(problem.statistics->factor) {
    if (!known_) made_ = feedback_factor(problem.statistics->covariance, damping);
  }
  [[nodiscard]] const FeedbackFactor& operator*() const noexcept { return known_ ? *known_ : made_; }

 private:
  const std::optional<FeedbackFactor>& known_;
  FeedbackFactor made_;
};

/// Fixes the weights of all rows one after the other in the factor's order. For each it calls
/// `choose(target, cost)` → level: `target` is the value, in units of levels, that makes up for what the weights of its
/// row before it have left; a level L costs cost · (target − L)².
///
/// In blocks of columns: what a block takes over from those before it is one matrix product, as in GPTQ's lazy batch
/// updates. Every row is independent of the others: the same levels for any number of threads.
template <class Choose>
void assign_with_factor(const LayerProblem& problem, const FeedbackFactor& factor, std::int8_t* levels,
                        const Choose& choose) {
  constexpr Eigen::Index cols_per_block = 64;
  constexpr std::size_t rows_per_block = 32;
  const std::size_t rows = problem.weights.rows();
  const auto cols = static_cast<Eigen::Index>(problem.weights.cols());
  problem.parallel->for_each_block((rows + rows_per_block - 1) / rows_per_block, [&](std::size_t block) {
    const std::size_t first = block * rows_per_block;
    const std::size_t last = (std::min)(first + rows_per_block, rows);
    Eigen::MatrixXd differences(static_cast<Eigen::Index>(last - first), cols);  // w − scale·L, in the factor's order
    Eigen::MatrixXd carried;
    Eigen::VectorXd left;
    for (Eigen::Index begin = 0; begin < cols; begin += cols_per_block) {
      const Eigen::Index end = (std::min)(begin + cols_per_block, cols);
      carried.noalias() = differences.leftCols(begin) * factor.upper.block(0, begin, begin, end - begin);
      for (Eigen::Index k = begin; k < end; ++k) {
        const double diagonal = factor.upper(k, k);
        left = carried.col(k - begin);
        left.noalias() += differences.middleCols(begin, k - begin) * factor.upper.col(k).segment(begin, k - begin);
        const std::size_t col = factor.order[static_cast<std::size_t>(k)];
        for (std::size_t row = first; row < last; ++row) {
          const double scale = problem.scale(row);
          const auto at = static_cast<Eigen::Index>(row - first);
          const auto weight = static_cast<double>(problem.weights(row, col));
          const double target = (weight + left[at] / diagonal) / scale;
          const std::int8_t level = choose(target, diagonal * diagonal * scale * scale);
          levels[row * problem.weights.cols() + col] = level;
          differences(at, k) = weight - scale * static_cast<double>(level);
        }
      }
    }
  });
}

/// Histogram of the targets that `assign_with_factor` met on its way to `levels`, each with its cost: what levels
/// were asked for, where the weights themselves say only what they would be asked for if nothing had to be made up for.
[[nodiscard]] inline LevelHistogram feedback_targets(const LayerProblem& problem, const FeedbackFactor& factor,
                                                     ArrayView<const std::int8_t> levels) {
  constexpr std::size_t rows_per_block = 32;
  const std::size_t rows = problem.weights.rows();
  const std::size_t cols = problem.weights.cols();
  std::vector<LevelHistogram> partial((rows + rows_per_block - 1) / rows_per_block);
  problem.parallel->for_each_block(partial.size(), [&](std::size_t block) {
    const std::size_t first = block * rows_per_block;
    const std::size_t last = (std::min)(first + rows_per_block, rows);
    Eigen::MatrixXd differences(static_cast<Eigen::Index>(last - first), static_cast<Eigen::Index>(cols));
    for (std::size_t row = first; row < last; ++row) {
      for (std::size_t k = 0; k < cols; ++k) {
        const std::size_t col = factor.order[k];
        differences(static_cast<Eigen::Index>(row - first), static_cast<Eigen::Index>(k)) =
            static_cast<double>(problem.weights(row, col)) -
            problem.scale(row) * static_cast<double>(levels[row * cols + col]);
      }
    }
    const Eigen::MatrixXd terms = differences * factor.upper.triangularView<Eigen::Upper>();
    for (std::size_t row = first; row < last; ++row) {
      const double scale = problem.scale(row);
      for (std::size_t k = 0; k < cols; ++k) {
        const auto index = static_cast<Eigen::Index>(k);
        const double diagonal = factor.upper(index, index);
        const double level = static_cast<double>(levels[row * cols + factor.order[k]]);
        const double off = terms(static_cast<Eigen::Index>(row - first), index) / (diagonal * scale);
        partial[block].add(level + off, diagonal * diagonal * scale * scale);
      }
    }
  });
  LevelHistogram histogram;
  for (const LevelHistogram& part : partial) histogram.add(part);
  return histogram;
}

/// The same as `assign_with_factor` with a guessed covariance: channel by channel, in the order of the columns. Rows
/// go through in groups: each waits for its own weight before, not for those of the others.
template <class Choose>
void assign_with_prior(const LayerProblem& problem, const PriorRows& rows, std::int8_t* levels, const Choose& choose) {
  constexpr std::size_t lanes = 8;
  const auto taps = static_cast<std::size_t>(rows.moments().taps());
  const std::size_t cols = problem.weights.cols();
  std::vector<Eigen::MatrixXd> factors;
  for (std::size_t channel = 0; channel < rows.moments().channels(); ++channel)
    factors.push_back(rows.moments().factor(channel));
  const std::size_t groups = (problem.weights.rows() + lanes - 1) / lanes;
  problem.parallel->for_each_block(groups, [&](std::size_t group) {
    const std::size_t first = group * lanes;
    const std::size_t count = (std::min)(lanes, problem.weights.rows() - first);
    std::array<double, lanes> scale;
    std::array<double, lanes> inverse_scale;
    scale.fill(1.0);
    for (std::size_t lane = 0; lane < count; ++lane) scale[lane] = problem.scale(first + lane);
    for (std::size_t lane = 0; lane < lanes; ++lane) inverse_scale[lane] = 1.0 / scale[lane];
    std::vector<std::array<double, lanes>> differences(taps + 1);  // in front their sum over the channels before
    std::array<double, lanes> value{};
    std::array<double, lanes> left{};
    std::size_t col = 0;
    for (const Eigen::MatrixXd& factor : factors) {
      for (std::size_t k = 1; k <= taps; ++k, ++col) {
        const double* const terms = factor.data() + k * (taps + 1);
        const double root = rows.root(col);
        const double cost = terms[k] * root;
        const double inverse_cost = cost > 0.0 ? 1.0 / cost : 0.0;
        left.fill(0.0);
        for (std::size_t i = 0; i < k; ++i) {
          for (std::size_t lane = 0; lane < lanes; ++lane) left[lane] += differences[i][lane] * terms[i];
        }
        for (std::size_t lane = 0; lane < count; ++lane) {
          value[lane] = static_cast<double>(problem.weights(first + lane, col));
          const double target = (value[lane] + left[lane] * inverse_cost) * inverse_scale[lane];
          const std::int8_t level = choose(target, cost * cost * scale[lane] * scale[lane]);
          levels[(first + lane) * cols + col] = level;
          differences[k][lane] = (value[lane] - scale[lane] * static_cast<double>(level)) * root;
        }
      }
      for (std::size_t k = 1; k <= taps; ++k) {
        for (std::size_t lane = 0; lane < lanes; ++lane) differences[0][lane] += differences[k][lane];
      }
    }
  });
}

/// The same where nothing is to be made up for: every weight for itself.
template <class Choose>
void assign_each(const LayerProblem& problem, std::int8_t* levels, const Choose& choose) {
  for_each_row_block(*problem.parallel, problem.weights.rows(), [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      const double scale = problem.scale(row);
      for (std::size_t col = 0; col < problem.weights.cols(); ++col) {
        levels[row * problem.weights.cols() + col] =
            choose(static_cast<double>(problem.weights(row, col)) / scale, problem.importance(col) * scale * scale);
      }
    }
  });
}

/// Assignment with as much feedback as the statistics of a problem allow; what it needs of them is made once.
class Feedback {
 public:
  /// `problem` must live as long. `damping` is for a covariance without a factor.
  Feedback(const LayerProblem& problem, double damping) : problem_(problem) {
    if (problem.has_covariance()) factor_.emplace(problem, damping);
    if (problem.has_prior()) prior_.emplace(problem);
  }

  /// Calls `choose(target, cost)` → level for every weight, see `assign_with_factor`.
  template <class Choose>
  void assign(std::int8_t* levels, const Choose& choose) const {
    if (factor_) {
      assign_with_factor(problem_, **factor_, levels, choose);
    } else if (prior_) {
      assign_with_prior(problem_, *prior_, levels, choose);
    } else {
      assign_each(problem_, levels, choose);
    }
  }

 private:
  const LayerProblem& problem_;
  std::optional<ProblemFactor> factor_;
  std::optional<PriorRows> prior_;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ASSIGN_DETAIL_FEEDBACK_HPP
