#ifndef NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_PATHS_HPP
#define NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_PATHS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/array_view.hpp"
#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/statistics/second_moment_factor.hpp"
#include "nuq/quantize/statistics/upper_triangle.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A level that a weight may take, what it errs by and what it costs in all.
struct PricedLevel {
  std::int8_t level = 0;
  double error = 0.0;
  double total = 0.0;
};

/// The cheapest first.
using PricedLevelChoices = std::array<PricedLevel, 3>;

/// Feedback that does not commit itself: of each row the `width` cheapest ways to fix the columns so far go on, each
/// with the cheapest levels that its next weight may take (the M-algorithm). A group of rows on its way through the
/// columns, in the factor's order; `width` slots in a row are the paths of one of them. Products are of floats, sums of
/// doubles, as FactorRows'.
template <class Real = float>
class FactorPaths {
 public:
  static constexpr std::size_t max_width = 32;

  FactorPaths(const LayerProblem& problem, const SecondMomentFactor& factor, std::size_t first, std::size_t last,
              std::size_t width)
      : problem_(problem),
        factor_(factor),
        first_(first),
        width_(width),
        rows_(last - first),
        slots_(static_cast<std::ptrdiff_t>(rows_ * width)),
        differences_(slots_, factor.upper.cols()),
        left_(slots_),
        levels_(rows_ * width * static_cast<std::size_t>(factor.upper.cols())),
        origins_(rows_ * width),
        paths_(rows_ * width),
        live_(rows_, 1),
        moved_(width) {}

  /// Fixes all columns. `cheapest(target, cost, choices)` fills in the cheapest levels and returns how many; `errors`
  /// get the rows' output errors.
  template <class Cheapest>
  void assign(std::int8_t* levels, double* errors, const Cheapest& cheapest) {
    const std::ptrdiff_t cols = factor_.upper.cols();
    for (std::ptrdiff_t begin = 0; begin < cols; begin += UpperTriangle::cols_per_block)
      assign_block(begin, (std::min)(begin + UpperTriangle::cols_per_block, cols), cheapest);
    for (std::size_t at = 0; at < rows_; ++at) {
      const std::size_t row = first_ + at;
      for (std::ptrdiff_t k = 0; k < cols; ++k)
        levels[row * problem_.weights.cols() + factor_.order[static_cast<std::size_t>(k)]] = level(at * width_, k);
      errors[row] = paths_[at * width_].error;
    }
  }

 private:
  struct Path {
    double error = 0.0;  ///< the output error
    double total = 0.0;  ///< with the damping's share and what the levels cost
  };

  struct Step {
    std::size_t from = 0;  ///< path of the row
    PricedLevel to;
    double total = 0.0;
  };

  [[nodiscard]] std::int8_t& level(std::size_t slot, std::ptrdiff_t k) {
    return levels_[static_cast<std::size_t>(k) * rows_ * width_ + slot];
  }

