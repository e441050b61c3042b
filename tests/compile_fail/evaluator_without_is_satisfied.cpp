// expect: [nuq] the evaluator must provide: bool is_satisfied(
#include "nuq/workflow/auto_nuq.hpp"

struct Incomplete : nuq::AutoNuqEvaluatorBase<Incomplete> {
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
};

int main() {
  return nuq::auto_nuq("", "", Incomplete{}, "", "", "").satisfied ? 0 : 1;
}
