// expect: [nuq] evaluate_batch_num of the evaluator must be a public number
#include "nuq/evaluation/evaluator.hpp"

class Closed : public nuq::AutoNuqEvaluatorBase<Closed> {
 public:
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
  bool is_satisfied(double, double) const { return true; }

 private:
  int evaluate_batch_num = 3;
};

int main() {
  return nuq::check_evaluator<Closed>() ? 0 : 1;
}
