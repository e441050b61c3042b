#include "nuq/evaluation/evaluator.hpp"

#include <doctest/doctest.h>

#include <string>

namespace evaluation_evaluator_test {

struct FromFiles : nuq::AutoNuqEvaluatorBase<FromFiles> {
  static constexpr int evaluate_batch_num = 7;
  float eval_model(const std::string&, std::string, long) { return 0.5F; }
  int is_satisfied(float, float) const { return 1; }
};

struct InMemory : nuq::AutoNuqEvaluatorBase<InMemory> {
  double eval_net(nuq::Net&, int) { return 0.0; }
  bool is_satisfied(double, double) { return true; }
  nuq::InputBatch calibration_batch(int) { return {}; }
};

struct Mistyped : nuq::AutoNuqEvaluatorBase<Mistyped> {
  std::string eval_model(const std::string&, const std::string&, int) { return {}; }
  void is_satisfied(double, double) {}
};

TEST_CASE("an evaluator is judged by whether its members can be called, not by their exact types") {
  CHECK(nuq::has_eval_model_v<FromFiles>);
  CHECK(nuq::has_is_satisfied_v<FromFiles>);
  CHECK_FALSE(nuq::has_eval_net_v<FromFiles>);
  CHECK_FALSE(nuq::has_calibration_batch_v<FromFiles>);
  CHECK(nuq::has_eval_net_v<InMemory>);
  CHECK_FALSE(nuq::has_eval_model_v<InMemory>);
  CHECK(nuq::has_calibration_batch_v<InMemory>);
}

TEST_CASE("a member whose result does not convert counts as missing") {
  CHECK_FALSE(nuq::has_eval_model_v<Mistyped>);
  CHECK_FALSE(nuq::has_is_satisfied_v<Mistyped>);
}

TEST_CASE("a member of the derived class hides the base's number of batches") {
  CHECK(InMemory::evaluate_batch_num == 0);
  CHECK(FromFiles::evaluate_batch_num == 7);
}

}  // namespace evaluation_evaluator_test
