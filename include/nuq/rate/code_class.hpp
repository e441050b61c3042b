#ifndef NUQ_RATE_CODE_CLASS_HPP
#define NUQ_RATE_CODE_CLASS_HPP

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Codewords of one length in a code whose lengths do not depend on the data: at most `capacity` levels of a layer may
/// cost `bits` each. A rate model of this kind has `static constexpr std::array<CodeClass, N> code_classes`, shortest
/// codewords first; the most frequent levels take them in turn.
struct CodeClass {
  int bits = 0;
  int capacity = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_RATE_CODE_CLASS_HPP
