#include "nuq/evaluation/journal.hpp"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <clocale>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <locale>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace evaluation_journal_test {

/// The metric last recorded for a subject.
std::optional<double> metric_in(const nuq::EvaluationJournal& journal, const std::string& subject) {
  std::optional<double> metric;
  for (const nuq::JournaledEvaluation& known : journal.evaluations()) {
    if (known.subject == subject) metric = known.metric;
  }
  return metric;
}

const std::string key = "resnet 8f3a";

// A journal of that key, its checksums computed by zlib.
const std::string header = "nuq-evaluation-journal 1 resnet 8f3a e55733e9\n";
const std::string first_entry = "int8 0.9137 2.5 13d40f0b\n";
const std::string second_entry = "k16 -0 0 a8588ea5\n";
const std::string third_entry = "k16 0.3333333333333333 1e+100 6c05aa43\n";
const std::string whole_file = header + first_entry + second_entry + third_entry;

std::uint64_t bits_of(double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

CaughtError malformed(const std::string& path) {
  return error_of<nuq::FormatError>([&] { const nuq::EvaluationJournal journal(path, key); });
}

CaughtError refused(const std::string& path, const std::string& with_key) {
  return error_of<nuq::ConfigError>([&] { const nuq::EvaluationJournal journal(path, with_key); });
}

/// How many entries the first bytes of a sound file hold.
std::size_t whole_entries(const std::string& part) {
  const auto breaks = std::count(part.begin(), part.end(), '\n');
  return breaks == 0 ? 0 : static_cast<std::size_t>(breaks - 1);
}

/// Runs an action in a child process, which ends without destructors; returns the child.
template <class Action>
::pid_t in_child(Action&& action) {
  const ::pid_t child = ::fork();
  if (child != 0) return child;
  int status = 1;
  try {
    status = action();
  } catch (...) {
  }
  ::_exit(status);
}

int exit_status_of(::pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void kill_and_wait(::pid_t child) {
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
}

/// A number that a child counts up and its parent reads, also after the child's death.
class SharedCounter {
 public:
  SharedCounter()
      : memory_(::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        counter_(new (memory_) Counter(0)) {}
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;
  ~SharedCounter() { ::munmap(memory_, sizeof(Counter)); }

  void increment() { ++*counter_; }
  std::size_t value() const { return *counter_; }
  /// Waits until the counter has reached `value`; false if that takes unreasonably long.
  bool wait_for(std::size_t value) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (*counter_ < value && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return *counter_ >= value;
  }

 private:
  using Counter = std::atomic<std::size_t>;
  static_assert(Counter::is_always_lock_free);
  void* memory_;
  Counter* counter_;
};

TEST_CASE("a new journal has no evaluations and holds its header alone") {
  const TemporaryFolder folder;
  const nuq::EvaluationJournal journal(folder / "run.journal", key);
  CHECK(journal.evaluations().empty());
  CHECK_FALSE(metric_in(journal, "int8").has_value());
  CHECK(folder.read("run.journal") == header);
  CHECK(folder.entries() == 1);
}

TEST_CASE("the file holds exactly the bytes that the format tells, as soon as append returns") {
  const TemporaryFolder folder;
  nuq::EvaluationJournal journal(folder / "run.journal", key);
  journal.append("int8", 0.9137, 2.5);
  CHECK(folder.read("run.journal") == header + first_entry);
  journal.append("k16", -0.0, 0.0);
  journal.append("k16", 1.0 / 3.0, 1e100);
  CHECK(folder.read("run.journal") == whole_file);
}

TEST_CASE("a stored file is read without a change, and the last evaluation of a subject counts") {
  const TemporaryFolder folder;
  const nuq::EvaluationJournal journal(folder.write("run.journal", whole_file), key);
  REQUIRE(journal.evaluations().size() == 3);
  CHECK(journal.evaluations()[0].subject == "int8");
  CHECK(bits_of(journal.evaluations()[0].metric) == bits_of(0.9137));
  CHECK(journal.evaluations()[0].seconds == 2.5);
  CHECK(bits_of(journal.evaluations()[1].metric) == bits_of(-0.0));
  CHECK(journal.evaluations()[2].seconds == 1e100);
  CHECK(bits_of(metric_in(journal, "k16").value()) == bits_of(1.0 / 3.0));
  CHECK_FALSE(metric_in(journal, "k1").has_value());
  CHECK(folder.read("run.journal") == whole_file);
}

TEST_CASE("every finite double comes back bit for bit") {
  const TemporaryFolder folder;
  using Limits = std::numeric_limits<double>;
  std::vector<double> metrics = {
      0.0,           -0.0, 1.0 / 3.0, 0.1,  2.0 / 3.0,     5e-324, -5e-324, Limits::min(),
      Limits::max(), -1e9, 1e16,      1e17, 123456789.125, 1e-7,   1e23,    9007199254740993.0};
  metrics.push_back(Limits::lowest());
  metrics.push_back(std::nextafter(Limits::min(), 0.0));
  metrics.push_back(std::nextafter(1.0, 2.0));
  std::mt19937_64 random(7);
  while (metrics.size() < 40) {
    const std::uint64_t bits = random();
    double metric = 0.0;
    std::memcpy(&metric, &bits, sizeof metric);
    if (std::isfinite(metric)) metrics.push_back(metric);
  }
  {
    nuq::EvaluationJournal journal(folder / "run.journal", key);
    for (std::size_t i = 0; i < metrics.size(); ++i)
      journal.append(std::to_string(i), metrics[i], std::abs(metrics[i]));
  }
  const nuq::EvaluationJournal journal(folder / "run.journal", key);
  REQUIRE(journal.evaluations().size() == metrics.size());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    CAPTURE(metrics[i]);
    CHECK(bits_of(metric_in(journal, std::to_string(i)).value()) == bits_of(metrics[i]));
    CHECK(bits_of(journal.evaluations()[i].seconds) == bits_of(std::abs(metrics[i])));
  }
}

TEST_CASE("numbers are written and read in one way whatever the locale") {
  struct DecimalComma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const TemporaryFolder folder;
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) std::setlocale(LC_NUMERIC, name);
  std::optional<double> metric;
  {
    nuq::EvaluationJournal journal(folder / "run.journal", key);
    journal.append("int8", 0.9137, 2.5);
  }
  metric = metric_in(nuq::EvaluationJournal(folder / "run.journal", key), "int8");
  std::setlocale(LC_NUMERIC, "C");
  std::locale::global(before);
  CHECK(folder.read("run.journal") == header + first_entry);
  CHECK(metric == 0.9137);
}

TEST_CASE("a file cut anywhere opens with the entries that are whole, and goes on") {
  const TemporaryFolder folder;
  const std::string short_header = "nuq-evaluation-journal 1 r b621e189\n";
  const std::string whole = short_header + first_entry + second_entry;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const std::string part = whole.substr(0, size);
    const std::string kept = size < short_header.size() ? short_header : whole.substr(0, part.rfind('\n') + 1);
    nuq::EvaluationJournal journal(folder.write("run.journal", part), "r");
    CHECK(journal.evaluations().size() == whole_entries(part));
    CHECK(folder.read("run.journal") == kept);
    journal.append("int8", 0.9137, 2.5);
    CHECK(journal.evaluations().size() == whole_entries(part) + 1);
    CHECK(folder.read("run.journal") == kept + first_entry);
    std::filesystem::remove(folder / "run.journal");
  }
}

