#include "nuq/evaluation/executor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../error_of.hpp"

namespace evaluation_executor_test {

/// A batch whose metrics are a function of index and attempt.
class Batch {
 public:
  Batch(std::size_t size, std::function<double(std::size_t, int)> metric)
      : metric_(std::move(metric)), attempts_(size), metrics_(size) {}

  [[nodiscard]] std::size_t size() const { return metrics_.size(); }
  void evaluate(std::size_t index) { record(index, metric_(index, ++attempts_[index])); }
  [[nodiscard]] nuq::ModelFiles files(std::size_t) const { return {}; }
  void record(std::size_t index, double metric) { metrics_[index] = metric; }
  void report_failure(std::size_t index, const std::string& message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failures.push_back(std::to_string(index) + ": " + message);
  }

  [[nodiscard]] std::optional<double> metric(std::size_t index) const { return metrics_[index]; }

  std::vector<std::string> failures;

 private:
  std::function<double(std::size_t, int)> metric_;
  std::vector<int> attempts_;
  std::vector<std::optional<double>> metrics_;
  std::mutex mutex_;
};

double failing(const std::string& message) {
  throw nuq::EvaluationError(nuq::ErrorCode::evaluation_failed, message);
}

struct WithoutRun {
  [[nodiscard]] std::size_t width() const { return 1; }
};

TEST_CASE("the contract tells executors from others") {
  CHECK(nuq::is_evaluation_executor_v<nuq::SerialExecutor>);
  CHECK(nuq::is_evaluation_executor_v<nuq::ThreadExecutor>);
  CHECK_FALSE(nuq::is_evaluation_executor_v<WithoutRun>);
  CHECK_FALSE(nuq::is_evaluation_executor_v<int>);
  CHECK(nuq::executor_uses_threads_v<nuq::ThreadExecutor>);
  CHECK_FALSE(nuq::executor_uses_threads_v<nuq::SerialExecutor>);
}

TEST_CASE_TEMPLATE("every model of a batch gets its metric", Executor, nuq::SerialExecutor, nuq::ThreadExecutor) {
  const Executor executor = [] {
    if constexpr (nuq::executor_uses_threads_v<Executor>)
      return Executor(4);
    else
      return Executor();
  }();
  Batch batch(executor.width(), [](std::size_t index, int) { return 10.0 * static_cast<double>(index); });
  executor.run(batch);
  for (std::size_t index = 0; index < batch.size(); ++index)
    CHECK(batch.metric(index) == 10.0 * static_cast<double>(index));
  CHECK(batch.failures.empty());
}

TEST_CASE_TEMPLATE("an evaluation that failed is reported and tried once more", Executor, nuq::SerialExecutor,
                   nuq::ThreadExecutor) {
  const Executor executor = [] {
    if constexpr (nuq::executor_uses_threads_v<Executor>)
      return Executor(2);
    else
      return Executor();
  }();
  Batch once(1, [](std::size_t, int attempt) { return attempt == 1 ? failing("disk full") : 0.5; });
  executor.run(once);
  CHECK(once.metric(0) == 0.5);
  CHECK(once.failures == std::vector<std::string>{"0: disk full"});

  Batch always(1, [](std::size_t, int attempt) { return failing("attempt " + std::to_string(attempt)); });
  CHECK(error_of<nuq::EvaluationError>([&] { executor.run(always); }).message == "nuq: attempt 2");
  CHECK(always.failures == std::vector<std::string>{"0: attempt 1"});

  Batch other(1, [](std::size_t, int) -> double { throw std::runtime_error("not an evaluation's"); });
  CHECK_THROWS_AS(executor.run(other), std::runtime_error);
  CHECK(other.failures.empty());
}

TEST_CASE("a model behind the first that fails twice stays without metric") {
  Batch batch(3, [](std::size_t index, int) { return index == 1 ? failing("lost") : 1.0; });
  nuq::ThreadExecutor(3).run(batch);
  CHECK(batch.metric(0) == 1.0);
  CHECK_FALSE(batch.metric(1));
  CHECK(batch.metric(2) == 1.0);
}

TEST_CASE("the models of a batch are evaluated at the same time") {
  std::mutex mutex;
  std::condition_variable arrived;
  std::size_t present = 0;
  Batch batch(3, [&](std::size_t, int) {  // returns 1 if all three were here together
    std::unique_lock<std::mutex> lock(mutex);
    ++present;
    arrived.notify_all();
    return arrived.wait_for(lock, std::chrono::seconds(20), [&] { return present == 3; }) ? 1.0 : 0.0;
  });
  nuq::ThreadExecutor(3).run(batch);
  for (std::size_t index = 0; index < 3; ++index) CHECK(batch.metric(index) == 1.0);
}

TEST_CASE("no threads are refused") {
  CHECK_THROWS_AS(nuq::ThreadExecutor(0), nuq::ConfigError);
}

}  // namespace evaluation_executor_test
