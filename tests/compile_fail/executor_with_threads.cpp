// expect: [nuq] an executor with threads needs an evaluator that is thread-safe
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/evaluation/executor.hpp"

struct OneAtATime : nuq::AutoNuqEvaluatorBase<OneAtATime> {};

int main() {
  return nuq::check_executor<nuq::ThreadExecutor, nuq::is_thread_safe_v<OneAtATime>>() ? 0 : 1;
}
