// Tests on real networks. NUQ_MODEL_ZOO names the folder that holds models/, datasets/ and data/; without it they are
// skipped, or fail where CI is set.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::printf("skipped: NUQ_MODEL_ZOO does not name a folder of real networks\n");
    constexpr int skipped = 77;
    return std::getenv("CI") == nullptr ? skipped : 1;
  }
  return doctest::Context(argc, argv).run();
}
