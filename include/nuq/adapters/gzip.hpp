#ifndef NUQ_ADAPTERS_GZIP_HPP
#define NUQ_ADAPTERS_GZIP_HPP

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Inflates the members of a gzip file one after the other, into a string that grows as bytes arrive.
class GzipInflater {
 public:
  GzipInflater(std::string_view packed, const std::string& file, std::uint64_t max_bytes)
      : packed_(packed), file_(file), max_bytes_(max_bytes) {
    constexpr int gzip_window = 15 + 16;  // largest window, gzip header and checksum expected
    if (::inflateInit2(&stream_, gzip_window) != Z_OK) malformed("zlib cannot start");
  }
  GzipInflater(const GzipInflater&) = delete;
  GzipInflater& operator=(const GzipInflater&) = delete;
  ~GzipInflater() { ::inflateEnd(&stream_); }

  [[nodiscard]] std::string inflate() {
    do {
      inflate_member();
      ::inflateReset(&stream_);
    } while (read_ < packed_.size());
    content_.resize(written_);
    return std::move(content_);
  }

 private:
  void inflate_member() {
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      if (written_ == content_.size()) grow();
      status = step();
      if (written_ > max_bytes_) malformed("holds more than " + std::to_string(max_bytes_) + " bytes");
      if (status == Z_BUF_ERROR) malformed("ends too early");
      if (status != Z_OK && status != Z_STREAM_END) malformed(stream_.msg == nullptr ? "damaged" : stream_.msg);
    }
  }

  /// One call of zlib, whose counts of bytes are narrower than a file may be.
  int step() {
    const uInt input = narrow(packed_.size() - read_);
    const uInt output = narrow(content_.size() - written_);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed_.data() + read_));
    stream_.avail_in = input;
    stream_.next_out = reinterpret_cast<Bytef*>(content_.data() + written_);
    stream_.avail_out = output;
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    read_ += input - stream_.avail_in;
    written_ += output - stream_.avail_out;
    return status;
  }

  void grow() {
    const std::uint64_t wanted = (std::max)(std::uint64_t{1} << 16U, 2 * std::uint64_t{written_});
    content_.resize(
        static_cast<std::size_t>((std::min)(wanted, max_bytes_) + 1));  // one more, to see content beyond the limit
  }

  [[nodiscard]] static uInt narrow(std::size_t size) noexcept {
    return static_cast<uInt>((std::min)(size, static_cast<std::size_t>((std::numeric_limits<uInt>::max)())));
  }
  [[noreturn]] void malformed(const std::string& what) const {
    fail(FormatError(ErrorCode::malformed_file, file_ + ": gzip: " + what));
  }

  z_stream stream_{};
  std::string_view packed_;
  const std::string& file_;
  std::uint64_t max_bytes_;
  std::size_t read_ = 0;
  std::string content_;
  std::size_t written_ = 0;
};

}  // namespace detail

/// The content of gzip data, checksums verified; several members in a row give their contents in a row. Memory grows
/// with the content found, to `max_bytes` at most. `file` is only named in messages. Throws FormatError malformed_file
/// where the data are damaged, cut off, followed by something else, or hold more than `max_bytes`.
[[nodiscard]] inline std::string gunzip(std::string_view packed, const std::string& file, std::uint64_t max_bytes) {
  return detail::GzipInflater(packed, file, max_bytes).inflate();
}

/// A FileReader that decompresses gzip files and passes all others through; the first bytes tell, whatever the file is
/// called.
struct GzipFileReader {
  ResourceLimits limits = ResourceLimits::from_environment();  ///< of what a compressed file may hold

  /// Throws FormatError file_not_readable, malformed_file.
  [[nodiscard]] std::string read(const std::string& path) const {
    const MappedFile file(path);
    const bool compressed = file.bytes().substr(0, 2) == "\x1f\x8b";
    return compressed ? gunzip(file.bytes(), path, limits.most_expanded(file.bytes().size()))
                      : std::string(file.bytes());
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_GZIP_HPP
