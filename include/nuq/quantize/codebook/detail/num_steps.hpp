#ifndef NUQ_QUANTIZE_CODEBOOK_DETAIL_NUM_STEPS_HPP
#define NUQ_QUANTIZE_CODEBOOK_DETAIL_NUM_STEPS_HPP

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// @throws ConfigError invalid_argument unless 1 ≤ num_steps ≤ 256.
NUQ_FUNCTION void check_num_steps(const char* selector, int num_steps);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

#include <string>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void check_num_steps(const char* selector, int num_steps) {
  if (num_steps < 1 || num_steps > 256) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     std::string(selector) + ": num_steps is " + std::to_string(num_steps) + ", wanted 1 to 256"));
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_CODEBOOK_DETAIL_NUM_STEPS_HPP
