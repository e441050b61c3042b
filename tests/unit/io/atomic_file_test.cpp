#include "nuq/io/atomic_file.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"

namespace io_atomic_file_test {

template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const nuq::FormatError& error) {
    CHECK(error.code() == nuq::ErrorCode::file_not_writable);
    return error.what();
  }
  return "";
}

/// Runs an action while no file may grow beyond `limit` bytes, which is how a full disk looks to a program.
template <class Action>
std::string with_file_size_limit(::rlim_t limit, Action&& action) {
  ::rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const ::rlimit limited{limit, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limited);
  void (*const handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
  const std::string result = action();
  std::signal(SIGXFSZ, handler);
  ::setrlimit(RLIMIT_FSIZE, &before);
  return result;
}

TEST_CASE("an atomically written file holds the content and leaves nothing beside it") {
  const TemporaryFolder folder;
  const std::string content("line\r\n\0end", 10);
  nuq::write_file_atomically(folder / "file", content);
  CHECK(folder.read("file") == content);
  CHECK(folder.entries() == 1);
}

TEST_CASE("an atomically written file replaces the one before, also by nothing") {
  const TemporaryFolder folder;
  folder.write("file", "long old content");
  nuq::write_file_atomically(folder / "file", "new");
  CHECK(folder.read("file") == "new");
  nuq::write_file_atomically(folder / "file", "");
  CHECK(std::filesystem::file_size(folder / "file") == 0);
}

TEST_CASE("missing folders are created") {
  const TemporaryFolder folder;
  nuq::write_file_atomically(folder / "a/b/file", "x");
  CHECK(folder.read("a/b/file") == "x");
}

TEST_CASE("a path without a folder means the working directory") {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  nuq::write_file_atomically("plain", "x");
  std::filesystem::current_path(before);
  CHECK(folder.read("plain") == "x");
}

TEST_CASE("before commit every final name keeps its old content or stays absent") {
  const TemporaryFolder folder;
  folder.write("old", "old content");
  nuq::FileSet files;
  files.stage(folder / "old", "new content");
  files.stage(folder / "fresh", "fresh content");
  CHECK(folder.read("old") == "old content");
  CHECK_FALSE(std::filesystem::exists(folder / "fresh"));
  files.commit();
  CHECK(folder.read("old") == "new content");
  CHECK(folder.read("fresh") == "fresh content");
  CHECK(folder.entries() == 2);
}

TEST_CASE("a caller may write the staged file itself") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  const std::string temporary = files.stage(folder / "file");
  CHECK(std::filesystem::path(temporary).parent_path() == folder.path());
  CHECK(std::filesystem::file_size(temporary) == 0);
  std::ofstream(temporary) << "written by hand";
  CHECK_FALSE(std::filesystem::exists(folder / "file"));
  files.commit();
  CHECK(folder.read("file") == "written by hand");
}

TEST_CASE("staged files are listed in order until they are committed, and can be read once flushed") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  CHECK(files.staged().empty());
  files.stage(folder / "a", "first");
  files.stage(folder / "b", "second");
  files.flush();
  REQUIRE(files.staged().size() == 2);
  CHECK(files.staged()[0].final_path == folder / "a");
  CHECK(files.staged()[1].final_path == folder / "b");
  CHECK(std::filesystem::file_size(files.staged()[1].temporary) == 6);
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
  files.commit();
  CHECK(files.staged().empty());
  CHECK(folder.read("b") == "second");
}

