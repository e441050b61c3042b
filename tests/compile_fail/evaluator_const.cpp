// expect: [nuq] a const evaluator needs const members
#include "nuq/evaluation/evaluator.hpp"

struct Changing : nuq::AutoNuqEvaluatorBase<Changing> {
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
  bool is_satisfied(double, double) const { return true; }
};

int main() {
  return nuq::check_evaluator<const Changing>() ? 0 : 1;
}