TEST_CASE("a last line with a wrong checksum is dropped") {
  const TemporaryFolder folder;
  for (const std::string& torn : {std::string("k16 0.3333333333333333 1e+100 6c05aa44\n"), std::string("k16 0.3 \n"),
                                  std::string("\n"), std::string(20, '\0'), std::string(20, '\0') + "\n"}) {
    CAPTURE(torn);
    const std::string path = folder.write("run.journal", std::string(header).append(first_entry).append(torn));
    CHECK(nuq::EvaluationJournal(path, key).evaluations().size() == 1);
    CHECK(folder.read("run.journal") == header + first_entry);
  }
}

TEST_CASE("damage of any byte before the last line is an error that names file and line, and changes nothing") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  for (std::size_t at = 0; at < whole_file.size() - third_entry.size(); ++at) {
    const auto line = 1 + std::count(whole_file.begin(), whole_file.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    for (const char damaged : {static_cast<char>(whole_file[at] ^ 1), static_cast<char>(whole_file[at] ^ 0x20),
                               static_cast<char>(whole_file[at] ^ 0x80), ' ', '\n', '\0'}) {
      if (damaged == whole_file[at]) continue;
      CAPTURE(at);
      CAPTURE(static_cast<int>(damaged));
      std::string content = whole_file;
      content[at] = damaged;
      folder.write("run.journal", content);
      const CaughtError error = malformed(path);
      CHECK(error.code == nuq::ErrorCode::malformed_file);
      const bool names_the_format = content.compare(0, 23, whole_file, 0, 23) == 0;
      const std::string what = names_the_format ? ": line " + std::to_string(line) + ": damaged" : ": is not a journal";
      CHECK_MESSAGE(error.says(path + what), error.message);
      CHECK(folder.read("run.journal") == content);
      std::filesystem::remove(path);
    }
  }
}

