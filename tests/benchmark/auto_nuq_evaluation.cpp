// What an evaluation of auto_nuq takes with an evaluator in memory (`eval_net`), against a plain loop of forward passes
// of the float network over the same batches, of the labelled networks of the zoo: processor seconds of both, medians,
// and their ratio. What is not spent in the evaluator is the cost of making and loading the trial's network: "own".
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_auto_nuq_evaluation [network] [batches]
//
// `network`: part of a name; empty: all. `batches` of each network's data; 4 otherwise.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "../unit/temporary_folder.hpp"
#include "../zoo/zoo.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

/// Processor time, which other programs disturb less; everything runs on one thread.
double now() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double seconds_since(double start) {
  return now() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

/// Accepts everything, so that the search tries ever smaller networks.
struct TimedEvaluator : nuq::AutoNuqEvaluatorBase<TimedEvaluator> {
  TimedEvaluator(const nuq::Dataset& data, int batches) : dataset(data) { evaluate_batch_num = batches; }

  double eval_net(nuq::Net& net, int batch_num) {
    const double start = now();
    const double metric = nuq::evaluate(net, dataset, batch_num);
    seconds.push_back(seconds_since(start));
    return metric;
  }
  static bool is_satisfied(double, double) { return true; }

  const nuq::Dataset& dataset;
  std::vector<double> seconds;  // of each call
};

/// Times whole evaluations.
struct EvaluationTimes {
  void evaluation_started(const nuq::EvaluationProgress&) { start = now(); }
  void evaluation_finished(const nuq::EvaluationProgress& evaluation) {
    if (!evaluation.known_before && evaluation.number > 1) seconds.push_back(seconds_since(start));
  }

  double start = 0.0;
  std::vector<double> seconds;  // of all but the original's
};

double plain_loop_seconds(const ZooNetwork& network, const nuq::Dataset& dataset, int batches) {
  nuq::Net net(network.model_file(), network.weights_file());
  std::vector<double> seconds;
  for (int run = 0; run < 5; ++run) {
    const double start = now();
    static_cast<void>(nuq::evaluate(net, dataset, batches));
    seconds.push_back(seconds_since(start));
  }
  return median(seconds);
}

void measure(const ZooNetwork& network, int batches) {
  const nuq::Dataset dataset = network.load("_test");
  const TemporaryFolder folder;
  nuq::create_quant_config(folder / "config.json", network.model_file(), network.weights_file());
  TimedEvaluator evaluator(dataset, batches);
  EvaluationTimes times;
  nuq::AutoNuqOptions options;
  options.max_evaluations = 8;
  options.weights_only = true;
  const double before = plain_loop_seconds(network, dataset, batches);
  static_cast<void>(
      nuq::auto_nuq(network.model_file(), network.weights_file(), evaluator, folder / "config.json",
                    folder / "record.txt", folder / "net", options,
                    nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, nuq::SerialExecutor{}, times}));
  const double loop = (std::min)(before, plain_loop_seconds(network, dataset, batches));
  const double evaluation = median(times.seconds);
  const double own = evaluation - median({evaluator.seconds.begin() + 1, evaluator.seconds.end()});
  std::printf("%-24s %4zu %12.4f %12.4f %8.3f %10.4f\n", network.folder, times.seconds.size(), evaluation, loop,
              evaluation / loop, own);
}

}  // namespace

int main(int count, char** arguments) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::puts("NUQ_MODEL_ZOO is not set");
    return 77;
  }
  const std::string wanted = count > 1 ? arguments[1] : "";
  const int batches = count > 2 ? std::atoi(arguments[2]) : 4;
  std::printf("%-24s %4s %12s %12s %8s %10s\n", "network", "n", "evaluation", "plain loop", "ratio", "own");
  for (const ZooNetwork& network : zoo_networks) {
    if (std::string(network.folder).find(wanted) != std::string::npos) measure(network, batches);
  }
}
