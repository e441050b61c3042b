#include "nuq/adapters/evaluation_server.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace adapters_evaluation_server_test {

using nuq::BatchMetrics;
using nuq::ErrorCode;
using nuq::EvaluationServer;
using nuq::EvaluationServerOptions;

static_assert(nuq::check_evaluator<EvaluationServer>());
static_assert(EvaluationServer::is_thread_safe);

const std::string hello = R"(echo '{"id":1,"protocol":1}'; )";

/// A server in the shell's language: `body` runs for each request after the first, which is in $line; `greeting`
/// before.
std::string server_of(const std::string& body, const std::string& greeting = hello) {
  return "read line; " + greeting + "while read -r line; do id=${line#*:}; id=${id%%,*}; " + body + "; done";
}

EvaluationServerOptions options_of(const std::string& command) {
  EvaluationServerOptions options;
  options.command = command;
  options.max_drop = 0.01;
  return options;
}

double metric_of(const EvaluationServer& server, BatchMetrics batches = {}) {
  return server.eval_model("m", "w", 0, batches);
}

/// The message where the first evaluation must fail.
std::string refusal(const std::string& body) {
  const EvaluationServer server(options_of(server_of(body)));
  const CaughtError error = error_of<nuq::EvaluationError>([&] { static_cast<void>(metric_of(server)); });
  CHECK(error.code == ErrorCode::evaluation_failed);
  CHECK(error.message.find('\n') == std::string::npos);
  return error.message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("one process answers all requests, and ends when the evaluator goes") {
  const TemporaryFolder folder;
  {
    const EvaluationServer server(options_of(server_of("printf '%s\\n' \"$line\" >> '" + (folder / "requests") +
                                                       R"('; echo "{\"id\":$id,\"metric\":0.5}")") +
                                             "; echo gone > '" + (folder / "end") + "'"));
    BatchMetrics batches;
    CHECK(server.eval_model("a \"model\"", "weights", 7, batches) == 0.5);
    CHECK(server.eval_model("b", "w", 0, batches) == 0.5);
    CHECK(server.starts() == 1);
  }
  CHECK(folder.read("requests") ==
        R"({"id":2,"request":"evaluate","model":"a \"model\"","weights":"weights","batch_num":7}
{"id":3,"request":"evaluate","model":"b","weights":"w","batch_num":0}
{"request":"shutdown"}
)");
  CHECK(folder.read("end") == "gone\n");
}

TEST_CASE("the greeting says how many batches are wanted, a label, and whether the server judges") {
  const std::string judge =
      server_of(R"(case $line in *0.75*) answer=true;; *) answer=false;; esac;
                                         echo "{\"id\":$id,\"satisfied\":$answer}")",
                R"(echo '{"id":1,"protocol":1,"batch_num":9,"is_satisfied":true,"label":"v2"}'; )");
  EvaluationServerOptions options = options_of(judge);
  options.max_drop.reset();
  const EvaluationServer server(options);
  CHECK(server.evaluate_batch_num == 9);
  CHECK(server.judges());
  CHECK(server.label() == judge + "\nv2");
  CHECK(server.is_satisfied(0.9, 0.75));
  CHECK_FALSE(server.is_satisfied(0.9, 0.875));

  const EvaluationServer with_drop(options_of(judge));
  CHECK(with_drop.is_satisfied(0.9, 0.89));
  CHECK_FALSE(with_drop.is_satisfied(0.9, 0.75));
}

