// Searches on several ranks, in which one or all of them fail as the first argument says, against the same search on
// one. Exit code 0: as it should be, on every rank.

#include <mpi.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../unit/temporary_folder.hpp"
#include "../unit/workflow/tiny_network.hpp"
#include "nuq/adapters/mpi.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

/// How a rank's evaluator differs from one that works.
struct Scenario {
  double seconds_limit = no_limit;
  std::function<void(int rank, int call)> before = [](int, int) {};
  std::function<double(int rank, double metric)> change = [](int, double metric) { return metric; };
  std::vector<std::string> warnings;  ///< each is in one of the report's; none: there are none
  std::vector<int> given_up;
  bool fails = false;  ///< the search ends with an EvaluationError
};

void sleep(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

Scenario rank_1_throws() {
  Scenario scenario;
  scenario.before = [](int rank, int) {
    if (rank == 1) throw std::runtime_error("no such device");
  };
  scenario.warnings = {"evaluation on rank 1: no such device"};
  return scenario;
}

Scenario workers_fail() {
  Scenario scenario = rank_1_throws();
  scenario.change = [](int rank, double metric) { return rank == 0 ? metric : std::nan(""); };
  scenario.warnings.push_back("evaluation on rank 2: returned no finite number");
  return scenario;
}

Scenario rank_0_throws() {
  Scenario scenario;
  scenario.before = [](int rank, int) {
    if (rank == 0) throw std::runtime_error("out of memory");
  };
  scenario.warnings = {"evaluation on rank 0: out of memory"};
  return scenario;
}

Scenario all_throw() {
  Scenario scenario;
  scenario.before = [](int, int) { throw std::runtime_error("no data"); };
  scenario.fails = true;
  return scenario;
}

/// The search is over before rank 1 answers.
Scenario rank_1_hangs() {
  Scenario scenario;
  scenario.seconds_limit = 2.0;
  scenario.before = [](int rank, int call) {
    if (rank == 1 && call == 0) sleep(6.0);
  };
  scenario.warnings = {"evaluation on rank 1: no answer within 2 s: the rank is given up for the rest of the run"};
  scenario.given_up = {1};
  return scenario;
}

/// Rank 1 answers when it has been given up, while the search goes on.
Scenario rank_1_is_late() {
  Scenario scenario;
  scenario.seconds_limit = 2.0;
  scenario.before = [](int rank, int call) {
    if (rank == 1 && call == 0) sleep(3.0);
    if (rank != 1) sleep(0.4);
  };
  scenario.warnings = {"evaluation on rank 1: no answer within 2 s"};
  scenario.given_up = {1};
  return scenario;
}

const std::map<std::string, Scenario (*)()> scenarios = {
    {"plain", [] { return Scenario(); }}, {"rank_1_throws", rank_1_throws}, {"workers_fail", workers_fail},
    {"rank_0_throws", rank_0_throws},     {"all_throw", all_throw},         {"rank_1_hangs", rank_1_hangs},
    {"rank_1_is_late", rank_1_is_late}};

/// 1 − ten times the mean absolute difference of the softmax outputs from those of the original.
class Fidelity : public nuq::AutoNuqEvaluatorBase<Fidelity> {
 public:
  Fidelity(const TinyNetwork& original, int rank, const Scenario& scenario)
      : rank_(rank), scenario_(scenario), reference_(outputs(original.model, original.weights)) {}

  double eval_model(const std::string& model_file, const std::string& weights_file, int) {
    scenario_.before(rank_, calls_++);
    const std::vector<float> found = outputs(model_file, weights_file);
    double difference = 0.0;
    for (std::size_t index = 0; index < reference_.size(); ++index) {
      difference += static_cast<double>(std::fabs(found[index] - reference_[index]));
    }
    return scenario_.change(rank_, 1.0 - 10.0 * difference / static_cast<double>(reference_.size()));
  }
  bool is_satisfied(double original, double result) const { return original - result <= 0.05; }
  nuq::InputBatch calibration_batch(int index) const { return {{"data", TinyNetwork::batch(index)}}; }

  [[nodiscard]] int calls() const { return calls_; }

 private:
  static std::vector<float> outputs(const std::string& model_file, const std::string& weights_file) {
    nuq::Net net(model_file, weights_file);
    net.set_input("data", TinyNetwork::batch(5).view());
    net.forward();
    const nuq::TensorView output = net.output("prob");
    return {output.values.begin(), output.values.end()};
  }

  int rank_;
  Scenario scenario_;
  std::vector<float> reference_;
  int calls_ = 0;
};

/// A sum over both files in which every byte's place counts.
struct ContentSum : nuq::AutoNuqEvaluatorBase<ContentSum> {
  static double eval_model(const std::string& model_file, const std::string& weights_file, int) {
    std::uint32_t sum = 2166136261U;  // FNV-1a
    for (const std::string& path : {model_file, weights_file}) {
      std::ifstream file(path, std::ios::binary);
      if (!file) throw std::runtime_error("no file " + path);
      for (auto byte = std::istreambuf_iterator<char>(file); byte != std::istreambuf_iterator<char>(); ++byte) {
        sum = (sum ^ static_cast<unsigned char>(*byte)) * 16777619U;
      }
      sum = (sum ^ 256U) * 16777619U;
    }
    return sum;
  }
  bool is_satisfied(double, double) const { return true; }
};

class Checks {
 public:
  void operator()(bool holds, const std::string& what) {
    if (holds) return;
    std::fprintf(stderr, "not true: %s\n", what.c_str());
    exit_code_ = 1;
  }
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_ = 0;
};

// ---- searches

/// A folder's files and their content; the report without what depends on the clock and on failures.
std::map<std::string, std::string> content_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (entry.path().filename() == "net_report.json") {
      auto report = nlohmann::ordered_json::parse(content);
      report.erase("seconds");
      report.erase("warnings");
      content = report.dump();
    }
    files[entry.path().filename().string()] = content;
  }
  return files;
}

