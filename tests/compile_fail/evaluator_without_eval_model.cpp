// expect: [nuq] the evaluator must provide: double eval_model(
#include "nuq/workflow/auto_nuq.hpp"

struct Incomplete : nuq::AutoNuqEvaluatorBase<Incomplete> {
  bool is_satisfied(double, double) const { return true; }
};

int main() {
  return nuq::auto_nuq("", "", Incomplete{}, "", "", "").satisfied ? 0 : 1;
}
