// expect: [nuq] EvaluationExecutor must provide: std::size_t width() const
#include <cstddef>

#include "nuq/evaluation/executor.hpp"

struct Idle {
  [[nodiscard]] std::size_t width() const { return 1; }
};

int main() {
  return nuq::check_executor<Idle, true>() ? 0 : 1;
}
