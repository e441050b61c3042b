// expect: [nuq] SearchPolicy must provide: SearchResult search(SearchProblem&) const
#include "nuq/search/contracts.hpp"

struct NoSearch {};

int main() {
  auto accept = [](const nuq::Configuration&) { return nuq::EvaluationOutcome{0.0, true}; };
  nuq::SearchProblem problem({}, {}, accept);
  return nuq::run_search(NoSearch{}, problem).best.has_value() ? 0 : 1;
}