TEST_CASE("batches are heard of as they come, and end an evaluation that has clearly failed") {
  // 50 batches of 0.25 and 0.35 in turn, until it is told to stop; its metric is then how many there were.
  const std::string body = R"(n=0; goes_on=true; while [ $n -lt 50 ] && $goes_on; do
      n=$((n + 1)); echo "{\"id\":$id,\"batches\":[[0.$((25 + n % 2 * 10)),2]]}"; read -r answer;
      case $answer in *true*) ;; *) goes_on=false;; esac; done; echo "{\"id\":$id,\"metric\":$n}")";
  const EvaluationServer server(options_of(server_of(body)));
  BatchMetrics original;
  CHECK(server.eval_model("m", "w", 0, original) == 50.0);
  REQUIRE(original.values().size() == 50);
  CHECK(original.values()[0].metric == 0.35);
  CHECK(original.values()[1].metric == 0.25);
  CHECK(original.values()[1].samples == 2);

  std::vector<nuq::BatchMetric> better = original.values();
  for (nuq::BatchMetric& batch : better) batch.metric += 0.5;
  const auto is_satisfied = [&server](double metric) { return server.is_satisfied(0.8, metric); };
  BatchMetrics compared(better, 0.8, is_satisfied);
  CHECK(server.eval_model("m", "w", 0, compared) == BatchMetrics::least_batches);
  CHECK(compared.predicted_failure().value_or(0.0) == doctest::Approx(0.3));
  CHECK(metric_of(server) == 50.0);
}

TEST_CASE("a server that judges is asked in the middle of an evaluation, too") {
  const std::string body = R"(case $line in *is_satisfied*) echo "{\"id\":$id,\"satisfied\":false}";; *evaluate*)
      n=0; goes_on=true; while [ $n -lt 20 ] && $goes_on; do
      n=$((n + 1)); echo "{\"id\":$id,\"batches\":[[0.25,1]]}";
      while read -r line && [ "${line#*is_satisfied}" != "$line" ]; do
        asked=${line#*:}; echo "{\"id\":${asked%%,*},\"satisfied\":false}"; done;
      case $line in *true*) ;; *) goes_on=false;; esac; done; echo "{\"id\":$id,\"metric\":$n}";; esac)";
  EvaluationServerOptions options =
      options_of(server_of(body, R"(echo '{"id":1,"protocol":1,"is_satisfied":true}'; )"));
  options.max_drop.reset();
  const EvaluationServer server(options);
  const std::vector<nuq::BatchMetric> original(20, {0.75, 1});
  const auto is_satisfied = [&server](double metric) { return server.is_satisfied(0.75, metric); };
  BatchMetrics batches(original, 0.75, is_satisfied);
  CHECK(server.eval_model("m", "w", 0, batches) == BatchMetrics::least_batches);
  CHECK(server.starts() == 1);
}

