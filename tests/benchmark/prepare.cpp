// What `auto_nuq` does between the evaluation of the original and the first candidate, part by part, on one thread:
// processor seconds, the same in forward passes over the calibration data, as a whole and per layer, and the peak
// memory up to the end of each part, in MB and as a multiple of the caffemodel's size.
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_prepare [network] [images] [images per batch] [run | run-without | parts]
//
// `network`: part of a name, of resnet50-thin (half the channels), resnet50 and vgg16, with random weights and images
// of 224 × 224, or of the zoo's labelled networks with their calibration data; empty: all. 24 images, 4 in a batch,
// where nothing else is said; images 0: all of the zoo's data. The last one chooses what is measured.
//
// Bars: the whole preparation ≤ 10 forward passes over the calibration data per layer; peak memory ≤ 3 × the caffemodel
// + 1 GiB; on 24 images, to the first candidate, ≤ 60 s for resnet50-thin, ≤ 180 s for resnet50, without statistics
// ≤ 8 s and ≤ 20 s.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <utility>

#include "../unit/random_values.hpp"
#include "../unit/temporary_folder.hpp"
#include "../zoo/random_weights.hpp"
#include "../zoo/zoo.hpp"
#include "nuq/calibration/collect_layer_statistics.hpp"
#include "nuq/calibration/factored_statistics.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/sensitivity/layer_sensitivities.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"

namespace {

/// Processor time, which other programs disturb less.
double now() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

template <class Action>
double seconds(Action&& action) {
  const double start = now();
  action();
  return now() - start;
}

/// Runs an action in a process of its own, so that its peak memory is its own. Ends the program if it fails.
template <class Action>
void in_own_process(Action&& action) {
  std::fflush(stdout);
  const ::pid_t child = ::fork();
  if (child == 0) {
    action();
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) std::exit(1);
}

double peak_bytes() {
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

/// A network and its calibration data.
struct Job {
  std::string name;
  std::string model;
  std::string weights;
  int batches = 0;
  std::function<nuq::InputBatch(int)> batch;
};

/// Forward passes over the calibration data, and what they are the unit of.
struct Unit {
  double pass = 0.0;  // seconds
  std::size_t layers = 0;
  double model_bytes = 0.0;

  void print(const char* part, double seconds) const {
    const double passes = seconds / pass;
    std::printf("  %-32s %9.3f %9.1f %10.2f %8.0f %8.2f\n", part, seconds, passes, passes / static_cast<double>(layers),
                peak_bytes() / 1e6, peak_bytes() / model_bytes);
    std::fflush(stdout);
  }
};

void print_header(const char* title) {
  std::printf(" %-33s %9s %9s %10s %8s %8s\n", title, "seconds", "passes", "per layer", "peak MB", "x model");
}

void forward_all(nuq::Net& net, const Job& job) {
  for (int index = 0; index < job.batches; ++index) {
    for (const auto& [blob, tensor] : job.batch(index)) net.set_input(blob, tensor.view());
    net.forward();
  }
}

/// The preparation's parts by themselves.
void measure_parts(const Job& job, const std::string& config, const TemporaryFolder& folder) {
  const nuq::QuantizationSession session = nuq::init(config, job.model, job.weights, folder / "record.txt");
  const nuq::Graph& graph = session.graph;
  const nuq::QuantizationPlan& plan = session.settings.plan;
  Unit unit;
  unit.model_bytes = static_cast<double>(std::filesystem::file_size(job.weights));
  unit.layers = plan.size();
  const auto feed = [&job](auto& engine, int index) {
    for (const auto& [blob, tensor] : job.batch(index)) engine.set_input(blob, tensor.view());
  };
  nuq::EigenEngine engine;
  engine.load(graph);
  const auto pass = [&] {
    for (int index = 0; index < job.batches; ++index) {
      feed(engine, index);
      engine.forward();
    }
  };
  pass();  // in fresh memory
  unit.pass = seconds(pass);
  unit.print("forward pass", unit.pass);

  nuq::Parallel serial;
  std::map<std::string, nuq::SplitStatistics> collected;
  unit.print("second moments", seconds([&] {
               collected = nuq::collect_layer_statistics(graph, plan, engine, job.batches, feed, {}, serial);
             }));
  double factors = 0.0;
  double damping = 0.0;
  nuq::NetworkStatistics statistics;
  for (auto& [layer, split] : collected) {
    const nuq::WeightMatrix weights(*graph.find(layer));
    const bool corrects_bias = nuq::has_own_bias(graph, *graph.find(layer));
    nuq::LayerStatistics known;
    damping += seconds(
        [&, &halves = split] { known = nuq::factored_statistics(weights.view(), halves, corrects_bias, serial); });
    if (known.second_moments.size() > 0)
      factors += seconds([&] { static_cast<void>(nuq::second_moment_factor(known.second_moments)); });
    statistics.emplace(layer, std::move(known));
    split = {};
  }
  unit.print("factors", factors);
  unit.print("damping", damping - factors);
  unit.print("sensitivities", seconds([&] {
               static_cast<void>(nuq::layer_sensitivities(graph, plan, statistics, engine, job.batches, feed, serial));
             }));
}

/// Runs the original alone: what matters of the others is when they begin.
struct Evaluator : nuq::AutoNuqEvaluatorBase<Evaluator> {
  explicit Evaluator(const Job& measured) : job(measured) {}

  double eval_net(nuq::Net& net, int) {
    if (++evaluations == 1) forward_all(net, job);
    return -evaluations;
  }
  static bool is_satisfied(double, double) { return true; }
  nuq::InputBatch calibration_batch(int index) const { return job.batch(index); }

  const Job& job;
  int evaluations = 0;
};

/// Prints what has been done when.
struct Milestones {
  void evaluation_started(const nuq::EvaluationProgress& evaluation) {
    if (evaluation.number == 1) unit.pass = now();
    if (evaluation.number == 2) unit.print("to the first candidate (int8)", now() - start);
    if (evaluation.number == 3) unit.print("to the first with few levels", now() - start);
    stop = evaluation.number == 3;
  }
  void evaluation_finished(const nuq::EvaluationProgress& evaluation) {
    if (evaluation.number != 1) return;
    start = now();
    unit.pass = start - unit.pass;
  }
  void started(std::size_t layers) { unit.layers = layers; }
  void layer_quantized(const std::string&, std::size_t done, std::size_t layers) const {
    if (done == 1) unit.print("to the first layer quantized", now() - start);
    if (done == layers) unit.print("to the last layer quantized", now() - start);
  }
  [[nodiscard]] bool stop_requested() const { return stop; }

  Unit unit;
  double start = 0.0;
  bool stop = false;
};

/// A whole run, up to the first candidates.
void measure_run(const Job& job, const std::string& config, const TemporaryFolder& folder, bool with_statistics) {
  Milestones milestones;
  milestones.unit.model_bytes = static_cast<double>(std::filesystem::file_size(job.weights));
  nuq::AutoNuqOptions options;
  options.weights_only = true;
  options.statistics_batches = with_statistics ? job.batches : -1;
  static_cast<void>(nuq::auto_nuq(
      job.model, job.weights, Evaluator(job), config, folder / "record.txt", folder / "net", options,
      nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, nuq::SerialExecutor{}, milestones}));
}

void measure(const Job& job, const std::string& what) {
  const auto is_wanted = [&what](const char* name) { return what.empty() || what == name; };
  const TemporaryFolder folder;
  const std::string config = folder / "config.json";
  std::printf("%s, %d batches\n", job.name.c_str(), job.batches);
  in_own_process([&] { nuq::create_quant_config(config, job.model, job.weights); });
  if (is_wanted("run")) {
    print_header("auto_nuq");
    in_own_process([&] { measure_run(job, config, folder, true); });
  }
  if (is_wanted("run-without")) {
    print_header("auto_nuq without statistics");
    in_own_process([&] { measure_run(job, config, folder, false); });
  }
  if (is_wanted("parts")) {
    print_header("parts");
    in_own_process([&] { measure_parts(job, config, folder); });
  }
}

/// The text of a prototxt, its convolutions with half as many channels if it is to be thin.
std::string network_text(const std::string& file, bool is_thin) {
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!is_thin) return text;
  std::string thin;
  const std::regex channels("num_output: *(64|128|256|512|2048|1024)\\b");
  auto rest = text.cbegin();
  for (std::sregex_iterator match(text.begin(), text.end(), channels), end; match != end; ++match) {
    thin.append(rest, match->prefix().second).append("num_output: " + std::to_string(std::stoi((*match)[1]) / 2));
    rest = match->suffix().first;
  }
  return thin.append(rest, text.cend());
}

