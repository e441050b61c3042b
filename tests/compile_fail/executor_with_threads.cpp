// expect: [nuq] an executor with threads needs an evaluator that is thread-safe
#include "nuq/search/executor.hpp"
#include "nuq/workflow/evaluator.hpp"

struct OneAtATime : nuq::AutoNuqEvaluatorBase<OneAtATime> {};

int main() {
  return nuq::check_executor<nuq::ThreadExecutor, nuq::is_thread_safe_v<OneAtATime>>() ? 0 : 1;
}