TEST_CASE("a process that dies or is silent is replaced once, and its batches do not count") {
  for (const std::string trouble : {"kill -9 $$", "sleep 30"}) {
    const TemporaryFolder folder;
    std::vector<std::string> told;
    EvaluationServerOptions options = options_of(server_of(
        R"(echo "{\"id\":$id,\"batches\":[[0.5,1]]}"; read -r answer; [ -e ')" + (folder / "tried") +
        "' ] || { touch '" + (folder / "tried") + "'; " + trouble + R"(; }; echo "{\"id\":$id,\"metric\":0.25}")"));
    options.timeout_seconds = 1.5;
    options.restarted = [&told](const std::string& why) { told.push_back(why); };
    const EvaluationServer server(options);
    BatchMetrics batches;
    CHECK(server.eval_model("m", "w", 0, batches) == 0.25);
    CHECK(batches.values().size() == 1);
    CHECK(server.starts() == 2);
    REQUIRE(told.size() == 1);
    CHECK(contains(told[0], trouble == "sleep 30" ? "timed out after 1.5 s" : "killed by signal 9 (SIGKILL)"));
  }
}

TEST_CASE("a server that dies again gives one line") {
  CHECK(contains(refusal("kill -9 $$"), "killed by signal 9 (SIGKILL)"));
  CHECK(contains(refusal("exit 0"), "exit code 0 before it was told to shut down"));
  CHECK(contains(refusal("exit 3"), "exit code 3"));
}

TEST_CASE("answers that are not as the protocol has it are quoted") {
  const std::string garbage = refusal(R"(printf 'loss:\t0.5\033\n')");
  CHECK(contains(garbage, "answered 'loss: 0.5\\x1b': wanted one JSON object a line"));
  CHECK(contains(refusal("echo 0.5"), "answered '0.5': wanted one JSON object a line"));
  CHECK(contains(refusal(R"(echo '{"id":77,"metric":0.5}')"), "wanted the answer with id 2"));
  CHECK(contains(refusal(R"(echo '{"metric":0.5}')"), "wanted the answer with id 2"));
  CHECK(contains(refusal(R"(echo '{"id":2}')"), "neither 'metric' nor 'batches' nor 'error'"));
  CHECK(contains(refusal(R"(echo '{"id":2,"metric":"high"}')"), "'metric' is no finite number"));
  CHECK(contains(refusal(R"(echo '{"id":2,"metric":0.5,"batches":[[0.5,0]]}')"), "batch [0.5,0], wanted"));
  CHECK(contains(refusal(R"(echo '{"id":2,"error":"no GPU"}')"), "reports: no GPU"));
  CHECK(contains(refusal("head -c 20000000 /dev/zero | tr '\\0' x; echo"), "wanted one JSON object a line"));
}

TEST_CASE("a server that does not begin well is refused at once") {
  const auto refused = [](const std::string& command) {
    return error_of<nuq::EvaluationError>([&] { EvaluationServer{options_of(command)}; }).message;
  };
  CHECK(contains(refused("exit 3"), "exit code 3"));
  CHECK(contains(refused("no-such-program-of-nuq 2>/dev/null"), "command not found"));
  CHECK(contains(refused("read line; echo loading; sleep 30"), "answered 'loading'"));
  CHECK(contains(refused(R"(read line; echo '{"id":1,"protocol":2}')"), "speaks protocol 2, wanted 1"));
  CHECK(contains(refused(R"(read line; echo '{"id":1}')"), "'protocol' is missing"));
}

TEST_CASE("options that make no sense are refused") {
  EvaluationServerOptions options = options_of(server_of("exit"));
  options.max_drop.reset();
  CHECK(error_of<nuq::ConfigError>([&] { EvaluationServer{options}; }).says("is_satisfied"));
  options.max_drop = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of<nuq::ConfigError>([&] { EvaluationServer{options}; }).says("max_drop: got nan"));
  options.max_drop = 0.0;
  options.timeout_seconds = 0.0;
  CHECK(error_of<nuq::ConfigError>([&] { EvaluationServer{options}; }).says("timeout: got 0 s"));
}

TEST_CASE("evaluations run side by side, each with a process") {
  // Each waits for the file that the other one writes.
  const TemporaryFolder folder;
  EvaluationServerOptions options = options_of(server_of(
      "cd '" + folder.path() + R"('; case $line in *'"a"'*) own=a; other=b;; *) own=b; other=a;; esac; touch $own;
        until [ -e $other ]; do sleep 0.02; done; echo "{\"id\":$id,\"metric\":$(($$))}")"));
  options.timeout_seconds = 10.0;
  const EvaluationServer server(options);
  double first = 0.0;
  BatchMetrics of_first;
  BatchMetrics of_second;
  std::thread thread([&] { first = server.eval_model("a", "w", 0, of_first); });
  const double second = server.eval_model("b", "w", 0, of_second);
  thread.join();
  CHECK(first != second);
  CHECK(server.starts() == 2);
  CHECK(metric_of(server) > 0.0);
  CHECK(server.starts() == 2);
}

TEST_CASE("the stop predicate ends an evaluation, which is not repeated") {
  int asked = 0;
  EvaluationServerOptions options = options_of(server_of("sleep 30"));
  options.stop_requested = [&asked] { return ++asked > 5; };
  const EvaluationServer server(options);
  CHECK(error_of<nuq::EvaluationError>([&] { static_cast<void>(metric_of(server)); }).says(": stopped"));
  CHECK(server.starts() == 1);
}

}  // namespace adapters_evaluation_server_test
