#ifndef NUQ_SEARCH_BINARY_SEARCH_HPP
#define NUQ_SEARCH_BINARY_SEARCH_HPP

#include <cstddef>
#include <vector>

#include "nuq/search/detail/bisection.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Bisection in the style of the vendor's accuracy-based calibration; the AMCT manual states the idea, the details are
/// ours.
///
/// 1. Int8 in every layer; refused: no answer.
/// 2. Bisects the uniform configurations (every layer at one number of levels) for the smallest that passes.
/// 3. Between that one and the next smaller: the layers ranked by predicted harm per saved byte, bisects how many of
/// them,
///    cheapest first, take the smaller option.
/// 4. The evaluator need not be monotone: tries the uniform configurations that are still smaller than the answer. If
/// one
///    passes, step 3 goes on from there.
///
/// At most 1 + ⌈log₂ U⌉ + ⌈log₂ L⌉ evaluations for U uniform configurations and L layers before step 4.
struct BinarySearch {
  [[nodiscard]] SearchResult search(SearchProblem& problem) const {
    const std::vector<Configuration> family = problem.uniform_family();
    if (!problem.passes(problem.int8())) return problem.conclude();
    const auto always = [] { return true; };
    detail::last_passing(
        family.size(), [&](std::size_t index) { return problem.passes(family[index]); }, always);
    do {
      detail::bisect_towards_next_uniform(problem, family, always);
    } while (problem.improve_by_uniform());
    return problem.conclude();
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_BINARY_SEARCH_HPP
