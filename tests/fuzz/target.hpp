#ifndef NUQ_TESTS_FUZZ_TARGET_HPP
#define NUQ_TESTS_FUZZ_TARGET_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/core/error.hpp"

// NUQ_FUZZ_TARGET(name) { … } feeds `bytes` to the code under test, which may refuse them with an nuq::Error. Anything
// else that is thrown is a finding. A target is a program of libFuzzer, or one of many that replay.cpp runs.

struct FuzzTarget {
  const char* name;
  void (*feed)(std::string_view bytes);
};

inline void run_fuzz_target(const FuzzTarget& target, std::string_view bytes) {
  try {
    target.feed(bytes);
  } catch (const nuq::Error&) {  // refused
  }
}

/// What must hold of everything that is not refused.
inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

/// The parts of an input between lines of "%%%%"; empty ones where there are fewer than `count`.
inline std::vector<std::string_view> parts_of(std::string_view bytes, std::size_t count) {
  constexpr std::string_view line = "\n%%%%\n";
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < count && bytes.find(line) != std::string_view::npos) {
    parts.push_back(bytes.substr(0, bytes.find(line)));
    bytes.remove_prefix(parts.back().size() + line.size());
  }
  parts.push_back(bytes);
  parts.resize(count);
  return parts;
}

#if defined(NUQ_FUZZ_REPLAY)

inline std::vector<FuzzTarget>& fuzz_targets() {
  static std::vector<FuzzTarget> targets;
  return targets;
}

struct KnownFuzzTarget {
  explicit KnownFuzzTarget(const FuzzTarget& target) { fuzz_targets().push_back(target); }
};

#define NUQ_FUZZ_TARGET(name)                                           \
  static void name##_target(std::string_view bytes);                    \
  static const KnownFuzzTarget name##_is_known({#name, name##_target}); \
  static void name##_target(std::string_view bytes)

#else

#define NUQ_FUZZ_TARGET(name)                                                                                   \
  static void name##_target(std::string_view bytes);                                                            \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {                           \
    run_fuzz_target({#name, name##_target}, {reinterpret_cast<const char*>(data), data == nullptr ? 0 : size}); \
    return 0;                                                                                                   \
  }                                                                                                             \
  static void name##_target(std::string_view bytes)

#endif

#endif  // NUQ_TESTS_FUZZ_TARGET_HPP
