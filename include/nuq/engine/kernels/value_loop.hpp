#ifndef NUQ_ENGINE_KERNELS_VALUE_LOOP_HPP
#define NUQ_ENGINE_KERNELS_VALUE_LOOP_HPP

#include <algorithm>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/version.hpp"

// The calls of a loop's body may be mixed: what one writes no other one reads.
#if defined(__GNUC__) && !defined(__clang__)
#define NUQ_INDEPENDENT_CALLS _Pragma("GCC ivdep")
#else
#define NUQ_INDEPENDENT_CALLS
#endif

NUQ_NAMESPACE_BEGIN
namespace detail {

// Loops over values, compiled for the compiler's own instruction set and for AVX2, without its fused multiply-add: both
// give the same bits.

template <class Body>
void loop_portable(std::int64_t begin, std::int64_t end, Body body) {
  NUQ_INDEPENDENT_CALLS
  for (std::int64_t at = begin; at < end; ++at) body(at);
}

#if NUQ_HAS_AVX2_KERNELS
template <class Body>
__attribute__((target("avx2"))) void loop_avx2(std::int64_t begin, std::int64_t end, Body body) {
  NUQ_INDEPENDENT_CALLS
  for (std::int64_t at = begin; at < end; ++at) body(at);
}
#endif

/// Calls `body(at)` for every index in [begin, end). A call may write only at its own index, over what it has read
/// there if need be.
template <class Body>
void for_each_index(std::int64_t begin, std::int64_t end, Body body) {
#if NUQ_HAS_AVX2_KERNELS
  if (__builtin_cpu_supports("avx2")) return loop_avx2(begin, end, body);
#endif
  loop_portable(begin, end, body);
}

/// Neighbours in memory, or one value that stands for all of them.
struct RunOperand {
  const float* values = nullptr;
  bool is_one = false;
};

/// output[at] = function(left, right) for `count` values; the output may be an operand that is not one value.
template <class Function>
void join_run(const RunOperand& left, const RunOperand& right, std::int64_t count, float* output, Function function) {
  const float* const x = left.values;
  const float* const y = right.values;
  if (left.is_one && right.is_one) {
    std::fill_n(output, count, function(*x, *y));
  } else if (left.is_one) {
    for_each_index(0, count, [=, one = *x](std::int64_t at) { output[at] = function(one, y[at]); });
  } else if (right.is_one) {
    for_each_index(0, count, [=, one = *y](std::int64_t at) { output[at] = function(x[at], one); });
  } else {
    for_each_index(0, count, [=](std::int64_t at) { output[at] = function(x[at], y[at]); });
  }
}

}  // namespace detail
NUQ_NAMESPACE_END

#undef NUQ_INDEPENDENT_CALLS

#endif  // NUQ_ENGINE_KERNELS_VALUE_LOOP_HPP
