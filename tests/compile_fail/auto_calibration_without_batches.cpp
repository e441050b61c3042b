// expect: [nuq] the evaluator must provide: nuq::InputBatch calibration_batch(int index)
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"

struct Incomplete : nuq::AutoNuqEvaluatorBase<Incomplete> {
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
  bool is_satisfied(double, double) const { return true; }
};

int main() {
  return nuq::accuracy_based_auto_calibration("", "", Incomplete{}, "", "", "").satisfied ? 0 : 1;
}
