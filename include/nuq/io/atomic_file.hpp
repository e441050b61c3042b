#ifndef NUQ_IO_ATOMIC_FILE_HPP
#define NUQ_IO_ATOMIC_FILE_HPP

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] void fail_to_write(const std::string& path, const std::string& cause);

NUQ_FUNCTION [[nodiscard]] std::string last_system_error();

/// The folder part of a path; "." where it has none.
NUQ_FUNCTION [[nodiscard]] std::string folder_of(const std::string& path);

/// Waits until a file, or a folder's entries, are on the disk. False, with errno set, if they are not.
NUQ_FUNCTION [[nodiscard]] bool flush_to_disk(const std::string& path) noexcept;

/// Asks the disk to begin with a file's bytes; waits for nothing. Does nothing where the system has no such call.
NUQ_FUNCTION void begin_to_flush([[maybe_unused]] const std::string& path) noexcept;

}  // namespace detail

/// Files that appear together: each is written under a temporary name beside its final one, and `commit` renames them
/// all in the order of staging, once every byte is on the disk. A reader sees a file's old content or its whole new
/// one, never a part. Files not committed are removed by the destructor, whatever ended the work.
class FileSet {
 public:
  struct Staged {
    std::string temporary;
    std::string final_path;
  };

  FileSet() = default;
  /// `while_flushing` is called by each `begin_to_flush`, when the disk has been given work.
  NUQ_FUNCTION explicit FileSet(std::function<void()> while_flushing) : while_flushing_(std::move(while_flushing)) {}
  FileSet(const FileSet&) = delete;
  FileSet& operator=(const FileSet&) = delete;
  ~FileSet();

  /// Reserves an empty file under a temporary name in the folder of `final_path` and returns that name, for a caller
  /// that writes (and closes) it itself before `commit`. Missing folders are created. Throws FormatError
  /// file_not_writable.
  NUQ_FUNCTION [[nodiscard]] std::string stage(const std::string& final_path);

  /// Writes `content` under a temporary name in the folder of `final_path`. Missing folders are created.
  /// Throws FormatError file_not_writable, naming the final path; what was staged before stays staged.
  NUQ_FUNCTION void stage(const std::string& final_path, std::string_view content);

  /// The files staged and not yet renamed, in order.
  [[nodiscard]] const std::vector<Staged>& staged() const noexcept { return staged_; }

  /// Lets the disk begin with what has been staged so far, which is complete, while the caller goes on.
  NUQ_FUNCTION void begin_to_flush();

  /// Waits until all staged files are on the disk. Throws FormatError file_not_writable.
  NUQ_FUNCTION void flush() const;

  /// Flushes all staged files, then gives each its final name, in order, replacing what was there. Returns these names.
  /// Throws FormatError file_not_writable; files renamed before the failure stay, so the one that vouches for the
  /// others is staged last. A folder that cannot be flushed (some network file systems) is no error.
  NUQ_FUNCTION std::vector<std::string> commit();

 private:
  /// Creates the folder of a file; refuses what a rename would have to replace without being a file, devices included.
  NUQ_FUNCTION static void make_place_for(const std::string& final_path);

  /// Creates a file that did not exist, under a name that nobody else chooses: process, time and this object are in it.
  NUQ_FUNCTION [[nodiscard]] std::FILE* create(const std::string& final_path);

  std::vector<Staged> staged_;
  std::function<void()> while_flushing_;
};

/// Removes what killed processes of this machine left unfinished of files whose paths begin with `prefix`.
NUQ_FUNCTION void remove_abandoned_files(const std::string& prefix);

/// Replaces a file by `content`: afterwards it holds all of it, or what it held before. Throws FormatError
/// file_not_writable.
NUQ_FUNCTION void write_file_atomically(const std::string& path, std::string_view content);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#if defined(_WIN32)
#include <process.h>
#else
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#endif

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void fail_to_write(const std::string& path, const std::string& cause) {
  fail(FormatError(ErrorCode::file_not_writable, path + ": cannot write: " + cause));
}

NUQ_DEFINITION std::string last_system_error() {
  return std::generic_category().message(errno);
}

NUQ_DEFINITION std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

#if defined(_WIN32)
[[nodiscard]] inline int process_id() noexcept {
  return ::_getpid();
}
NUQ_FUNCTION bool flush_to_disk(const std::string&) noexcept {
  return true;
}
#else
NUQ_FUNCTION [[nodiscard]] inline int process_id() noexcept {
  return static_cast<int>(::getpid());
}

NUQ_DEFINITION bool flush_to_disk(const std::string& path) noexcept {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool flushed = ::fsync(file) == 0;
  const int cause = errno;
  ::close(file);
  errno = cause;
  return flushed;
}
#endif

NUQ_DEFINITION void begin_to_flush(const std::string& path) noexcept {
#if defined(SYNC_FILE_RANGE_WRITE)
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE));
  ::close(file);
#endif
}

}  // namespace detail

NUQ_SPECIAL_MEMBER FileSet::~FileSet() {
  std::error_code ignored;
  for (const Staged& file : staged_) std::filesystem::remove(file.temporary, ignored);
}