TEST_CASE("what is not committed is removed") {
  const TemporaryFolder folder;
  {
    nuq::FileSet files;
    files.stage(folder / "a", "x");
    CHECK_FALSE(files.stage(folder / "b").empty());
    CHECK(folder.entries() == 2);
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("of one final name staged twice the later content wins") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  files.stage(folder / "file", "first");
  files.stage(folder / "file", "second");
  files.commit();
  CHECK(folder.read("file") == "second");
  CHECK(folder.entries() == 1);
}

TEST_CASE("two sets stage the same final name without disturbing each other") {
  const TemporaryFolder folder;
  nuq::FileSet first;
  nuq::FileSet second;
  first.stage(folder / "file", "first");
  second.stage(folder / "file", "second");
  second.commit();
  CHECK(folder.read("file") == "second");
  first.commit();
  CHECK(folder.read("file") == "first");
}

TEST_CASE("a failed rename names its file, keeps the files renamed before it and removes the rest") {
  const TemporaryFolder folder;
  {
    nuq::FileSet files;
    files.stage(folder / "a", "a");
    files.stage(folder / "b", "b");
    files.stage(folder / "c", "c");
    std::filesystem::create_directory(folder / "b");
    const std::string message = message_of([&] { files.commit(); });
    CHECK(message.find("nuq: " + (folder / "b") + ": cannot write: ") == 0);
  }
  CHECK(folder.read("a") == "a");
  CHECK(std::filesystem::is_directory(folder / "b"));
  CHECK_FALSE(std::filesystem::exists(folder / "c"));
  CHECK(folder.entries() == 2);
}

TEST_CASE("a staged file that vanished stops the commit before any rename") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  files.stage(folder / "a", "a");
  std::filesystem::remove(files.stage(folder / "b"));
  const std::string expected = "nuq: " + (folder / "b") + ": cannot write: No such file or directory";
  CHECK(message_of([&] { files.flush(); }) == expected);
  CHECK(message_of([&] { files.commit(); }) == expected);
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("a failed write names the final path, leaves nothing and spares what was staged before") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  files.stage(folder / "a", "a");
  const std::string message = with_file_size_limit(
      1000, [&] { return message_of([&] { files.stage(folder / "b", std::string(1'000'000, 'b')); }); });
  CHECK(message == "nuq: " + (folder / "b") + ": cannot write: File too large");
  CHECK(folder.entries() == 1);
  files.commit();
  CHECK(folder.read("a") == "a");
  CHECK(folder.entries() == 1);
}

TEST_CASE("places that cannot hold a file are refused when staging, with nothing left behind") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "folder");
  folder.write("file", "x");
  nuq::FileSet files;
  const auto staging = [&](const std::string& path) { return message_of([&] { files.stage(path, "content"); }); };
  CHECK(staging(folder / "folder") == "nuq: " + (folder / "folder") + ": cannot write: is a directory");
  CHECK(staging(folder / "file/inside").find("its folder cannot be created") != std::string::npos);
  CHECK(staging("/dev/null") == "nuq: /dev/null: cannot write: is not a regular file");
  CHECK(staging("") == "nuq: '': cannot write: empty file name");
  CHECK(staging(folder / std::string(300, 'n')).find("File name too long") != std::string::npos);
  CHECK(folder.entries() == 2);
}

TEST_CASE("what a killed process left unfinished is removed, nothing else") {
  const TemporaryFolder folder;
  const ::pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    nuq::FileSet files;
    files.stage(folder / "net_a", "half");
    files.stage(folder / "other", "half");
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(folder.entries() == 2);
  nuq::FileSet own;
  own.stage(folder / "net_b", "under way");
  const std::string absent_process = "." + std::to_string(child) + "-1.tmp";
  const std::vector<std::string> others = {"net_c", "net.tmp", "net.1x-2.tmp", "net-2.tmp",
                                           "net_d" + absent_process + "x"};
  for (const std::string& kept : others) folder.write(kept, "");
  folder.write("net" + absent_process, "");
  CHECK(folder.entries() == 9);
  nuq::remove_abandoned_files(folder / "net");
  CHECK(folder.entries() == 7);
  own.commit();
  CHECK(folder.read("net_b") == "under way");
  nuq::remove_abandoned_files(folder / "");
  CHECK(folder.entries() == 6);
  nuq::remove_abandoned_files(folder / "absent/net");
}

TEST_CASE("a replaced file keeps its permissions") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "old");
  const auto private_to_owner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  std::filesystem::permissions(file, private_to_owner);
  nuq::write_file_atomically(file, "new");
  CHECK(std::filesystem::status(file).permissions() == private_to_owner);
  CHECK(folder.read("file") == "new");
}

TEST_CASE("where the final name is a symbolic link, what it leads to is replaced") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "elsewhere");
  folder.write("elsewhere/file", "old");
  std::filesystem::create_symlink("elsewhere/file", folder / "first");
  std::filesystem::create_symlink("first", folder / "link");
  nuq::write_file_atomically(folder / "link", "new");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(std::filesystem::is_symlink(folder / "first"));
  CHECK(folder.read("elsewhere/file") == "new");
  CHECK(folder.entries() == 3);

  std::filesystem::create_symlink("elsewhere/none yet", folder / "dangling");
  nuq::write_file_atomically(folder / "dangling", "made");
  CHECK(folder.read("elsewhere/none yet") == "made");

  std::filesystem::create_symlink("circle", folder / "circle");
  CHECK(message_of([&] { nuq::write_file_atomically(folder / "circle", "new"); }).find("circle") != std::string::npos);
}