/// A network of a prototxt with random weights, on random images.
void measure_random(const std::string& name, const std::string& prototxt, bool is_thin, int images, int batch_size,
                    const std::string& what) {
  const TemporaryFolder folder;
  Job job{name, folder / "net.prototxt", folder / "net.caffemodel", (images + batch_size - 1) / batch_size, {}};
  std::ofstream(job.model) << network_text(ZooNetwork::path("models/prototxt/") + prototxt, is_thin);
  in_own_process([&] { write_random_weights(job.model, job.weights); });
  job.batch = [=](int index) {
    const int count = (std::min)(batch_size, images - index * batch_size);
    const nuq::Shape shape{count, 3, 224, 224};
    return nuq::InputBatch{
        {"data", {shape, random_values(nuq::element_count(shape), static_cast<std::uint32_t>(index + 1))}}};
  };
  measure(job, what);
}

void measure_published(const ZooNetwork& network, int images, const std::string& what) {
  nuq::Dataset data = network.load("_calibration");
  if (images > 0) data.limit(static_cast<std::size_t>(images));
  measure({network.folder, network.model_file(), network.weights_file(), data.batches(),
           [&data](int index) { return data.batch(index); }},
          what);
}

}  // namespace

int main(int count, char** arguments) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::puts("NUQ_MODEL_ZOO is not set");
    return 77;
  }
  const std::string wanted = count > 1 ? arguments[1] : "";
  const int images = count > 2 ? std::atoi(arguments[2]) : 24;
  const int batch_size = count > 3 ? std::atoi(arguments[3]) : 4;
  const std::string what = count > 4 ? arguments[4] : "";
  const auto is_wanted = [&wanted](const std::string& name) { return name.find(wanted) != std::string::npos; };
  const auto is_named = [&](const std::string& name) { return is_wanted(name) && images > 0; };
  if (is_named("resnet50-thin") && wanted != "resnet50")
    measure_random("resnet50-thin", "resnet50_kaiming.prototxt", true, images, batch_size, what);
  if (is_named("resnet50") && wanted != "resnet50-thin")
    measure_random("resnet50", "resnet50_kaiming.prototxt", false, images, batch_size, what);
  if (is_named("vgg16")) measure_random("vgg16", "vgg16.prototxt", false, images, batch_size, what);
  for (const ZooNetwork& network : zoo_networks) {
    if (is_wanted(network.folder)) measure_published(network, images, what);
  }
}
