#ifndef NUQ_SEARCH_BY_NAME_HPP
#define NUQ_SEARCH_BY_NAME_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/search/bisection.hpp"
#include "nuq/search/exhaustive.hpp"
#include "nuq/search/greedy.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/rate_distortion.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A SearchPolicy chosen by its name when the program runs.
class NamedSearch {
 public:
  /// `name`: "rate-distortion", "binary", "greedy" or "exhaustive". Throws ConfigError invalid_argument.
  NUQ_FUNCTION explicit NamedSearch(std::string name);

  NUQ_FUNCTION [[nodiscard]] SearchResult search(SearchProblem& problem) const;

 private:
  std::string name_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <utility>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NamedSearch::NamedSearch(std::string name) : name_(std::move(name)) {
  if (name_ != "binary" && name_ != "greedy" && name_ != "rate-distortion" && name_ != "exhaustive") {
    detail::fail(ConfigError(ErrorCode::invalid_argument,
                             "search '" + name_ + "': wanted rate-distortion, binary, greedy or exhaustive"));
  }
}

NUQ_DEFINITION SearchResult NamedSearch::search(SearchProblem& problem) const {
  if (name_ == "greedy") return GreedySearch{}.search(problem);
  if (name_ == "binary") return BisectionSearch{}.search(problem);
  if (name_ == "exhaustive") return ExhaustiveSearch{}.search(problem);
  return RateDistortionSearch{}.search(problem);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_BY_NAME_HPP
