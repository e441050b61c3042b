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
#include "nuq/core/support/ends_with.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] void fail_to_write(const std::string& path, const std::string& cause);

NUQ_FUNCTION [[nodiscard]] std::string last_system_error();

/// The folder part of a path; "." where it has none.
NUQ_FUNCTION [[nodiscard]] std::string folder_of(const std::string& path);

/// Waits until a file, or a folder's entries, are on the disk. False, with errno set, if they are not.
NUQ_FUNCTION [[nodiscard]] bool flush_to_disk(const std::string& path) noexcept;

/// Between a prefix and what tells a run's trial models from those of others: `run_token`.
inline constexpr std::string_view trial_infix = "_trial.";

/// `PROCESS-TOKEN`, which no other run of this machine has; `object` tells apart what one process does at a time.
NUQ_FUNCTION [[nodiscard]] std::string run_token(const void* object);

/// Asks the disk to begin with a file's bytes; waits for nothing. Does nothing where the system has no such call.
NUQ_FUNCTION void begin_to_flush([[maybe_unused]] const std::string& path) noexcept;

}  // namespace detail

/// Files that appear together: each is written under a temporary name beside its final one, and `commit` renames them
/// all in the order of staging, once every byte is on the disk. A reader sees a file's old content or its whole new
/// one, never a part. Files not committed are removed by the destructor, whatever ended the work. A replaced file's
/// permissions stay; where a final name is a symbolic link, the file that it leads to is replaced.
class FileSet {
 public:
  /// A file that is written and has not got its name yet.
  struct Staged {
    std::string temporary;
    std::string final_path;  ///< as asked for
    std::string target;      ///< what it is, symbolic links followed
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

  /// The file that vouches for the set, to be staged last, or not at all where the set has none to take the place of an
  /// older one. From the first rename to the last, what vouched before is called `VOUCHER.incomplete` (an empty file
  /// where nothing did), so that `is_half_written` knows what a kill or a failure leaves. `companion` means nothing
  /// without the older voucher: it goes meanwhile, where the set has none.
  NUQ_FUNCTION void set_voucher(std::string voucher, std::string companion = {}) {
    voucher_ = std::move(voucher);
    companion_ = std::move(companion);
  }

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
  /// Throws FormatError file_not_writable; files renamed before the failure stay. A folder that cannot be flushed (some
  /// network file systems) is no error.
  NUQ_FUNCTION std::vector<std::string> commit();

 private:
  /// Creates the folder of a file; refuses what a rename would have to replace without being a file, devices included.
  NUQ_FUNCTION static void make_place_for(const Staged& file);

  /// Creates a file that did not exist, under a name that nobody else chooses: process, time and this object are in it.
  NUQ_FUNCTION [[nodiscard]] std::FILE* create(const std::string& final_path);

  /// Takes away what vouches for the files that are about to be replaced. False if it was away already: an earlier set
  /// is half written.
  NUQ_FUNCTION [[nodiscard]] bool suspend_voucher() const;

  /// Undoes `suspend_voucher` where nothing has been replaced.
  NUQ_FUNCTION void restore_voucher() const noexcept;

  /// Gives the staged files their final names, in order.
  NUQ_FUNCTION void rename_staged();

  std::vector<Staged> staged_;
  std::string voucher_;
  std::string companion_;
  std::function<void()> while_flushing_;
};

/// Whether a run ended between the first and the last rename of a set that `voucher` vouches for.
NUQ_FUNCTION [[nodiscard]] bool is_half_written(const std::string& voucher);

/// Removes what killed processes of this machine left unfinished of files whose paths begin with `prefix`: temporary
/// files, and trial models.
NUQ_FUNCTION void remove_abandoned_files(const std::string& prefix);

/// Removes the same of this process, which is about to end in the middle of its work.
NUQ_FUNCTION void remove_unfinished_files(const std::string& prefix);

/// Replaces a file by `content`: afterwards it holds all of it, or what it held before. Throws FormatError
/// file_not_writable.
NUQ_FUNCTION void write_file_atomically(const std::string& path, std::string_view content);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>

#if defined(_WIN32)
#include <process.h>
#else
#include <dirent.h>
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

NUQ_FUNCTION [[nodiscard]] inline std::uint64_t unique_number(const void* object) noexcept {
  const auto ticks = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  return ticks ^ reinterpret_cast<std::uintptr_t>(object);
}

NUQ_DEFINITION std::string run_token(const void* object) {
  return std::to_string(process_id()) + "-" + std::to_string(unique_number(object));
}

NUQ_DEFINITION void begin_to_flush(const std::string& path) noexcept {
#if defined(SYNC_FILE_RANGE_WRITE)
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE));
  ::close(file);
