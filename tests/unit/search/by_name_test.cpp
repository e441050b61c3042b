#include "nuq/search/by_name.hpp"

#include <doctest/doctest.h>

#include "nuq/search/contracts.hpp"

namespace search_by_name_test {

static_assert(nuq::is_search_policy_v<nuq::NamedSearch>);

TEST_CASE("every name stands for a search that ends") {
  const std::vector<nuq::LayerOptions> layers(2, {{100.0, 0.0, 256, 0.0}, {60.0, 1.0, 32, 0.0}, {40.0, 3.0, 16, 0.0}});
  for (const char* const name : {"rate-distortion", "binary", "greedy", "exhaustive"}) {
    CAPTURE(name);
    auto accepts = [](const nuq::Configuration& configuration) -> nuq::EvaluationOutcome {
      const int coarseness = configuration[0] + configuration[1];
      return {1.0 - 0.1 * coarseness, coarseness <= 3};
    };
    nuq::SearchProblem problem(layers, {}, accepts);
    CHECK(nuq::NamedSearch(name).search(problem).best->bytes == 100.0);
  }
}

TEST_CASE("another name is refused") {
  CHECK_THROWS_WITH_AS(nuq::NamedSearch("random"),
                       doctest::Contains("search 'random': wanted rate-distortion, binary, greedy or exhaustive"),
                       nuq::ConfigError);
}

}  // namespace search_by_name_test