TEST_CASE("damage in the middle and a torn end together are an error that changes nothing") {
  const TemporaryFolder folder;
  const std::string content = header + "int8 0.9138 2.5 13d40f0b\n" + second_entry + "k16 0.3";
  const CaughtError error = malformed(folder.write("run.journal", content));
  CHECK(error.says("line 2: damaged"));
  CHECK(folder.read("run.journal") == content);
}

TEST_CASE("a line with the right checksum that tells no evaluation is an error, at the end too") {
  const TemporaryFolder folder;
  for (const char* line : {"k16 nan 1 f7f3f17b\n", "k16 1 5f8e09eb\n", "k16 1 2 3 dc55e838\n", "k16 1 -2 67bf5268\n"}) {
    const std::string content = header + first_entry + line;
    const CaughtError error = malformed(folder.write("run.journal", content));
    CHECK(error.code == nuq::ErrorCode::malformed_file);
    CHECK_MESSAGE(error.says("line 3: not an evaluation"), error.message);
    CHECK(folder.read("run.journal") == content);
  }
}

TEST_CASE("the journal of another key is refused and stays as it is") {
  const TemporaryFolder folder;
  const std::string path = folder.write("run.journal", whole_file);
  for (const char* other :
       {"resnet 8f3b", "resnet", "", "resnet 8f3a e55733e9", "a much longer key than the other one"}) {
    const CaughtError error = refused(path, other);
    CHECK(error.code == nuq::ErrorCode::configuration_mismatch);
    CHECK(error.says(path + ": belongs to another run (model, configuration or evaluator differ); remove it or name "
                            "another journal"));
    CHECK(folder.read("run.journal") == whole_file);
  }
}

TEST_CASE("a torn header of another key is no empty journal") {
  const TemporaryFolder folder;
  const std::string torn = header.substr(0, header.size() - 4);
  const std::string path = folder.write("run.journal", torn);
  const CaughtError error =
      error_of<nuq::FormatError>([&] { const nuq::EvaluationJournal journal(path, "resnet 8f3b"); });
  CHECK(error.says("line 1: damaged"));
  CHECK(folder.read("run.journal") == torn);
}

TEST_CASE("a journal of a later version is told from a damaged one") {
  const TemporaryFolder folder;
  const CaughtError error =
      malformed(folder.write("run.journal", "nuq-evaluation-journal 2 resnet 8f3a 99361632\n" + first_entry));
  CHECK(error.code == nuq::ErrorCode::unsupported_format);
  CHECK(error.says("a journal of version 2, can read 1"));
}

TEST_CASE("a file that is no journal is refused and stays as it is") {
  const TemporaryFolder folder;
  for (const std::string& content :
       {std::string("name: \"LeNet\"\nlayer {\n  name: \"data\"\n}\n"), std::string("\n"), std::string("x"),
        std::string("no line break"), " " + whole_file, std::string("\0\0\0", 3), first_entry}) {
    const std::string path = folder.write("net.prototxt", content);
    const CaughtError error = malformed(path);
    CHECK(error.code == nuq::ErrorCode::malformed_file);
    CHECK_MESSAGE(error.says(path + ": is not a journal"), error.message);
    CHECK(folder.read("net.prototxt") == content);
  }
}

TEST_CASE("a file too large to be a journal is refused before it is read") {
  const TemporaryFolder folder;
  const std::string path = folder.write("run.journal", whole_file);
  std::filesystem::resize_file(path, (std::uintmax_t{64} << 20U) + 1);
  const CaughtError error = malformed(path);
  CHECK(error.code == nuq::ErrorCode::malformed_file);
  CHECK(error.says(path + ": 67108865 bytes, a journal has at most 67108864"));
  CHECK(std::filesystem::file_size(path) == (std::uintmax_t{64} << 20U) + 1);
}

TEST_CASE("a journal does not grow beyond the size that can be read again") {
  const TemporaryFolder folder;
  constexpr std::uintmax_t limit = std::uintmax_t{64} << 20U;
  nuq::detail::LockedFile file(folder / "run.journal");
  file.truncate(limit - 3);
  file.append("ab");
  const CaughtError error = error_of<nuq::FormatError>([&] { file.append("cd"); });
  CHECK(error.code == nuq::ErrorCode::file_not_writable);
  CHECK(error.says("the journal becomes too large"));
  CHECK(std::filesystem::file_size(folder / "run.journal") == limit - 1);
}

