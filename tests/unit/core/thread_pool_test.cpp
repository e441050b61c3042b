#include "nuq/core/thread_pool.hpp"
#include "nuq/core/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

TEST_CASE("every block is called exactly once, whatever the numbers of blocks and threads") {
  for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
    nuq::ThreadPool parallel(threads);
    CHECK(parallel.threads() == threads);
    for (const std::size_t blocks : {0U, 1U, 2U, 7U, 1000U}) {
      std::vector<std::atomic<int>> calls(blocks);
      parallel.for_each_block(blocks, [&](std::size_t block) { ++calls.at(block); });
      bool once = true;
      for (const std::atomic<int>& count : calls) once = once && count == 1;
      CHECK(once);
    }
  }
}

TEST_CASE("all blocks have ended when the call returns, time after time on one pool") {
  nuq::ThreadPool parallel(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> results(16, 0);
    parallel.for_each_block(results.size(), [&](std::size_t block) { results[block] = round; });
    REQUIRE(results == std::vector<int>(16, round));
  }
}

TEST_CASE("more than one thread takes part") {
  nuq::ThreadPool parallel(2);
  // Two blocks that wait for each other can only end on two threads.
  std::atomic<int> arrived{0};
  parallel.for_each_block(2, [&](std::size_t) {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("of the blocks that throw the first by number is reported, and the pool serves on") {
  for (const std::size_t threads : {1U, 4U}) {
    nuq::ThreadPool parallel(threads);
    for (int round = 0; round < 50; ++round) {
      std::string message;
      try {
        parallel.for_each_block(100, [](std::size_t block) {
          if (block % 10 == 7) throw std::runtime_error("block " + std::to_string(block));
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      REQUIRE(message == "block 7");
    }
    std::atomic<int> calls{0};
    parallel.for_each_block(10, [&](std::size_t) { ++calls; });
    CHECK(calls == 10);
  }
}

TEST_CASE("no number of threads means the machine's, at least one") {
  CHECK(nuq::ThreadPool(0).threads() >= 1);
  CHECK(nuq::Parallel().threads() == 1);
}
