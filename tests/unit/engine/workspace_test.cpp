#include "nuq/engine/workspace.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

using nuq::Workspace;

TEST_CASE("every task runs once, and no two at a time have one worker's scratch memory") {
  for (std::size_t threads = 1; threads <= 3; ++threads) {
    Workspace workspace(threads);
    for (const std::int64_t tasks : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      std::vector<std::atomic<int>> users(threads);
      std::atomic<int> shared{0};
      workspace.for_each_task(tasks, [&](std::int64_t task, std::size_t worker) {
        REQUIRE(worker < threads);
        if (++users[worker] != 1) ++shared;
        float* const scratch = workspace.scratch(worker, 1000);
        scratch[999] = static_cast<float>(task);
        ++runs[static_cast<std::size_t>(task)];
        --users[worker];
      });
      for (const std::atomic<int>& run : runs) CHECK(run == 1);
      CHECK(shared == 0);
    }
  }
}

TEST_CASE("little work stays on the calling thread, until more is announced") {
  Workspace workspace(3);
  CHECK(workspace.threads() == 3);
  workspace.expect_work(1000);
  CHECK(workspace.threads() == 1);
  const std::thread::id caller = std::this_thread::get_id();
  int runs = 0;
  workspace.for_each_task(100, [&](std::int64_t, std::size_t worker) {
    CHECK(worker == 0);
    CHECK((std::this_thread::get_id() == caller));
    ++runs;
  });
  CHECK(runs == 100);
  workspace.expect_work((std::numeric_limits<std::int64_t>::max)());
  CHECK(workspace.threads() == 3);
}

TEST_CASE("ranges cover all items once, whatever the size of an item") {
  Workspace workspace(2);
  for (const std::int64_t count : {0, 1, 1000, 100000}) {
    for (const std::int64_t item_size : {0, 1, 1000, 1000000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
      workspace.for_each_range(count, item_size, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t item = begin; item < end; ++item) ++seen[static_cast<std::size_t>(item)];
      });
      std::size_t once = 0;
      for (const std::atomic<int>& times : seen) once += times == 1 ? 1U : 0U;
      CHECK(once == seen.size());
    }
  }
}

TEST_CASE("scratch memory begins at a cache line and is kept") {
  Workspace workspace(1);
  float* const large = workspace.scratch(0, 5000);
  CHECK(reinterpret_cast<std::uintptr_t>(large) % 64 == 0);
  CHECK(workspace.scratch(0, 10) == large);
  CHECK(workspace.scratch(0, 5000) == large);
}
