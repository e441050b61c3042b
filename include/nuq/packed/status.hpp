#ifndef NUQ_PACKED_STATUS_HPP
#define NUQ_PACKED_STATUS_HPP

#include <cstdint>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What reading a packed file, or a part of one, came to.
enum class DecodeStatus : std::uint8_t {
  ok,
  truncated,            ///< the bytes end before what they announce, or go on behind it
  not_a_packed_file,    ///< another magic number
  unsupported_version,  ///< written by a later version
  malformed,            ///< a value that no writer stores
  checksum_mismatch,    ///< the bytes have changed since they were written
  wrong_size,           ///< the caller's memory has not the blob's number of values
  wrong_type            ///< the blob does not hold what was asked for
};

/// The status in words, for messages.
[[nodiscard]] constexpr const char* status_text(DecodeStatus status) noexcept {
  switch (status) {
    case DecodeStatus::ok:
      return "ok";
    case DecodeStatus::truncated:
      return "the size is not the one that the file announces";
    case DecodeStatus::not_a_packed_file:
      return "not a packed model file";
    case DecodeStatus::unsupported_version:
      return "a version of the format that this reader does not know";
    case DecodeStatus::malformed:
      return "malformed contents";
    case DecodeStatus::checksum_mismatch:
      return "a checksum does not match: the file is damaged";
    case DecodeStatus::wrong_size:
      return "the output has not the blob's number of values";
    case DecodeStatus::wrong_type:
      return "the blob holds values of another type";
  }
  return "unknown status";
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_STATUS_HPP
