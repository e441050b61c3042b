#ifndef NUQ_IO_LOCKED_FILE_HPP
#define NUQ_IO_LOCKED_FILE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A file that this process alone holds open and that grows at its end. The lock is the open file's: it goes with the
/// object or the process, whatever ends them.
class LockedFile {
 public:
  /// Opens or creates the file, missing folders too. Throws ConfigError invalid_argument if it is locked, FormatError
  /// file_not_writable.
  NUQ_FUNCTION explicit LockedFile(const std::string& path);
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  LockedFile(LockedFile&& other) noexcept { swap(other); }
  LockedFile& operator=(LockedFile&& other) noexcept;
  ~LockedFile();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// All bytes; `append` continues after them. Throws FormatError file_not_readable, malformed_file (too large).
  NUQ_FUNCTION [[nodiscard]] std::string read();

  /// Drops all bytes behind the first `size`. Throws FormatError file_not_writable.
  NUQ_FUNCTION void truncate(std::size_t size);

  /// Adds bytes at the end; they are on the disk when it returns. Throws FormatError file_not_writable; what a failure
  /// leaves behind is dropped before anything else is added.
  NUQ_FUNCTION void append(std::string_view bytes);

 private:
  NUQ_FUNCTION void swap(LockedFile& other) noexcept;

  std::string path_;
  int file_ = -1;
  std::size_t size_ = 0;      ///< bytes that count; at most max_journal_bytes
  bool has_remains_ = false;  ///< bytes of a failed `append` may lie behind them
};

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Far more than any search writes; a larger file is not a journal, or not one to load into memory.
inline constexpr std::size_t max_journal_bytes = std::size_t{64} << 20U;

NUQ_FUNCTION [[noreturn]] inline void fail_because_journal_is_used(const std::string& path) {
  fail(ConfigError(ErrorCode::invalid_argument, path + ": another run uses this journal; wait for it or name another"));
}