class Search {
 public:
  Search() : network_(folder_) { nuq::create_quant_config(folder_ / "config.json", network_.model, network_.weights); }

  [[nodiscard]] const TinyNetwork& network() const { return network_; }

  /// Runs in a folder of its own, so that the paths in the files are the same.
  template <class Executor>
  nuq::RunReport operator()(const std::string& name, Fidelity& evaluator, const Executor& executor) const {
    std::filesystem::create_directory(folder_ / name);
    std::filesystem::current_path(folder_ / name);
    return nuq::auto_nuq(network_.model, network_.weights, evaluator, folder_ / "config.json", "net_record.txt", "net",
                         {}, nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, executor})
        .report;
  }

  [[nodiscard]] std::map<std::string, std::string> files(const std::string& name) const {
    return content_of(folder_ / name);
  }

 private:
  TemporaryFolder folder_;
  TinyNetwork network_;
};

void check_warnings(const nuq::RunReport& report, const std::vector<std::string>& wanted, Checks& check) {
  check(report.warnings.empty() == wanted.empty(), "the report has warnings iff there was a failure");
  for (const std::string& part : wanted) {
    bool found = false;
    for (const std::string& warning : report.warnings) found = found || warning.find(part) != std::string::npos;
    check(found, "a warning says: " + part);
  }
}

void check_files(const Search& search, Checks& check) {
  const auto serial = search.files("serial");
  const auto distributed = search.files("distributed");
  check(serial.size() >= 9, "a serial run writes all its files");
  check(serial.size() == distributed.size(), "as many files as in a serial run");
  for (const auto& [name, content] : serial) {
    check(distributed.count(name) > 0 && distributed.at(name) == content, name + " as in a serial run");
  }
}

