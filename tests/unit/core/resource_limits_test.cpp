#include "nuq/core/resource_limits.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>

#include "../error_of.hpp"

namespace core_resource_limits_test {

TEST_CASE("numbers of bytes are read with and without units, and nothing else is") {
  CHECK(nuq::parse_bytes("0", "x") == 0);
  CHECK(nuq::parse_bytes("500000", "x") == 500000);
  CHECK(nuq::parse_bytes("3K", "x") == 3072);
  CHECK(nuq::parse_bytes("4G", "x") == std::uint64_t{1} << 32U);
  CHECK(nuq::parse_bytes("18446744073709551615", "x") == ~std::uint64_t{0});
  CHECK(nuq::parse_bytes("16777215T", "x") == std::uint64_t{16777215} << 40U);
  for (const char* const text : {"", "G", "-1", "4GB", "4g", "1.5G", "18446744073709551616", "16777216T", " 4"}) {
    CAPTURE(text);
    const CaughtError error = error_of<nuq::ConfigError>([&] { static_cast<void>(nuq::parse_bytes(text, "LIMIT")); });
    CHECK(error.says("LIMIT '"));
  }
}

TEST_CASE("the environment overrides the defaults") {
  ::setenv("NUQ_MEMORY_LIMIT", "1M", 1);
  ::setenv("NUQ_LAYER_LIMIT", "", 1);
  const nuq::ResourceLimits limits = nuq::ResourceLimits::from_environment();
  CHECK(limits.memory == 1048576);
  CHECK(limits.layers == nuq::ResourceLimits().layers);
  ::setenv("NUQ_MEMORY_LIMIT", "much", 1);
  CHECK(error_of<nuq::ConfigError>([] {
          static_cast<void>(nuq::ResourceLimits::from_environment());
        }).says("NUQ_MEMORY_LIMIT 'much'"));
  ::unsetenv("NUQ_MEMORY_LIMIT");
  ::unsetenv("NUQ_LAYER_LIMIT");
}

TEST_CASE("memory beyond the limit is refused with what needs it and both sizes") {
  nuq::ResourceLimits limits;
  limits.require_memory(limits.memory, "all of it");
  const CaughtError error =
      error_of<nuq::FormatError>([&] { limits.require_memory(std::uint64_t{8589934588}, "net.prototxt: blob 'zz'"); });
  CHECK(error.code == nuq::ErrorCode::resource_limit);
  CHECK(error.says("net.prototxt: blob 'zz' needs 8.59 GB, the limit is 4.29 GB"));
}

TEST_CASE("content may grow freely up to 64 MiB, then in proportion, and never beyond memory") {
  nuq::ResourceLimits limits;
  CHECK(limits.most_expanded(1) == std::uint64_t{64} << 20U);
  CHECK(limits.most_expanded(1000000) == 1000000000);
  CHECK(limits.most_expanded(1000000000) == limits.memory);
  CHECK(limits.most_expanded(~std::uint64_t{0}) == limits.memory);
  limits.expansion = 0;
  CHECK(limits.most_expanded(1000) == std::uint64_t{64} << 20U);
}

}  // namespace core_resource_limits_test