TEST_CASE("what cannot be recorded is refused, and nothing is written") {
  const TemporaryFolder folder;
  nuq::EvaluationJournal journal(folder.write("run.journal", whole_file), key);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double metric : {nan, infinity, -infinity}) {
    const CaughtError error = error_of<nuq::EvaluationError>([&] { journal.append("k8", metric, 1.0); });
    CHECK(error.code == nuq::ErrorCode::evaluation_failed);
    CHECK(error.says("'k8'"));
  }
  for (const double seconds : {nan, infinity, -1.0}) {
    const CaughtError error = error_of<nuq::ConfigError>([&] { journal.append("k8", 0.5, seconds); });
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
  }
  for (const std::string& subject :
       {std::string(), std::string("a b"), std::string("a\n"), std::string("\ta"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("\x7F"), std::string("\x1B[0m"), std::string(" ")}) {
    const CaughtError error = error_of<nuq::ConfigError>([&] { journal.append(subject, 0.5, 1.0); });
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
  }
  CHECK(journal.evaluations().size() == 3);
  CHECK(folder.read("run.journal") == whole_file);
}

TEST_CASE("subjects and keys may hold any other byte") {
  const TemporaryFolder folder;
  const std::string odd_key = " \t key\xC3\xA9 ";
  {
    nuq::EvaluationJournal journal(folder / "run.journal", odd_key);
    journal.append("!~\xC3\xA9\xFF", 0.5, 1.0);
  }
  CHECK(metric_in(nuq::EvaluationJournal(folder / "run.journal", odd_key), "!~\xC3\xA9\xFF") == 0.5);
  { nuq::EvaluationJournal journal(folder / "empty", ""); }
  CHECK(nuq::EvaluationJournal(folder / "empty", "").evaluations().empty());
}

TEST_CASE("a key with a line break is refused before a file is made") {
  const TemporaryFolder folder;
  for (const char* broken : {"a\nb", "a\r", "\n"}) {
    const CaughtError error = refused(folder / "run.journal", broken);
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
    CHECK(error.says("line breaks"));
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("places that cannot hold a journal are named, and a missing folder is made") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "folder");
  folder.write("file", "x");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto says = [](const std::string& path, const std::string& cause) {
    const CaughtError error = malformed(path);
    CHECK(error.code == nuq::ErrorCode::file_not_writable);
    CHECK_MESSAGE(error.says(path + ": cannot write: " + cause), error.message);
  };
  says(folder / "folder", "Is a directory");
  says(folder / "pipe", "is not a regular file");
  says("/dev/null", "is not a regular file");
  says(folder / "file/inside", "its folder cannot be created");
  CHECK(malformed("").says("empty file name"));
  { const nuq::EvaluationJournal journal(folder / "a/b/run.journal", key); }
  CHECK(folder.read("a/b/run.journal") == header);
}

TEST_CASE("a second opener is refused until the first is gone, in one process") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  {
    nuq::EvaluationJournal journal(path, key);
    const CaughtError error = refused(path, key);
    CHECK(error.code == nuq::ErrorCode::invalid_argument);
    CHECK(error.says(path + ": another run uses this journal"));
    CHECK(refused(path, "another key").says("another run uses this journal"));
    journal.append("int8", 0.9137, 2.5);
    CHECK(folder.read("run.journal") == header + first_entry);
  }
  CHECK(nuq::EvaluationJournal(path, key).evaluations().size() == 1);
  CHECK(folder.entries() == 1);
}

TEST_CASE("moving a journal moves its file, lock and evaluations") {
  const TemporaryFolder folder;
  nuq::EvaluationJournal first(folder / "first", key);
  first.append("int8", 0.9137, 2.5);
  nuq::EvaluationJournal moved(std::move(first));
  CHECK(refused(folder / "first", key).says("another run"));
  CHECK(metric_in(moved, "int8") == 0.9137);
  moved.append("k16", -0.0, 0.0);
  CHECK(folder.read("first") == header + first_entry + second_entry);
  moved = nuq::EvaluationJournal(folder / "second", key);
  CHECK(nuq::EvaluationJournal(folder / "first", key).evaluations().size() == 2);
  CHECK(refused(folder / "second", key).says("another run"));
}

TEST_CASE("a second process is refused, and its end does not unlock the journal") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  const nuq::EvaluationJournal journal(path, key);
  const auto open_again = [&] { return refused(path, key).code == nuq::ErrorCode::invalid_argument ? 42 : 1; };
  CHECK(exit_status_of(in_child(open_again)) == 42);
  CHECK(exit_status_of(in_child(open_again)) == 42);
  CHECK(refused(path, key).says("another run"));
}

