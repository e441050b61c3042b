#include "nuq/io/prefix_lock.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace io_prefix_lock_test {

TEST_CASE("a prefix is one run's at a time, and the second is told whose") {
  const TemporaryFolder folder;
  const std::string prefix = folder / "new/net";
  {
    const nuq::PrefixLock lock(prefix);
    const CaughtError error = error_of<nuq::ConfigError>([&] { const nuq::PrefixLock second(prefix); });
    CHECK(error.says(prefix + ".lock: process " + std::to_string(::getpid())));
    const nuq::PrefixLock another(folder / "new/other");
  }
  CHECK(folder.entries() == 0);
  const nuq::PrefixLock again(prefix);
}

TEST_CASE("the lock of a process that died is taken over, and what it left is removed") {
  const TemporaryFolder folder;
  const ::pid_t child = ::fork();
  if (child == 0) {
    static const nuq::PrefixLock lock(folder / "net");
    folder.write("net_report.json." + std::to_string(::getpid()) + "-1.tmp", "half");
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  CHECK(folder.entries() == 2);
  const nuq::PrefixLock lock(folder / "net");
  CHECK(folder.entries() == 1);
}

}  // namespace io_prefix_lock_test
