#include "nuq/adapters/command_evaluator.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <locale>
#include <string>
#include <thread>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace adapters_command_evaluator_test {

using namespace std::string_literals;
using nuq::CommandEvaluator;
using nuq::CommandOptions;
using nuq::ErrorCode;

static_assert(nuq::check_evaluator<CommandEvaluator>());
static_assert(CommandEvaluator::is_thread_safe);

constexpr double no_limit = std::numeric_limits<double>::infinity();

/// An evaluator of one command, everything else as it is by default.
CommandEvaluator evaluator_of(const std::string& command) {
  CommandOptions options;
  options.command = command;
  return CommandEvaluator(options);
}

/// The message where a command's result must be refused.
std::string refusal(const std::string& command, double timeout_seconds = no_limit) {
  const CaughtError error =
      error_of<nuq::EvaluationError>([&] { static_cast<void>(nuq::metric_of_command(command, timeout_seconds)); });
  CHECK(error.code == ErrorCode::evaluation_failed);
  return error.message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <class Action>
double seconds_of(Action&& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// The last line of `stream`, given in pieces of `size` bytes.
std::string last_line(const std::string& stream, std::size_t size) {
  nuq::detail::LastLine line;
  for (std::size_t position = 0; position < stream.size(); position += size) line.append(stream.substr(position, size));
  return line.text();
}

TEST_CASE("the metric is the number on the last line that is not blank") {
  CHECK(nuq::metric_of_command("echo 0.25") == 0.25);
  CHECK(nuq::metric_of_command("echo loading; echo 7; echo 0.9125") == 0.9125);
  CHECK(nuq::metric_of_command("printf 0.5") == 0.5);
  CHECK(nuq::metric_of_command(R"(printf '1\n\t 0.5 \r\n\n  \n')") == 0.5);
  CHECK(nuq::metric_of_command("echo -1.5e-3") == -1.5e-3);
  CHECK(nuq::metric_of_command("echo +31") == 31.0);
}

TEST_CASE("the last line does not depend on how the output arrives in pieces") {
  struct Sample {
    std::string stream;
    std::string line;
  };
  const Sample samples[] = {{"", ""},
                            {"\n \n\t\n", ""},
                            {"a", "a"},
                            {"a\nb", "b"},
                            {"a\nb\n\n", "b"},
                            {"a\n  b c\n \n ", "b c"},
                            {"first\n\n\nlast one\n\r\n", "last one"},
                            {"1\n22\n333\n4444\n55555\n", "55555"}};
  for (const Sample& sample : samples) {
    for (std::size_t size = 1; size <= sample.stream.size() + 1; ++size) {
      CAPTURE(size);
      CHECK(last_line(sample.stream, size) == sample.line);
    }
  }
}

TEST_CASE("a line of any length takes little memory and is no number when it is too long") {
  const std::string longest(nuq::detail::LastLine::max_bytes, '1');
  CHECK(last_line(longest, 1000) == longest);
  CHECK(last_line(longest + "23", 1000).size() == longest.size() + 1);
  CHECK(contains(refusal("printf '0.5%70000sx'"), "last line is '0.5  "));
  CHECK(nuq::metric_of_command("printf '%70000s'; echo 0.5") == 0.5);
}

TEST_CASE("file names reach the program as they are") {
  const TemporaryFolder folder;
  const std::string model = folder / "it's \"a\" $HOME `date` \\ net;\n{weights}* .prototxt";
  const std::string weights = folder / "{model}'' && exit 3 #";
  const CommandEvaluator evaluator = evaluator_of(
      "cd '" + folder.path() + "'; printf %s {model} >model; printf %s {weights} >weights; echo {batch_num}");
  CHECK(evaluator.eval_model(model, weights, 12) == 12.0);
  CHECK(folder.read("model") == model);
  CHECK(folder.read("weights") == weights);
}

TEST_CASE("other braces belong to the shell") {
  const CommandEvaluator evaluator =
      evaluator_of(": {model} {models} { }; seven=7; echo 5 | awk '{print $1 + '${seven}'}'");
  CHECK(evaluator.eval_model("m", "w", 0) == 12.0);
}

TEST_CASE("a command that names neither file is refused") {
  for (const std::string command : {"", "echo 1", "echo model weights {batch_num} {Model}"}) {
    const CaughtError error = error_of<nuq::ConfigError>([&] { evaluator_of(command); });
    CHECK(error.code == ErrorCode::invalid_argument);
    CHECK(error.says("names no {model}"));
  }
  CHECK(evaluator_of(": {weights}; echo 1").eval_model("m", "w", 0) == 1.0);
}

TEST_CASE("options out of range are refused") {
  for (const double seconds : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    CommandOptions options;
    options.command = "echo {model}";
    options.timeout_seconds = seconds;
    CHECK(error_of<nuq::ConfigError>([&] { CommandEvaluator{options}; }).says("timeout: got "));
  }
  CommandOptions options;
  options.command = "echo {model}";
  options.max_drop = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of<nuq::ConfigError>([&] { CommandEvaluator{options}; }).says("max_drop: got nan"));
}

TEST_CASE("the label is the command as it was given") {
  CHECK(evaluator_of("run {model} {weights}").label() == "run {model} {weights}");
}

TEST_CASE("a drop of max_drop is accepted, and no more") {
  CommandOptions options;
  options.command = "{model}";
  options.max_drop = 0.01;
  const CommandEvaluator evaluator(options);
  CHECK(evaluator.is_satisfied(0.93, 0.92));
  CHECK(evaluator.is_satisfied(0.93, 0.99));
  CHECK_FALSE(evaluator.is_satisfied(0.93, 0.9199));

  options.larger_is_better = false;
  const CommandEvaluator of_loss(options);
  CHECK(of_loss.is_satisfied(0.92, 0.93));
  CHECK(of_loss.is_satisfied(0.92, 0.5));
  CHECK_FALSE(of_loss.is_satisfied(0.92, 0.9301));
}

TEST_CASE("a command that fails gives no metric, whatever it prints") {
  const std::string exit_code = refusal("echo 0.5; exit 3");
  CHECK(contains(exit_code, "exit code 3, wanted 0"));
  CHECK(contains(exit_code, "'echo 0.5; exit 3'"));
  CHECK(contains(refusal("echo 0.5; kill -9 $$"), "killed by signal 9 (SIGKILL)"));
  CHECK(contains(refusal("echo 0.5; kill -15 $$"), "killed by signal 15 (SIGTERM)"));
  CHECK(contains(refusal("sh -c 'kill -9 $$'; exit $?"), "exit code 137 (as after signal 9 (SIGKILL))"));
  CHECK(contains(refusal("no-such-program-of-nuq 2>/dev/null"), "exit code 127 (command not found)"));
  CHECK(contains(refusal("/dev/null 2>/dev/null"), "exit code 126 (the program cannot be executed)"));
}

TEST_CASE("a command that cannot be started is refused") {
  CHECK(contains(refusal("echo 1\0"s), "cannot start /bin/sh: "));
  CHECK(contains(refusal(": " + std::string(1U << 24U, 'x')), "cannot start /bin/sh: "));
}

TEST_CASE("the last line must be one finite number alone") {
  CHECK(contains(refusal("true"), "printed nothing, wanted the metric"));
  CHECK(contains(refusal("echo; echo '  '"), "printed nothing, wanted the metric"));
  CHECK(contains(refusal("echo 0.5; echo accuracy: 0.93"),
                 "last line is 'accuracy: 0.93', wanted the metric: one finite number alone"));
  for (const std::string text :
       {"nan", "inf", "-inf", "1e999", "0,5", "0.5x", "0.5 0.6", "0x10", "1e", "5%", "--5", "- 5", "."}) {
    CAPTURE(text);
    CHECK(contains(refusal("echo '" + text + "'"), "last line is '" + text + "'"));
  }
}

TEST_CASE("messages stay on one short line") {
  CHECK(contains(refusal(R"(printf 'a\tb\033\177c')"), R"(last line is 'a b\x1b\x7fc')"));
  CHECK(contains(refusal("printf 'x%100s'"),
                 "last line is 'x" + std::string(53, ' ') + "…" + std::string(26, ' ') + "'"));
  CHECK(contains(refusal("exit 1\n# more"), "'exit 1 # more'"));
}

TEST_CASE("standard input is empty") {
  CHECK(nuq::metric_of_command("cat; wc -c") == 0.0);
}

TEST_CASE("a program that prints much is read to its end") {
  CHECK(nuq::metric_of_command("yes | head -c 50000000; echo; echo 0.5") == 0.5);
}

TEST_CASE("a time-out ends all processes of the command") {
  const TemporaryFolder folder;
  const std::string marker = folder / "late";
  const std::string started = folder / "started";
  const std::string command = "(sleep 1; touch '" + marker + "') & touch '" + started + "'; sleep 30; echo 0.5";
  std::string message;
  CHECK(seconds_of([&] { message = refusal(command, 0.3); }) < 5.0);
  CHECK(contains(message, "timed out after 0.3 s"));
  CHECK(std::filesystem::exists(started));
  sleep_for(1.2);
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("a program may clean up when its time is out, but not for long") {
  const TemporaryFolder folder;
  const std::string file = folder / "cleaned";
  nuq::detail::CommandLimits limits;
  limits.timeout_seconds = 0.2;
  limits.grace_seconds = 0.3;
  const auto run = [&limits](const std::string& command) {
    return nuq::detail::run_shell_command(command, limits).end;
  };

  CHECK(run("trap 'echo yes >\"" + file + "\"; exit 0' TERM; while :; do sleep 0.05; done") ==
        nuq::detail::CommandResult::End::timed_out);
  CHECK(folder.read("cleaned") == "yes\n");

  CHECK(seconds_of([&] {
          CHECK(run("trap '' TERM; sleep 30; echo 0.5") == nuq::detail::CommandResult::End::timed_out);
        }) < 5.0);
}

TEST_CASE("a process left in the background is not waited for, though it keeps the output open") {
  CHECK(seconds_of([] { CHECK(nuq::metric_of_command("sleep 9 2>/dev/null & echo 0.5") == 0.5); }) < 5.0);
}

TEST_CASE("a program that closes its output early is waited for") {
  CHECK(nuq::metric_of_command("echo 0.5; exec >&-; sleep 0.2") == 0.5);
  CHECK(contains(refusal("echo 0.5; exec >&-; sleep 0.2; exit 4"), "exit code 4"));
}

TEST_CASE("evaluations run side by side") {
  // Each waits for the file that the other one writes.
  const TemporaryFolder folder;
  CommandOptions options;
  options.command = "cd '" + folder.path() +
                    "'; touch {model}; until [ -e {weights} ]; do sleep 0.02; done; echo loaded; echo {batch_num}";
  options.timeout_seconds = 10.0;
  const CommandEvaluator evaluator(options);
  double first = 0.0;
  double second = 0.0;
  std::thread thread([&] { first = evaluator.eval_model("a", "b", 1); });
  second = evaluator.eval_model("b", "a", 2);
  thread.join();
  CHECK(first == 1.0);
  CHECK(second == 2.0);
}

TEST_CASE("the stop predicate ends an evaluation") {
  int asked = 0;
  CommandOptions options;
  options.command = "sleep 30; echo 0.5 {model}";
  options.stop_requested = [&asked] { return ++asked > 3; };
  const CommandEvaluator evaluator(options);
  CaughtError error;
  CHECK(seconds_of([&] {
          error = error_of<nuq::EvaluationError>([&] { static_cast<void>(evaluator.eval_model("m", "w", 0)); });
        }) < 5.0);
  CHECK(error.code == ErrorCode::evaluation_failed);
  CHECK(error.says(": stopped"));
  CHECK(asked == 4);
}

TEST_CASE("an exception of the stop predicate ends the command too") {
  const TemporaryFolder folder;
  const std::string marker = folder / "late";
  CommandOptions options;
  options.command = "sleep 0.4; touch '" + marker + "' {model}";
  options.stop_requested = []() -> bool { throw 5; };
  const CommandEvaluator evaluator(options);
  CHECK_THROWS_AS(static_cast<void>(evaluator.eval_model("m", "w", 0)), int);
  sleep_for(0.6);
  CHECK_FALSE(std::filesystem::exists(marker));
}

TEST_CASE("what the calling process does with signals does not matter") {
  struct ::sigaction ignore {};
  struct ::sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGTERM, &ignore, &before);
  CHECK(contains(refusal("kill -15 $$; echo 0.5"), "killed by signal 15"));
  ::sigaction(SIGTERM, &before, nullptr);

  ::sigaction(SIGCHLD, &ignore, &before);
  CHECK(contains(refusal("echo 0.5"), "its exit code is lost"));
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST_CASE("no descriptor is left open, here or in the command") {
  const auto smallest_free = [] {
    const int probe = ::dup(0);
    ::close(probe);
    return probe;
  };
  const int before = smallest_free();
  CHECK(nuq::metric_of_command("echo 0.5") == 0.5);
  CHECK(contains(refusal("sleep 30", 0.05), "timed out"));
  CHECK(smallest_free() == before);

  // As many as a program has that inherits all of ours, while the pipe does not exist.
  const TemporaryFolder folder;
  const std::string count = "n=0; for i in 3 4 5 6 7 8 9; do (: >&$i) 2>/dev/null && n=$((n + 1)); done; echo $n";
  REQUIRE(std::system(("(" + count + ") >'" + (folder / "count") + "'").c_str()) == 0);
  CHECK(nuq::metric_of_command(count) == std::stod(folder.read("count")));
}

TEST_CASE("numbers are read alike in all locales") {
  struct DecimalComma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  CHECK(nuq::metric_of_command("echo 1234.5") == 1234.5);
  CHECK(contains(refusal("echo 0,5"), "last line is '0,5'"));
  std::locale::global(before);
}

}  // namespace adapters_command_evaluator_test