TEST_CASE("a program that an evaluator started does not keep the journal locked") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  std::optional<nuq::EvaluationJournal> journal(std::in_place, path, key);
  std::FILE* const program = ::popen("cat > /dev/null", "w");  // lives until its input ends
  REQUIRE(program != nullptr);
  journal.reset();
  CHECK_NOTHROW(journal.emplace(path, key));
  ::pclose(program);
}

TEST_CASE("the lock is gone when its owner was killed") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  SharedCounter steps;
  const ::pid_t child = in_child([&] {
    const nuq::EvaluationJournal journal(path, key);
    steps.increment();
    while (true) ::pause();
    return 1;
  });
  CHECK(steps.wait_for(1));
  CHECK(refused(path, key).says("another run"));
  kill_and_wait(child);
  CHECK(nuq::EvaluationJournal(path, key).evaluations().empty());
  CHECK(folder.entries() == 1);
}

double metric_of_step(std::size_t step) {
  return std::sin(static_cast<double>(step));
}

TEST_CASE("a run that is killed again and again loses at most the evaluation in flight") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  SharedCounter recorded;
  std::mt19937 random(11);
  std::size_t known = 0;
  for (int run = 0; run < 12; ++run) {
    const std::size_t before = recorded.value();
    const ::pid_t child = in_child([&] {
      nuq::EvaluationJournal journal(path, key);
      for (std::size_t step = journal.evaluations().size();; ++step) {
        journal.append("step" + std::to_string(step), metric_of_step(step), 1.0);
        recorded.increment();
      }
      return 1;
    });
    if (run % 3 != 0) CHECK(recorded.wait_for(before + 1));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 15000));
    kill_and_wait(child);

    const nuq::EvaluationJournal journal(path, key);
    const std::size_t added = recorded.value() - before;
    CHECK(journal.evaluations().size() >= known + added);
    CHECK(journal.evaluations().size() <= known + added + 1);
    known = journal.evaluations().size();
    for (std::size_t step = 0; step < known; ++step) {
      CHECK(journal.evaluations()[step].subject == "step" + std::to_string(step));
      CHECK(bits_of(journal.evaluations()[step].metric) == bits_of(metric_of_step(step)));
    }
  }
  CHECK(known >= 8);
}

/// Runs an action while no file may grow beyond `limit` bytes, which is how a full disk looks to a program.
template <class Action>
CaughtError with_file_size_limit(::rlim_t limit, Action&& action) {
  ::rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const ::rlimit limited{limit, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limited);
  void (*const handler)(int) = std::signal(SIGXFSZ, SIG_IGN);
  CaughtError result = error_of<nuq::FormatError>(action);
  std::signal(SIGXFSZ, handler);
  ::setrlimit(RLIMIT_FSIZE, &before);
  return result;
}

TEST_CASE("a failed append names file and cause, adds no evaluation, and can be tried again") {
  const TemporaryFolder folder;
  const std::string path = folder.write("run.journal", header + first_entry);
  nuq::EvaluationJournal journal(path, key);
  const ::rlim_t room = header.size() + first_entry.size() + 25;
  const CaughtError error =
      with_file_size_limit(room, [&] { journal.append("a-subject-longer-than-the-next", 0.5, 1.0); });
  CHECK(error.code == nuq::ErrorCode::file_not_writable);
  CHECK(error.says(path + ": cannot write: File too large"));
  CHECK(journal.evaluations().size() == 1);
  const std::string left = folder.read("run.journal");
  CHECK(left == header + first_entry + "a-subject-longer-than-the");

  const nuq::EvaluationJournal after_a_kill(folder.write("copy", left), key);
  CHECK(after_a_kill.evaluations().size() == 1);
  CHECK(folder.read("copy") == header + first_entry);

  journal.append("k16", -0.0, 0.0);
  CHECK(folder.read("run.journal") == header + first_entry + second_entry);
}

TEST_CASE("a header that cannot be written leaves a file that opens as an empty journal") {
  const TemporaryFolder folder;
  const std::string path = folder / "run.journal";
  const CaughtError error = with_file_size_limit(5, [&] { const nuq::EvaluationJournal journal(path, key); });
  CHECK(error.code == nuq::ErrorCode::file_not_writable);
  CHECK(folder.read("run.journal") == header.substr(0, 5));
  CHECK(nuq::EvaluationJournal(path, key).evaluations().empty());
  CHECK(folder.read("run.journal") == header);
}

}  // namespace evaluation_journal_test
