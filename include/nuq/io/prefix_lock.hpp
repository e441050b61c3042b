#ifndef NUQ_IO_PREFIX_LOCK_HPP
#define NUQ_IO_PREFIX_LOCK_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Held by the run that writes the files of a prefix, for as long as the object lives: `PREFIX.lock`, which names the
/// process. What ends the process ends the lock, so that a file that a killed run left behind keeps nobody out. On file
/// systems without locks, and on Windows, it keeps nobody out either.
class PrefixLock {
 public:
  /// Creates missing folders, the last of which goes again with the lock if nothing was put there. Removes what killed
  /// runs left unfinished under the prefix (`remove_abandoned_files`). Throws ConfigError invalid_argument, naming the
  /// holder, if another run works on this prefix; FormatError file_not_writable.
  NUQ_FUNCTION explicit PrefixLock(const std::string& prefix);
  PrefixLock(const PrefixLock&) = delete;
  PrefixLock& operator=(const PrefixLock&) = delete;
  ~PrefixLock();

  /// Removes the lock that this process holds of a prefix, if it does, for one that is about to end.
  NUQ_FUNCTION static void remove_own(const std::string& prefix) noexcept;

 private:
  PrefixLock() = default;  // so that the destructor follows a constructor that fails half-way

  std::string path_;
  std::string folder_;
  int file_ = -1;
  bool has_made_folder_ = false;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <thread>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "nuq/io/atomic_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

#if !defined(_WIN32)

/// What a holder writes into its lock.
NUQ_FUNCTION [[nodiscard]] inline std::string this_holder() {
  return "process " + std::to_string(process_id());
}

/// What a holder wrote into its lock, for the message; it does so just after it has got it.
NUQ_FUNCTION [[nodiscard]] inline std::string holder_in(int file) {
  char text[64];
  for (int attempt = 0; attempt < 20; ++attempt) {
    const ::ssize_t size = ::pread(file, text, sizeof text, 0);
    if (size > 0) return {text, static_cast<std::size_t>(size)};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return "another run";
}

/// True while the open file still stands under its name: a holder that ends removes it.
NUQ_FUNCTION [[nodiscard]] inline bool stands_under(int file, const std::string& path) noexcept {
  struct ::stat opened {};
  struct ::stat named {};
  return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/// The open file that holds the lock; -1 where the file system has no locks.
NUQ_FUNCTION [[nodiscard]] inline int hold_lock(const std::string& path) {
  while (true) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (file < 0) fail_to_write(path, last_system_error());
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      const int cause = errno;
      const std::string holder = cause == EWOULDBLOCK ? holder_in(file) : "";
      ::close(file);
      if (cause != EWOULDBLOCK) return -1;
      fail(ConfigError(ErrorCode::invalid_argument,
                       path + ": " + holder + " writes files of this prefix; wait for it or name another prefix"));
    }
    if (stands_under(file, path)) return file;
    ::close(file);
  }
}

#endif

}  // namespace detail

NUQ_DEFINITION PrefixLock::PrefixLock(const std::string& prefix) : PrefixLock() {
  path_ = prefix + ".lock";
  folder_ = detail::folder_of(path_);
  std::error_code error;
  has_made_folder_ = std::filesystem::create_directories(folder_, error);
  if (error) detail::fail_to_write(path_, "its folder cannot be created: " + error.message());
#if !defined(_WIN32)
  file_ = detail::hold_lock(path_);
  const std::string holder = detail::this_holder();
  const bool is_named =  // holds without, too
      file_ >= 0 && ::ftruncate(file_, 0) == 0 && ::pwrite(file_, holder.data(), holder.size(), 0) > 0;
  static_cast<void>(is_named);
#endif
  remove_abandoned_files(prefix);
}

NUQ_SPECIAL_MEMBER PrefixLock::~PrefixLock() {
#if !defined(_WIN32)
  if (file_ >= 0) {
    ::unlink(path_.c_str());
    ::close(file_);
  }
  if (has_made_folder_) ::rmdir(folder_.c_str());  // where nothing was written there
#endif
}

NUQ_DEFINITION void PrefixLock::remove_own([[maybe_unused]] const std::string& prefix) noexcept {
#if !defined(_WIN32)
  const std::string path = prefix + ".lock";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  if (detail::holder_in(file) == detail::this_holder()) ::unlink(path.c_str());
  ::close(file);
#endif
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_PREFIX_LOCK_HPP
