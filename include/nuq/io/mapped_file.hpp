#ifndef NUQ_IO_MAPPED_FILE_HPP
#define NUQ_IO_MAPPED_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if defined(_WIN32)
#include <fstream>
#include <iterator>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] inline void fail_to_read(const std::string& path, const std::string& cause) {
  fail(FormatError(ErrorCode::file_not_readable, path + ": cannot read: " + cause));
}

}  // namespace detail

/// The bytes of a file, read-only, for as long as the object lives. Large files are mapped on POSIX systems, so that
/// opening costs nothing and untouched pages are never read; others are read into memory. An empty file has no bytes
/// and is no error. A file above `most_copied_bytes` must not be shortened meanwhile: reading what is gone raises
/// SIGBUS (files replaced by `FileSet` keep their old content here).
class MappedFile {
 public:
  /// Throws FormatError file_not_readable with the cause: missing, no permission, a directory, not a regular file.
  explicit MappedFile(const std::string& path) { open(path); }

  static constexpr std::size_t most_copied_bytes = std::size_t{16} << 20U;

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&& other) noexcept { swap(other); }
  MappedFile& operator=(MappedFile&& other) noexcept {
    MappedFile taken(std::move(other));
    swap(taken);
    return *this;
  }

#if defined(_WIN32)
  ~MappedFile() = default;
  [[nodiscard]] std::string_view bytes() const noexcept {
    return content_;
  }

 private:
  void open(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) detail::fail_to_read(path, std::generic_category().message(errno));
    content_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (file.bad()) detail::fail_to_read(path, "read error");
  }
  void swap(MappedFile& other) noexcept {
    content_.swap(other.content_);
  }

  std::string content_;
#else
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  NUQ_FUNCTION [[nodiscard]] std::string_view bytes() const noexcept {
    return data_ == nullptr ? std::string_view(copy_) : std::string_view(static_cast<const char*>(data_), size_);
  }

 private:
  NUQ_FUNCTION void open(const std::string& path) {
    const int file =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // non-blocking: a pipe without a writer must not hang
    if (file < 0) detail::fail_to_read(path, std::generic_category().message(errno));
    const std::string cause = take(file);
    ::close(file);
    if (!cause.empty()) detail::fail_to_read(path, cause);
  }

  /// Why it failed; empty if it did not.
  NUQ_FUNCTION [[nodiscard]] std::string take(int file) {
    struct ::stat status {};
    if (::fstat(file, &status) != 0) return std::generic_category().message(errno);
    if (S_ISDIR(status.st_mode)) return "is a directory";
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    if (status.st_size == 0) return {};
    const auto size = static_cast<std::size_t>(status.st_size);
    return size <= most_copied_bytes ? copy(file, size) : map(file, size);
  }

  NUQ_FUNCTION [[nodiscard]] std::string copy(int file, std::size_t size) {
    copy_.resize(size);
    for (std::size_t at = 0; at < size;) {
      const ::ssize_t count = ::read(file, copy_.data() + at, size - at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::generic_category().message(errno);
      if (count == 0) return "became shorter while it was read";
      at += static_cast<std::size_t>(count);
    }
    return {};
  }

  NUQ_FUNCTION [[nodiscard]] std::string map(int file, std::size_t size) {
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) return std::generic_category().message(errno);
    data_ = data;
    size_ = size;
    return {};
  }
  NUQ_FUNCTION void swap(MappedFile& other) noexcept {
    copy_.swap(other.copy_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::string copy_;      // of a file that is not mapped
  void* data_ = nullptr;  // of one that is
  std::size_t size_ = 0;
#endif
};

NUQ_NAMESPACE_END

#endif  // NUQ_IO_MAPPED_FILE_HPP
