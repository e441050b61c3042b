#ifndef NUQ_SEARCH_WITHIN_BYTES_HPP
#define NUQ_SEARCH_WITHIN_BYTES_HPP

#include "nuq/compiled.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The most accurate configuration of at most so many bytes, among those that are expected to be accurate.
///
/// 1. Int8 in every layer, which the others are compared with; asks for finer options around the uniform configurations
///    between which the size lies.
/// 2. The optimal allocations of so many bytes, and of a few per cent less (PriceFamily): metrics of real data are no
///    function of the predicted harm.
/// 3. The uniform configurations that are small enough, from the largest on.
///
/// Where the smallest configuration is too large it is evaluated, so that its size is known, and nothing is found.
struct WithinBytes {
  double bytes = 0.0;

  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/search/detail/price_family.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SearchResult WithinBytes::search(SearchProblem& problem) const {
  problem.seek_best_within(bytes);
  problem.evaluate(problem.int8());
  const auto fits = [&](const Configuration& configuration) { return problem.total_bytes(configuration) <= bytes; };
  const auto first_that_fits = [&](const std::vector<Configuration>& uniform) {
    return static_cast<std::size_t>(std::find_if(uniform.begin(), uniform.end(), fits) - uniform.begin());
  };
  std::vector<Configuration> uniform = problem.uniform_family();
  const std::size_t first = first_that_fits(uniform);
  if (first > 0) problem.refine(uniform[first - 1], uniform[(std::min)(first, uniform.size() - 1)]);
  const detail::PriceFamily family(problem);
  if (!fits(family.smallest())) problem.evaluate(family.smallest());
  for (const double share : {1.0, 0.98, 0.95, 0.9}) {
    const Configuration optimal = family.within_bytes(share * bytes);
    if (fits(optimal)) problem.evaluate(optimal);
  }
  uniform = problem.uniform_family();
  constexpr std::size_t most_uniform = 4;
  const std::size_t begin = first_that_fits(uniform);
  for (std::size_t index = begin; index < (std::min)(begin + most_uniform, uniform.size()); ++index)
    problem.evaluate(uniform[index]);
  return problem.conclude();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_WITHIN_BYTES_HPP