  template <class Cheapest>
  void assign_block(std::ptrdiff_t begin, std::ptrdiff_t end, const Cheapest& cheapest) {
    const MatrixBlock<float> upper = factor_.upper.block(begin);
    linear_algebra::multiply(differences_.block(0, 0, slots_, begin), {upper.data, begin, upper.cols, upper.stride},
                             carried_);
    for (std::size_t slot = 0; slot < origins_.size(); ++slot) origins_[slot] = slot % width_;
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      std::copy_n(carried_.column(k - begin).data(), slots_, left_.data());
      const ArrayView<const Real> above_diagonal(upper.data + (k - begin) * upper.stride + begin,
                                                 static_cast<std::size_t>(k - begin));
      linear_algebra::add_product(differences_.block(0, begin, slots_, k - begin), above_diagonal, left_);
      for (std::size_t at = 0; at < rows_; ++at) fix(at, begin, k, end, cheapest);
    }
    for (std::size_t at = 0; at < rows_; ++at) {
      for (std::size_t path = 0; path < live_[at]; ++path) moved_[path] = origins_[at * width_ + path];
      move_columns(at, 0, begin);
    }
  }

  /// Column k of a row, in the block [begin, end).
  template <class Cheapest>
  void fix(std::size_t at, std::ptrdiff_t begin, std::ptrdiff_t k, std::ptrdiff_t end, const Cheapest& cheapest) {
    const double scale = problem_.scale(first_ + at);
    const auto diagonal = static_cast<double>(factor_.upper(k, k));
    const auto weight = static_cast<double>(problem_.weights(first_ + at, factor_.order[static_cast<std::size_t>(k)]));
    steps_.clear();
    for (std::size_t path = 0; path < live_[at]; ++path) {
      const auto left = static_cast<double>(left_[static_cast<std::ptrdiff_t>(at * width_ + path)]);
      const double target = (weight + (diagonal > 0.0 ? left / diagonal : 0.0)) / scale;
      PricedLevelChoices choices;
      const std::size_t count = cheapest(target, diagonal * diagonal * scale * scale, choices);
      for (std::size_t index = 0; index < count; ++index)
        offer({path, choices[index], paths_[at * width_ + path].total + choices[index].total});
    }
    for (std::size_t path = 0; path < steps_.size(); ++path) moved_[path] = steps_[path].from;
    live_[at] = steps_.size();
    go_on(at, begin, k, end);
    for (std::size_t path = 0; path < steps_.size(); ++path) {
      const std::size_t slot = at * width_ + path;
      const double difference = weight - scale * static_cast<double>(steps_[path].to.level);
      differences_(static_cast<std::ptrdiff_t>(slot), k) = static_cast<Real>(difference);
      level(slot, k) = steps_[path].to.level;
      paths_[slot].error += steps_[path].to.error - factor_.damping * difference * difference;
      paths_[slot].total = steps_[path].total;
    }
  }

  /// Keeps a step if it is among the cheapest so far; of equal ones the first.
  void offer(const Step& step) {
    if (steps_.size() == width_) {
      if (!(step.total < steps_.back().total)) return;
      steps_.pop_back();
    }
    std::size_t place = steps_.size();
    while (place > 0 && step.total < steps_[place - 1].total) --place;
    steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(place), step);
  }

  /// Gives a row's slots what the paths that they continue, `moved_`, know of the block.
  void go_on(std::size_t at, std::ptrdiff_t begin, std::ptrdiff_t k, std::ptrdiff_t end) {
    move_columns(at, begin, k);
    for (std::ptrdiff_t col = k + 1; col < end; ++col)
      move(&carried_(static_cast<std::ptrdiff_t>(at * width_), col - begin), at);
    move(origins_.data() + at * width_, at);
    move(paths_.data() + at * width_, at);
  }

  void move_columns(std::size_t at, std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t col = begin; col < end; ++col) {
      move(&differences_(static_cast<std::ptrdiff_t>(at * width_), col), at);
      move(&level(at * width_, col), at);
    }
  }

  template <class T>
  void move(T* values, std::size_t at) const {
    std::array<T, max_width> before;
    std::copy_n(values, width_, before.begin());
    for (std::size_t path = 0; path < live_[at]; ++path) values[path] = before[moved_[path]];
  }

  const LayerProblem& problem_;
  const SecondMomentFactor& factor_;
  std::size_t first_;
  std::size_t width_;
  std::size_t rows_;
  std::ptrdiff_t slots_;
  DenseMatrix<Real> differences_;
  DenseMatrix<Real> carried_;         // dᵀR of a block of columns, of the differences before it alone
  DenseVector<Real> left_;            // the same of one column, with its block
  std::vector<std::int8_t> levels_;   // column by column
  std::vector<std::size_t> origins_;  // which path of its row each slot continues, as they were when the block began
  std::vector<Path> paths_;
  std::vector<std::size_t> live_;   // paths of each row
  std::vector<std::size_t> moved_;  // which path of the row each of its slots continues
  std::vector<Step> steps_;         // the cheapest first
};

/// As `assign_with_factor`, with `width` paths, 1 to FactorPaths::max_width, of each row: see FactorPaths.
template <class Cheapest>
std::vector<double> assign_by_paths(const LayerProblem& problem, const SecondMomentFactor& factor, std::size_t width,
                                    std::int8_t* levels, const Cheapest& cheapest) {
  constexpr std::size_t slots_at_once = 32;
  const std::size_t rows_per_block = (std::max)(slots_at_once / width, std::size_t{1});
  const std::size_t rows = problem.weights.rows();
  std::vector<double> errors(rows);
  problem.parallel->for_each_block((rows + rows_per_block - 1) / rows_per_block, [&](std::size_t block) {
    const std::size_t first = block * rows_per_block;
    FactorPaths<>(problem, factor, first, (std::min)(first + rows_per_block, rows), width)
        .assign(levels, errors.data(), cheapest);
  });
  return errors;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_ASSIGN_DETAIL_FEEDBACK_PATHS_HPP
