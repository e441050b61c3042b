// expect: [nuq] the last argument of auto_nuq must be: nuq::Policies{quantizer, search, executor, progress}
#include "nuq/workflow/auto_nuq.hpp"

struct Top1 : nuq::AutoNuqEvaluatorBase<Top1> {
  double eval_model(const std::string&, const std::string&, int) { return 0.0; }
  bool is_satisfied(double, double) const { return true; }
};

int main() {
  return nuq::auto_nuq("", "", Top1{}, "", "", "", {}, nuq::RateQuantizer{}).satisfied ? 0 : 1;
}
