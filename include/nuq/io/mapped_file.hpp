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

/// The bytes of a file, read-only, for as long as the object lives. Mapped on POSIX systems, so that opening costs
/// nothing and untouched pages are never read; read into memory elsewhere. An empty file has no bytes and is no error.
/// The file must not be shortened meanwhile (files replaced by `FileSet` keep their old content here).
class MappedFile {
 public:
  /// Throws FormatError file_not_readable with the cause: missing, no permission, a directory, not a regular file.
  explicit MappedFile(const std::string& path) { open(path); }
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
    if (size_ > 0) ::munmap(data_, size_);
  }
  NUQ_FUNCTION [[nodiscard]] std::string_view bytes() const noexcept {
    return {static_cast<const char*>(data_), size_};
  }

 private:
  NUQ_FUNCTION void open(const std::string& path) {
    const int file =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // non-blocking: a pipe without a writer must not hang
    if (file < 0) detail::fail_to_read(path, std::generic_category().message(errno));
    const std::string cause = map(file);
    ::close(file);
    if (!cause.empty()) detail::fail_to_read(path, cause);
  }

  /// Why it failed; empty if it did not.
  NUQ_FUNCTION [[nodiscard]] std::string map(int file) {
    struct ::stat status {};
    if (::fstat(file, &status) != 0) return std::generic_category().message(errno);
    if (S_ISDIR(status.st_mode)) return "is a directory";
    if (!S_ISREG(status.st_mode)) return "is not a regular file";
    if (status.st_size == 0) return {};
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) return std::generic_category().message(errno);
    data_ = data;
    size_ = size;
    return {};
  }
  NUQ_FUNCTION void swap(MappedFile& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
#endif
};

NUQ_NAMESPACE_END

#endif  // NUQ_IO_MAPPED_FILE_HPP