#endif
}

}  // namespace detail

namespace detail {

/// What a voucher is called while the files that it vouched for are replaced.
NUQ_FUNCTION [[nodiscard]] inline std::string mark_of(const std::string& voucher) {
  return voucher + ".incomplete";
}

/// The path that a chain of symbolic links ends at, whether there is a file or not; `path` itself if it is none.
NUQ_FUNCTION [[nodiscard]] inline std::string target_of_links(const std::string& path) {
  constexpr int most_links = 40;  // Linux follows as many
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(target, error)); ++links) {
    if (links == most_links) fail_to_write(path, "too many symbolic links");
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
    if (error) fail_to_write(path, error.message());
  }
  return target.string();
}

}  // namespace detail

NUQ_SPECIAL_MEMBER FileSet::~FileSet() {
  for (const Staged& file : staged_) static_cast<void>(std::remove(file.temporary.c_str()));
}

NUQ_DEFINITION std::string FileSet::stage(const std::string& final_path) {
  std::fclose(create(final_path));
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
  static_cast<void>(std::remove(staged_.back().temporary.c_str()));
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
  for (const Staged& file : staged_) names.push_back(file.final_path);
  if (voucher_.empty()) {
    rename_staged();
    return names;
  }
  const bool was_whole = suspend_voucher();
  try {
    rename_staged();
  } catch (const Error&) {
    if (was_whole && staged_.size() == names.size()) restore_voucher();
    throw;
  }
  std::error_code error;
  if (std::find(names.begin(), names.end(), companion_) == names.end()) std::filesystem::remove(companion_, error);
  if (error) detail::fail_to_write(companion_, "cannot be removed: " + error.message());
  std::filesystem::remove(detail::mark_of(voucher_), error);
  if (error) detail::fail_to_write(detail::mark_of(voucher_), "cannot be removed: " + error.message());
  static_cast<void>(detail::flush_to_disk(detail::folder_of(voucher_)));
  return names;
}

NUQ_DEFINITION bool FileSet::suspend_voucher() const {
  const std::string mark = detail::mark_of(voucher_);
  const bool was_whole = !is_half_written(voucher_);
  std::error_code error;
  std::filesystem::rename(voucher_, mark, error);
  if (error == std::errc::no_such_file_or_directory) {
    error.clear();
    if (was_whole) write_file_atomically(mark, "");
  }
  if (error) detail::fail_to_write(voucher_, error.message());
  static_cast<void>(detail::flush_to_disk(detail::folder_of(voucher_)));
  return was_whole;
}

NUQ_DEFINITION void FileSet::restore_voucher() const noexcept {
  std::error_code ignored;
  const std::string mark = detail::mark_of(voucher_);
  if (std::filesystem::file_size(mark, ignored) == 0) {
    std::filesystem::remove(mark, ignored);
  } else {
    std::filesystem::rename(mark, voucher_, ignored);
  }
}

NUQ_DEFINITION void FileSet::rename_staged() {
  while (!staged_.empty()) {
    const Staged file = staged_.front();
    std::error_code error;
    std::filesystem::rename(file.temporary, file.target, error);
    if (error) detail::fail_to_write(file.final_path, error.message());
    staged_.erase(staged_.begin());
    static_cast<void>(detail::flush_to_disk(detail::folder_of(file.target)));
  }
}

NUQ_DEFINITION void FileSet::make_place_for(const Staged& file) {
  std::error_code error;
  std::filesystem::create_directories(detail::folder_of(file.target), error);
  if (error) detail::fail_to_write(file.final_path, "its folder cannot be created: " + error.message());
  const std::filesystem::file_status present = std::filesystem::status(file.target, error);
  if (std::filesystem::is_directory(present)) detail::fail_to_write(file.final_path, "is a directory");
  if (std::filesystem::exists(present) && !std::filesystem::is_regular_file(present)) {
    detail::fail_to_write(file.final_path, "is not a regular file");
  }
}

