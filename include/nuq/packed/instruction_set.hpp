#ifndef NUQ_PACKED_INSTRUCTION_SET_HPP
#define NUQ_PACKED_INSTRUCTION_SET_HPP

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

// Decoders for instruction sets beyond the compiler's own flags, chosen at run time.
#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define NUQ_HAS_AVX2_DECODERS 1
#include <immintrin.h>
#else
#define NUQ_HAS_AVX2_DECODERS 0
#endif

NUQ_NAMESPACE_BEGIN

/// What a decoder may use. All of them give the same output.
enum class InstructionSet {
  portable,  ///< C++ alone
  avx2       ///< x86-64 with AVX2
};

/// The fastest set that this machine can run.
NUQ_FUNCTION [[nodiscard]] inline InstructionSet best_instruction_set() noexcept {
#if NUQ_HAS_AVX2_DECODERS
  if (__builtin_cpu_supports("avx2")) return InstructionSet::avx2;
#endif
  return InstructionSet::portable;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_INSTRUCTION_SET_HPP
