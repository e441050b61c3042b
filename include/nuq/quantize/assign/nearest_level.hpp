#ifndef NUQ_QUANTIZE_ASSIGN_NEAREST_LEVEL_HPP
#define NUQ_QUANTIZE_ASSIGN_NEAREST_LEVEL_HPP

#include <cstdint>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/quantize/assign/contracts.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/quantize/assign/output_error.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The level nearest to w / scale (divided in double) for every weight, [out × in]; ties go as in NearestLevelTable.
/// With all 256 levels this is rounding to the int8 grid. `codebook` must not be empty.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int8_t> nearest_levels(const LayerProblem& problem,
                                                                   const Codebook& codebook);

/// Every weight takes its nearest level, whatever the others take.
struct NearestLevel {
  template <class Real = double>
  [[nodiscard]] Assignment assign(const LayerProblem& problem, const Codebook& codebook) const {
    std::vector<std::int8_t> levels = nearest_levels(problem, codebook);
    const double error = output_error<Real>(problem, levels);
    return {std::move(levels), error};
  }
};

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE)
template Assignment NearestLevel::assign<double>(const LayerProblem&, const Codebook&) const;
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <cstddef>

#include "nuq/core/support/row_blocks.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::vector<std::int8_t> nearest_levels(const LayerProblem& problem, const Codebook& codebook) {
  const NearestLevelTable nearest(codebook);
  std::vector<std::int8_t> levels(problem.weights.size());
  detail::for_each_row_block(*problem.parallel, problem.weights.rows(), [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      nearest.nearest(problem.weights.row(row), problem.scale(row), levels.data() + row * problem.weights.cols());
    }
  });
  return levels;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ASSIGN_NEAREST_LEVEL_HPP