NUQ_DEFINITION std::FILE* FileSet::create(const std::string& final_path) {
  if (final_path.empty()) detail::fail_to_write("''", "empty file name");
  Staged staged{"", final_path, detail::target_of_links(final_path)};
  make_place_for(staged);
  std::error_code ignored;
  const std::filesystem::file_status present = std::filesystem::status(staged.target, ignored);
  staged_.reserve(staged_.size() + 1);
  for (std::uint64_t token = detail::unique_number(this);; ++token) {
    staged.temporary =
        staged.target + "." + std::to_string(detail::process_id()) + "-" + std::to_string(token) + ".tmp";
    const std::filesystem::path temporary = staged.temporary;
    std::FILE* const file = std::fopen(staged.temporary.c_str(), "wbx");
    if (file == nullptr && errno == EEXIST) continue;
    if (file == nullptr) detail::fail_to_write(final_path, detail::last_system_error());
    // Nothing throws between the file's creation and the destructor's knowing of it.
    staged_.push_back(std::move(staged));
    if (std::filesystem::is_regular_file(present)) {
      std::filesystem::permissions(temporary, present.permissions(), ignored);
    }
    return file;
  }
}

namespace detail {

/// The process in the part `PROCESS-TOKEN`, both decimal, of a file's name; 0 where it is something else.
NUQ_FUNCTION [[nodiscard]] inline int process_in(std::string_view part) noexcept {
  constexpr std::string_view digits = "0123456789";
  constexpr std::size_t most_digits = 9;
  const std::size_t dash = part.find('-');
  if (dash == 0 || dash == std::string_view::npos || dash > most_digits || dash + 1 == part.size()) return 0;
  if (part.substr(0, dash).find_first_not_of(digits) != std::string_view::npos) return 0;
  if (part.find_first_not_of(digits, dash + 1) != std::string_view::npos) return 0;
  int process = 0;
  for (const char digit : part.substr(0, dash)) process = 10 * process + (digit - '0');
  return process;
}

/// The process in a name that a file has before it is committed, `FINAL.PROCESS-TOKEN.tmp`, or that a run gives to its
/// trial models, `PREFIX_trial.PROCESS-TOKEN_…`. 0 for another name.
NUQ_FUNCTION [[nodiscard]] inline int process_of_temporary(std::string_view name) noexcept {
  constexpr std::string_view suffix = ".tmp";
  const std::size_t trial = name.rfind(trial_infix);
  if (ends_with(name, suffix)) {
    name.remove_suffix(suffix.size());
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? 0 : process_in(name.substr(dot + 1));
  }
  if (trial == std::string_view::npos) return 0;
  const std::string_view run = name.substr(trial + trial_infix.size());
  return process_in(run.substr(0, run.find('_')));
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

#if defined(_WIN32)
[[nodiscard]] inline std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}
#else
/// Of its files; none where the folder cannot be read. (libstdc++'s directory_iterator ends the program where memory
/// lacks.)
NUQ_FUNCTION [[nodiscard]] inline std::vector<std::string> names_in(const std::string& folder) {
  struct Closer {
    void operator()(::DIR* open) const noexcept { ::closedir(open); }
  };
  const std::unique_ptr< ::DIR, Closer> entries(::opendir(folder.c_str()));
  std::vector<std::string> names;
  if (!entries) return names;
  while (const ::dirent* const entry = ::readdir(entries.get())) names.emplace_back(entry->d_name);
  return names;
}
#endif

template <class HasEnded>
void remove_temporaries(const std::string& prefix, const HasEnded& has_ended) {
  const std::string name_prefix = std::filesystem::path(prefix).filename().string();
  const std::string folder = folder_of(prefix);
  for (const std::string& name : names_in(folder)) {
    const int process = process_of_temporary(name);
    if (process == 0 || name.compare(0, name_prefix.size(), name_prefix) != 0 || !has_ended(process)) continue;
    static_cast<void>(std::remove((folder + "/" + name).c_str()));
  }
}

}  // namespace detail

NUQ_DEFINITION bool is_half_written(const std::string& voucher) {
  std::error_code ignored;
  return std::filesystem::exists(detail::mark_of(voucher), ignored) && !std::filesystem::exists(voucher, ignored);
}

NUQ_DEFINITION void remove_abandoned_files(const std::string& prefix) {
  detail::remove_temporaries(prefix, [](int process) { return !detail::process_exists(process); });
}

NUQ_DEFINITION void remove_unfinished_files(const std::string& prefix) {
  detail::remove_temporaries(prefix, [](int process) { return process == detail::process_id(); });
}

NUQ_DEFINITION void write_file_atomically(const std::string& path, std::string_view content) {
  FileSet files;
  files.stage(path, content);
  files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_ATOMIC_FILE_HPP