void search_on_rank_0(const Scenario& scenario, Checks& check) {
  nuq::MpiExecutor executor(MPI_COMM_WORLD, scenario.seconds_limit);
  const Search search;
  Fidelity undisturbed(search.network(), 0, {});
  Fidelity evaluator(search.network(), 0, scenario);
  search("serial", undisturbed, nuq::SerialExecutor{});
  bool failed = false;
  try {
    check_warnings(search("distributed", evaluator, executor), scenario.warnings, check);
    check_files(search, check);
  } catch (const nuq::EvaluationError& error) {
    std::printf("%s\n", error.what());
    failed = true;
  }
  check(failed == scenario.fails, "an EvaluationError iff all ranks fail");
  check(executor.given_up() == scenario.given_up, "the ranks given up are those that do not answer");
  std::printf("calls of the evaluator: %d of the serial run, %d on rank 0, given up %zu\n", undisturbed.calls(),
              evaluator.calls(), executor.given_up().size());
}

void serve_searches(int rank, const Scenario& scenario, const std::string& scratch_prefix, Checks& check) {
  const TemporaryFolder folder;
  Fidelity evaluator(TinyNetwork(folder), rank, scenario);
  nuq::serve_evaluations(evaluator, MPI_COMM_WORLD, scratch_prefix);
  check(evaluator.calls() > 0 || scenario.fails, "rank " + std::to_string(rank) + " was asked");
  std::printf("calls of the evaluator: %d on rank %d\n", evaluator.calls(), rank);
}

// ---- how files get there

struct FileBatch {
  const TemporaryFolder& folder;
  std::vector<nuq::ModelFiles> models;
  std::map<std::size_t, double> metrics;
  std::set<std::size_t> local;

  void add(std::size_t model_bytes, std::size_t weights_bytes) {
    const std::string name = std::to_string(models.size());
    models.push_back({write(name + "_model", model_bytes), write(name + "_weights", weights_bytes)});
  }

  [[nodiscard]] std::size_t size() const { return models.size(); }
  void evaluate(std::size_t index) {
    local.insert(index);
    record(index, ContentSum::eval_model(models[index].model_file, models[index].weights_file, 0));
  }
  [[nodiscard]] nuq::ModelFiles files(std::size_t index) const { return models[index]; }
  void record(std::size_t index, double metric) { metrics[index] = metric; }
  static void report_failure(std::size_t, const std::string& message) { throw std::logic_error(message); }

 private:
  std::string write(const std::string& name, std::size_t bytes) const {
    std::string content(bytes, '\0');
    std::uint32_t state = static_cast<std::uint32_t>(bytes + models.size());
    for (char& byte : content) byte = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
    return folder.write(name, content);
  }
};

void send_files_from_rank_0(Checks& check) {
  const nuq::MpiExecutor executor(MPI_COMM_WORLD);
  const TemporaryFolder folder;
  for (const std::size_t megabytes : {std::size_t{0}, std::size_t{4}, std::size_t{9}}) {
    FileBatch batch{folder, {}, {}, {}};
    for (std::size_t index = 0; index < executor.width(); ++index) batch.add(100 * index, (megabytes << 20U) + index);
    executor.run(batch);
    check(batch.local == std::set<std::size_t>{0}, "rank 0 evaluates the first model and no other");
    for (std::size_t index = 0; index < batch.size(); ++index) {
      const auto& [model_file, weights_file] = batch.models[index];
      check(
          batch.metrics.count(index) > 0 && batch.metrics[index] == ContentSum::eval_model(model_file, weights_file, 0),
          "model " + std::to_string(index) + " arrives as it was sent");
    }
  }
}

int run(const std::string& mode, int rank) {
  Checks check;
  const TemporaryFolder scratch;
  const std::string scratch_prefix = scratch / "new_folder/trial";
  if (mode == "content") {
    if (rank == 0) {
      send_files_from_rank_0(check);
    } else {
      nuq::serve_evaluations(ContentSum{}, MPI_COMM_WORLD, scratch_prefix);
    }
  } else if (rank == 0) {
    search_on_rank_0(scenarios.at(mode)(), check);
  } else {
    serve_searches(rank, scenarios.at(mode)(), scratch_prefix, check);
  }
  const bool has_worked = std::filesystem::exists(scratch / "new_folder");
  check(!has_worked || std::filesystem::is_empty(scratch / "new_folder"), "a worker has removed its files");
  return check.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  int exit_code = 1;
  try {
    exit_code = run(argc > 1 ? argv[1] : "plain", rank);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
  return exit_code;
}