// What a journal needs of the system: an open file by its number, -1 for none; failures leave their cause in errno.
#if defined(_WIN32)
[[nodiscard]] inline int open_locked(const std::string& path) {
  int file = -1;
  ::_sopen_s(&file, path.c_str(), _O_RDWR | _O_CREAT | _O_BINARY | _O_NOINHERIT, _SH_DENYRW, _S_IREAD | _S_IWRITE);
  if (file < 0 && errno == EACCES && ::_access(path.c_str(), 6) == 0) fail_because_journal_is_used(path);
  if (file < 0) fail_to_write(path, last_system_error());
  return file;
}
[[nodiscard]] inline std::int64_t read_at(int file, std::size_t at, char* bytes, std::size_t size) noexcept {
  if (::_lseeki64(file, static_cast<std::int64_t>(at), SEEK_SET) < 0) return -1;
  return ::_read(file, bytes, static_cast<unsigned>(size));
}
[[nodiscard]] inline std::int64_t write_at(int file, std::size_t at, const char* bytes, std::size_t size) noexcept {
  if (::_lseeki64(file, static_cast<std::int64_t>(at), SEEK_SET) < 0) return -1;
  return ::_write(file, bytes, static_cast<unsigned>(size));
}
[[nodiscard]] inline std::int64_t size_of_open_file(int file) noexcept {
  return ::_filelengthi64(file);
}
[[nodiscard]] inline bool resize_open_file(int file, std::size_t size) noexcept {
  return ::_chsize_s(file, static_cast<std::int64_t>(size)) == 0;
}
[[nodiscard]] inline bool flush_open_file(int file) noexcept {
  return ::_commit(file) == 0;
}
inline void close_file(int file) noexcept {
  ::_close(file);
}
#else
NUQ_FUNCTION [[nodiscard]] inline bool is_regular_file(int file) noexcept {
  struct ::stat status {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

/// Opens or creates a file and locks it for as long as it is open. Programs started meanwhile do not inherit it.
NUQ_FUNCTION [[nodiscard]] inline int open_locked(const std::string& path) {
  constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // non-blocking: a pipe must not hang
  const int file = ::open(path.c_str(), flags, 0666);
  if (file < 0) fail_to_write(path, last_system_error());
  const bool is_regular = is_regular_file(file);
  if (is_regular && ::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
  const int cause = errno;
  ::close(file);
  if (!is_regular) fail_to_write(path, "is not a regular file");
  if (cause == EWOULDBLOCK) fail_because_journal_is_used(path);
  fail_to_write(path, "cannot lock: " + std::generic_category().message(cause));
}
NUQ_FUNCTION [[nodiscard]] inline std::int64_t read_at(int file, std::size_t at, char* bytes,
                                                       std::size_t size) noexcept {
  return ::pread(file, bytes, size, static_cast< ::off_t>(at));
}
NUQ_FUNCTION [[nodiscard]] inline std::int64_t write_at(int file, std::size_t at, const char* bytes,
                                                        std::size_t size) noexcept {
  return ::pwrite(file, bytes, size, static_cast< ::off_t>(at));
}
NUQ_FUNCTION [[nodiscard]] inline std::int64_t size_of_open_file(int file) noexcept {
  struct ::stat status {};
  return ::fstat(file, &status) == 0 ? static_cast<std::int64_t>(status.st_size) : -1;
}
NUQ_FUNCTION [[nodiscard]] inline bool resize_open_file(int file, std::size_t size) noexcept {
  return ::ftruncate(file, static_cast< ::off_t>(size)) == 0;
}
NUQ_FUNCTION [[nodiscard]] inline bool flush_open_file(int file) noexcept {
  return ::fsync(file) == 0;
}
NUQ_FUNCTION inline void close_file(int file) noexcept {
  ::close(file);
}
#endif

NUQ_DEFINITION LockedFile::LockedFile(const std::string& path) : path_(path) {
  if (path.empty()) fail_to_write("''", "empty file name");
  std::error_code error;
  std::filesystem::create_directories(folder_of(path), error);
  if (error) fail_to_write(path, "its folder cannot be created: " + error.message());
  file_ = open_locked(path);
}

NUQ_SPECIAL_MEMBER LockedFile& LockedFile::operator=(LockedFile&& other) noexcept {
  LockedFile taken(std::move(other));
  swap(taken);
  return *this;
}

NUQ_SPECIAL_MEMBER LockedFile::~LockedFile() {
  if (file_ >= 0) close_file(file_);
}

NUQ_DEFINITION std::string LockedFile::read() {
  const std::int64_t size = size_of_open_file(file_);
  if (size < 0) fail_to_read(path_, last_system_error());
  if (static_cast<std::uint64_t>(size) > max_journal_bytes) {
    fail(FormatError(ErrorCode::malformed_file, path_ + ": " + std::to_string(size) + " bytes, a journal has at most " +
                                                    std::to_string(max_journal_bytes)));
  }
  std::string content(static_cast<std::size_t>(size), '\0');
  for (size_ = 0; size_ < content.size();) {
    const std::int64_t count = read_at(file_, size_, content.data() + size_, content.size() - size_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read(path_, last_system_error());
    if (count == 0) fail_to_read(path_, "becomes shorter while it is read");
    size_ += static_cast<std::size_t>(count);
  }
  return content;
}

NUQ_DEFINITION void LockedFile::truncate(std::size_t size) {
  if (!resize_open_file(file_, size)) fail_to_write(path_, last_system_error());
  size_ = size;
}

NUQ_DEFINITION void LockedFile::append(std::string_view bytes) {
  if (bytes.size() > max_journal_bytes - size_) fail_to_write(path_, "the journal becomes too large");
  if (has_remains_) truncate(size_);
  has_remains_ = true;
  for (std::size_t written = 0; written < bytes.size();) {
    const std::int64_t count = write_at(file_, size_ + written, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail_to_write(path_, last_system_error());
    written += static_cast<std::size_t>(count);
  }
  if (!flush_open_file(file_)) fail_to_write(path_, last_system_error());
  has_remains_ = false;
  size_ += bytes.size();
}

NUQ_DEFINITION void LockedFile::swap(LockedFile& other) noexcept {
  path_.swap(other.path_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(has_remains_, other.has_remains_);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_LOCKED_FILE_HPP
