#include "nuq/evaluation/evaluator.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

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

struct SetInConstructor : nuq::AutoNuqEvaluatorBase<SetInConstructor> {
  int evaluate_batch_num;

  explicit SetInConstructor(int batches) : evaluate_batch_num(batches) {}
  double eval_model(std::string, const std::string&, const int batch_num) const { return batch_num; }
  bool is_satisfied(const double&, const double) const { return true; }
};

struct AssignsTheInherited : nuq::AutoNuqEvaluatorBase<AssignsTheInherited> {
  explicit AssignsTheInherited(int batches) { evaluate_batch_num = batches; }
};

struct PrivateNumber : nuq::AutoNuqEvaluatorBase<PrivateNumber> {
 private:
  [[maybe_unused]] int evaluate_batch_num = 3;
};

TEST_CASE("the number of batches is 0, a constant of the class, or what the constructor sets") {
  CHECK(nuq::evaluate_batch_num_of(InMemory{}) == 0);
  CHECK(nuq::evaluate_batch_num_of(FromFiles{}) == 7);
  CHECK(nuq::evaluate_batch_num_of(SetInConstructor(9)) == 9);
  CHECK(nuq::evaluate_batch_num_of(AssignsTheInherited(11)) == 11);
  CHECK_FALSE(nuq::has_evaluate_batch_num_v<PrivateNumber>);
}

TEST_CASE("an evaluation is asked for the evaluator's number of batches") {
  const SetInConstructor evaluator(9);
  nuq::BatchMetrics batches;
  CHECK(nuq::evaluate_files(evaluator, "model", "weights", batches) == 9.0);
}

TEST_CASE("an evaluator may be const where its members are") {
  CHECK(nuq::check_evaluator<SetInConstructor>());
  CHECK(nuq::check_evaluator<const SetInConstructor>());
  CHECK(nuq::check_evaluator<FromFiles>());
  CHECK_FALSE(nuq::has_eval_model_v<const FromFiles>);
}

struct Doubtful : nuq::AutoNuqEvaluatorBase<Doubtful> {
  [[nodiscard]] std::vector<std::string> warnings() const { return {"few samples"}; }
};

TEST_CASE("an evaluator may warn of its own metric") {
  CHECK(nuq::warnings_of(Doubtful{}) == std::vector<std::string>{"few samples"});
  CHECK(nuq::warnings_of(InMemory{}).empty());
}

}  // namespace evaluation_evaluator_test
