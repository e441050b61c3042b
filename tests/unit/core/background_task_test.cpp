#include "nuq/core/background_task.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace core_background_task_test {

TEST_CASE("the work is done beside the caller, and is there once it is finished") {
  std::atomic<bool> caller_goes_on{false};
  int result = 0;
  nuq::BackgroundTask task([&] {
    while (!caller_goes_on) std::this_thread::yield();
    result = 7;
  });
  caller_goes_on = true;
  task.finish();
  CHECK(result == 7);
}

TEST_CASE("what the work throws comes out of finish, and nowhere else") {
  nuq::BackgroundTask task([] { throw std::runtime_error("no disk"); });
  CHECK_THROWS_WITH_AS(task.finish(), "no disk", std::runtime_error);
  bool is_done = false;
  {
    nuq::BackgroundTask abandoned([&is_done] {
      is_done = true;
      throw std::runtime_error("nobody asks");
    });
  }
  CHECK(is_done);
}

}  // namespace core_background_task_test
