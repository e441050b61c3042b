// expect: [nuq] derive the evaluator as: class E : public nuq::AutoNuqEvaluatorBase<E>
#include "nuq/workflow/auto_nuq.hpp"

struct Mistaken : nuq::AutoNuqEvaluatorBase {
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
  bool is_satisfied(double, double) const { return true; }
};

int main() {
  return nuq::auto_nuq("", "", Mistaken{}, "", "", "").satisfied ? 0 : 1;
}
