#ifndef NUQ_CORE_ERROR_HPP
#define NUQ_CORE_ERROR_HPP

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What went wrong, for programs; `what()` says it for people.
enum class ErrorCode {
  invalid_argument,        ///< a parameter outside its range
  non_finite_value,        ///< NaN or infinity where a number is needed
  scale_out_of_range,      ///< a quantization scale that cannot be represented
  file_not_readable,       ///< missing, unreadable or empty file
  file_not_writable,       ///< cannot create, write, flush or rename
  malformed_file,          ///< the bytes are not of the format they claim
  unsupported_format,      ///< a known format (or version) that is not handled
  size_mismatch,           ///< a length that contradicts a shape or another length
  duplicate_name,          ///< two layers, keys or blobs of one name
  unknown_name,            ///< a layer, blob or key that does not exist
  invalid_graph,           ///< cycle, missing blob, blob overwritten before use
  unsupported_layer,       ///< a layer that cannot be computed or quantized
  missing_record,          ///< the record file lacks a factor of a layer
  configuration_mismatch,  ///< a configuration that does not belong to this model
  nothing_to_do,           ///< no layer left to quantize
  out_of_reach,            ///< a request that no result meets
  resource_limit,          ///< content of a file asks for more than ResourceLimits allow
  evaluation_failed        ///< the user's evaluator failed or returned no number
};

/// Root of every exception thrown by the library. The message has the form `file: layer 'name': what, got, wanted`, in
/// printable UTF-8 of 2,000 bytes at most (`printable_message`): names come from files.
class Error : public std::runtime_error {
 public:
  NUQ_FUNCTION Error(ErrorCode code, const std::string& message)
      : std::runtime_error("nuq: " + detail::printable_message(message)), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// `what()` without the library's name in front, for a caller that adds where it happened.
  NUQ_FUNCTION [[nodiscard]] const char* message() const noexcept { return what() + 5; }

 private:
  ErrorCode code_;
};

/// The model's files: mend the prototxt or the caffemodel.
class ModelError : public Error {
  using Error::Error;
};
/// The configuration or an argument: mend config.json, the simplified configuration or the call.
class ConfigError : public Error {
  using Error::Error;
};
/// The record file of quantization factors.
class RecordError : public Error {
  using Error::Error;
};
/// Any other file: arrays, datasets, packed models, reports.
class FormatError : public Error {
  using Error::Error;
};
/// The user's evaluator or its data.
class EvaluationError : public Error {
  using Error::Error;
};

namespace detail {

/// Throws `error`; prints it and aborts where exceptions are switched off.
template <class E>
[[noreturn]] void fail(const E& error) {
#if NUQ_HAS_EXCEPTIONS
  throw error;
#else
  std::fprintf(stderr, "%s\n", error.what());
  std::abort();
#endif
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_CORE_ERROR_HPP
