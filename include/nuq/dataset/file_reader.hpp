#ifndef NUQ_DATASET_FILE_READER_HPP
#define NUQ_DATASET_FILE_READER_HPP

#include <string>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {
template <class P>
using read_op = decltype(std::declval<const P&>().read(std::declval<const std::string&>()));
}  // namespace detail

/// A FileReader gives the bytes of a dataset's array file, decompressed if it knows how; it fails with FormatError.
///
///   struct FilesInMemory {
///     std::map<std::string, std::string> files;
///     std::string read(const std::string& path) const {
///       const auto file = files.find(path);
///       if (file == files.end()) throw nuq::FormatError(nuq::ErrorCode::file_not_readable, path + ": not in memory");
///       return file->second;
///     }
///   };
///
/// Shipped models: PlainFileReader; GzipFileReader in adapters/gzip.hpp.
template <class P>
inline constexpr bool is_file_reader_v = detail::returns<std::string, detail::read_op, P>();

/// Reads files as they are.
struct PlainFileReader {
  /// Throws FormatError file_not_readable, and unsupported_format for gzip data.
  NUQ_FUNCTION [[nodiscard]] std::string read(const std::string& path) const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <string_view>

#include "nuq/io/mapped_file.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::string PlainFileReader::read(const std::string& path) const {
  const MappedFile file(path);
  if (file.bytes().substr(0, 2) == "\x1f\x8b") {
    detail::fail(FormatError(
        ErrorCode::unsupported_format,
        path + ": compressed by gzip; read it with nuq::GzipFileReader (nuq/adapters/gzip.hpp) or decompress it"));
  }
  return std::string(file.bytes());
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_FILE_READER_HPP