NUQ_DEFINITION std::string FileSet::stage(const std::string& final_path) {
  std::FILE* const file = create(final_path);
  std::fclose(file);
  return staged_.back().temporary;
}

NUQ_DEFINITION void FileSet::stage(const std::string& final_path, std::string_view content) {
  std::FILE* const file = create(final_path);
  bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  std::string cause = detail::last_system_error();
  if (std::fclose(file) != 0 && written) {
    written = false;
    cause = detail::last_system_error();
  }
  if (written) return;
  std::error_code ignored;
  std::filesystem::remove(staged_.back().temporary, ignored);
  staged_.pop_back();
  detail::fail_to_write(final_path, cause);
}

NUQ_DEFINITION void FileSet::begin_to_flush() {
  for (const Staged& file : staged_) detail::begin_to_flush(file.temporary);
  if (while_flushing_) while_flushing_();
}

NUQ_DEFINITION void FileSet::flush() const {
  for (const Staged& file : staged_) {
    if (!detail::flush_to_disk(file.temporary)) detail::fail_to_write(file.final_path, detail::last_system_error());
  }
}

NUQ_DEFINITION std::vector<std::string> FileSet::commit() {
  flush();
  std::vector<std::string> names;
  while (!staged_.empty()) {
    const Staged file = staged_.front();
    std::error_code error;
    std::filesystem::rename(file.temporary, file.final_path, error);
    if (error) detail::fail_to_write(file.final_path, error.message());
    staged_.erase(staged_.begin());
    static_cast<void>(detail::flush_to_disk(detail::folder_of(file.final_path)));
    names.push_back(file.final_path);
  }
  return names;
}

NUQ_DEFINITION void FileSet::make_place_for(const std::string& final_path) {
  if (final_path.empty()) detail::fail_to_write("''", "empty file name");
  std::error_code error;
  std::filesystem::create_directories(detail::folder_of(final_path), error);
  if (error) detail::fail_to_write(final_path, "its folder cannot be created: " + error.message());
  const std::filesystem::file_status present = std::filesystem::status(final_path, error);
  if (std::filesystem::is_directory(present)) detail::fail_to_write(final_path, "is a directory");
  if (std::filesystem::exists(present) && !std::filesystem::is_regular_file(present)) {
    detail::fail_to_write(final_path, "is not a regular file");
  }
}

NUQ_DEFINITION std::FILE* FileSet::create(const std::string& final_path) {
  make_place_for(final_path);
  const auto ticks = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::uint64_t token = ticks ^ reinterpret_cast<std::uintptr_t>(this);
  while (true) {
    const std::string name =
        final_path + "." + std::to_string(detail::process_id()) + "-" + std::to_string(token++) + ".tmp";
    std::FILE* const file = std::fopen(name.c_str(), "wbx");
    if (file == nullptr && errno == EEXIST) continue;
    if (file == nullptr) detail::fail_to_write(final_path, detail::last_system_error());
    staged_.push_back({name, final_path});
    return file;
  }
}

namespace detail {

/// The process in a name that FileSet gives to a file before it is committed: `FINAL.PROCESS-TOKEN.tmp`. 0 for another
/// name.
NUQ_FUNCTION [[nodiscard]] inline int process_of_temporary(const std::string& name) noexcept {
  constexpr std::string_view suffix = ".tmp";
  constexpr std::string_view digits = "0123456789";
  constexpr std::size_t most_digits = 9;
  if (name.size() < suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) return 0;
  const std::size_t token_end = name.size() - suffix.size();
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 >= token_end || name.find_first_not_of(digits, dash + 1) != token_end)
    return 0;
  const std::size_t dot = name.find_last_not_of(digits, dash - 1);
  if (dot == std::string::npos || name[dot] != '.' || dash - dot - 1 == 0 || dash - dot - 1 > most_digits) return 0;
  int process = 0;
  for (std::size_t at = dot + 1; at < dash; ++at) process = 10 * process + (name[at] - '0');
  return process;
}

#if defined(_WIN32)
[[nodiscard]] inline bool process_exists(int) noexcept {
  return true;
}
#else
NUQ_FUNCTION [[nodiscard]] inline bool process_exists(int process) noexcept {
  return ::kill(process, 0) == 0 || errno != ESRCH;
}
#endif

}  // namespace detail

NUQ_DEFINITION void remove_abandoned_files(const std::string& prefix) {
  const std::string name_prefix = std::filesystem::path(prefix).filename().string();
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(detail::folder_of(prefix), ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const int process = detail::process_of_temporary(name);
    if (process == 0 || name.compare(0, name_prefix.size(), name_prefix) != 0 || detail::process_exists(process))
      continue;
    std::error_code not_removed;
    std::filesystem::remove(entry->path(), not_removed);
  }
}

NUQ_DEFINITION void write_file_atomically(const std::string& path, std::string_view content) {
  FileSet files;
  files.stage(path, content);
  files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_ATOMIC_FILE_HPP
