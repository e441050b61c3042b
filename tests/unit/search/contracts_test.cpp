#include "nuq/search/contracts.hpp"

#include <doctest/doctest.h>

#include "nuq/search/bisection.hpp"
#include "nuq/search/exhaustive.hpp"
#include "nuq/search/greedy.hpp"

namespace search_contracts_test {

struct Int8Only {
  nuq::SearchResult search(nuq::SearchProblem& problem) const {
    problem.passes(problem.int8());
    return problem.conclude();
  }
};
struct NotConst {
  nuq::SearchResult search(nuq::SearchProblem&);
};
struct WrongResult {
  void search(nuq::SearchProblem&) const;
};

TEST_CASE("a search policy is known by its call") {
  CHECK(nuq::is_search_policy_v<Int8Only>);
  CHECK(nuq::is_search_policy_v<nuq::BisectionSearch>);
  CHECK(nuq::is_search_policy_v<nuq::GreedySearch>);
  CHECK(nuq::is_search_policy_v<nuq::ExhaustiveSearch>);
  CHECK_FALSE(nuq::is_search_policy_v<NotConst>);
  CHECK_FALSE(nuq::is_search_policy_v<WrongResult>);
  CHECK_FALSE(nuq::is_search_policy_v<int>);
}

TEST_CASE("a user's policy gets the guarantees of the problem") {
  auto accept = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{1.0, true}; };
  nuq::SearchProblem problem({{{2.0, 0.0, 256}, {1.0, 1.0, 32}}}, {}, accept);
  CHECK(nuq::run_search(Int8Only{}, problem).best->configuration == nuq::Configuration{1});
}

}  // namespace search_contracts_test