/// A set of two files and what vouches for them; the second file can be kept from getting its name.
struct VouchedSet {
  VouchedSet() {
    folder.write("a", "old a");
    folder.write("report", "old report");
  }

  /// Whether all went well.
  bool write(bool has_report) {
    nuq::FileSet files;
    files.stage(folder / "a", "new a");
    files.stage(folder / "b", "new b");
    if (has_report) files.stage(folder / "report", "new report");
    files.set_voucher(folder / "report");
    if (!blocked.empty()) {
      std::filesystem::remove(folder / blocked);
      std::filesystem::create_directory(folder / blocked);
    }
    return message_of([&] { files.commit(); }).empty();
  }

  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(folder / name); }

  TemporaryFolder folder;
  std::string blocked;  // a name that becomes a folder between staging and renaming
};

TEST_CASE("what vouches for a set is replaced with it, and leaves no mark") {
  VouchedSet set;
  CHECK(set.write(true));
  CHECK(set.folder.read("a") == "new a");
  CHECK(set.folder.read("report") == "new report");
  CHECK_FALSE(set.has("report.incomplete"));
  CHECK_FALSE(nuq::is_half_written(set.folder / "report"));
}

TEST_CASE("what vouched for a set that has nothing of the kind is gone") {
  VouchedSet set;
  CHECK(set.write(false));
  CHECK_FALSE(set.has("report"));
  CHECK_FALSE(set.has("report.incomplete"));
}

TEST_CASE("what means nothing without an older voucher goes with it, unless the set has it anew") {
  for (const bool has_companion : {false, true}) {
    VouchedSet set;
    set.folder.write("page", "old page");
    nuq::FileSet files;
    files.stage(set.folder / "a", "new a");
    if (has_companion) files.stage(set.folder / "page", "new page");
    files.set_voucher(set.folder / "report", set.folder / "page");
    CHECK(set.has("page"));
    files.commit();
    CHECK(set.has("page") == has_companion);
    CHECK_FALSE(set.has("report"));
  }
}

TEST_CASE("a set of which some files could not be renamed is marked until it is written again") {
  for (const bool has_report : {true, false}) {
    CAPTURE(has_report);
    VouchedSet set;
    set.blocked = "b";
    CHECK_FALSE(set.write(has_report));
    CHECK(set.folder.read("a") == "new a");
    CHECK_FALSE(set.has("report"));
    CHECK(nuq::is_half_written(set.folder / "report"));
    std::filesystem::remove(set.folder / "b");
    set.blocked.clear();
    CHECK(set.write(has_report));
    CHECK_FALSE(nuq::is_half_written(set.folder / "report"));
    CHECK_FALSE(set.has("report.incomplete"));
  }
}

TEST_CASE("a set none of whose files could be renamed is vouched for as before") {
  VouchedSet set;
  set.blocked = "a";
  CHECK_FALSE(set.write(true));
  CHECK(set.folder.read("report") == "old report");
  CHECK_FALSE(set.has("report.incomplete"));
  CHECK_FALSE(set.has("b"));

  VouchedSet first;
  std::filesystem::remove(first.folder / "report");
  first.blocked = "a";
  CHECK_FALSE(first.write(true));
  CHECK_FALSE(nuq::is_half_written(first.folder / "report"));
}

TEST_CASE("trial models of dead processes are abandoned files, those of living ones are not") {
  const TemporaryFolder folder;
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  folder.write("net_trial." + std::to_string(child) + "-12_1_model.prototxt", "");
  folder.write("net_trial." + std::to_string(child) + "-12_weights.caffemodel", "");
  folder.write("net_trial." + nuq::detail::run_token(&folder) + "_model.prototxt", "");
  folder.write("net_trial.x-12_model.prototxt", "");
  folder.write("net_trial", "");
  nuq::remove_abandoned_files(folder / "net");
  CHECK(folder.entries() == 3);
}

}  // namespace io_atomic_file_test
