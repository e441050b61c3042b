#ifndef NUQ_IO_ARRAY_FILE_HPP
#define NUQ_IO_ARRAY_FILE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The array in the bytes of an .npy or IDX file; which of them, the first bytes tell, whatever the file is called.
/// Throws FormatError, see `parse_npy` and `parse_idx`.
NUQ_FUNCTION [[nodiscard]] NumericArray parse_array(std::string bytes, const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <string_view>
#include <utility>

#include "nuq/io/idx.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NumericArray parse_array(std::string bytes, const std::string& file) {
  const std::string_view start = std::string_view(bytes).substr(0, detail::npy_magic.size());
  if (start == detail::npy_magic) return parse_npy(std::move(bytes), file);
  if (start.substr(0, 2) == std::string_view("\0\0", 2)) return parse_idx(std::move(bytes), file);
  detail::fail(FormatError(ErrorCode::malformed_file, file + ": neither an npy nor an idx file"));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_ARRAY_FILE_HPP
