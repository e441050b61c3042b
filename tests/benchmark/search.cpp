// The search policies on the labelled networks of the zoo and on the quickstart's, as `nuq auto --weights-only
// --calibration` runs them: target packed, 15 evaluations. Weights are fitted to the calibration part of a network's
// data, networks measured on its test part (of the quickstart's, on what it searches with).
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_search [network] [drop] [--trials]
//
// `network`: part of a name; empty: all. `drop`: of the metric, accepted; 0.005 and 0.01 otherwise; of a PSNR 20 times
// that, in dB. --trials prints every evaluation as well: bytes, predicted harm relative to that of the first trial that
// does any, metric, verdict, and each layer's option.
//
// Bytes are those of the packed weights of all quantized layers. Seconds are those of the evaluations; quantization,
// which all policies share, stands in a network's heading. For comparison: the smallest of the networks with 256, 64,
// 32, 16, 8 or 4 levels in every layer that passes (chosen after all six are measured), and k-means with nearest
// levels, 32 in every layer. "/uniform": bytes relative to the former. "-" after the samples: the data has more.
//
// Networks of at most six layers have a second, smaller problem, marked *, that ExhaustiveSearch solves: 500 test
// samples, and as many options of each layer, evenly spread, as leave at most 1024 configurations. "/optimum": bytes
// relative to its answer.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../zoo/zoo.hpp"
#include "nuq/amct/default_config.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/error.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/codebook/lloyd.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/search/bisection.hpp"
#include "nuq/search/exhaustive.hpp"
#include "nuq/search/greedy.hpp"
#include "nuq/search/rate_distortion.hpp"
#include "search_comparison.hpp"

namespace {

constexpr int budget = 15;
constexpr double decibels_per_drop = 20.0;
constexpr std::size_t most_configurations = 1024;
constexpr std::size_t least_options = 3;  // a problem of fewer says little
constexpr std::size_t exhaustive_samples = 500;
const std::vector<int> uniform_levels{64, 32, 16, 8, 4};

/// An evaluation should take a few seconds at most.
std::size_t samples_of(const ZooNetwork& network) {
  return std::string(network.folder) == vdsr.folder ? 32 : SearchNetwork{}.most_samples;
}

std::vector<SearchNetwork> search_networks() {
  std::vector<SearchNetwork> networks;
  for (const ZooNetwork& network : zoo_networks) {
    networks.push_back({network.folder, network.model_file(), network.weights_file(),
                        network.dataset_file("_calibration"), network.dataset_file("_test"), samples_of(network)});
  }
  const std::string quickstart = std::string(NUQ_QUICKSTART_FOLDER) + "/fashion_";
  networks.push_back({"fashion_resnet", quickstart + "resnet.prototxt", quickstart + "resnet.caffemodel",
                      quickstart + "calibration.json", quickstart + "search.json", 2000});
  return networks;
}

std::vector<NamedPolicy> policies() {
  return {
      {"RateDistortionSearch", [](nuq::SearchProblem& problem) { return nuq::RateDistortionSearch{}.search(problem); }},
      {"BisectionSearch", [](nuq::SearchProblem& problem) { return nuq::BisectionSearch{}.search(problem); }},
      {"GreedySearch", [](nuq::SearchProblem& problem) { return nuq::GreedySearch{}.search(problem); }},
  };
}

NamedPolicy exhaustive() {
  return {"ExhaustiveSearch", [](nuq::SearchProblem& problem) { return nuq::ExhaustiveSearch{}.search(problem); }};
}

struct Options {
  std::string network;
  std::vector<double> drops{0.005, 0.01};
  bool prints_trials = false;
};

/// A line of the table.
struct Row {
  std::string network;
  double drop = 0.0;        ///< in the metric's unit
  std::size_t samples = 0;  ///< that networks are measured on
  bool is_limited = false;  ///< the data has more
  std::string method;
  SearchOutcome outcome;
  double reference_bytes = 0.0;  ///< of the smallest uniform network that passes or of the optimum; 0: none
};

/// The method's line for the same network and drop.
const Row* row_with(const std::vector<Row>& rows, const Row& like, const std::string& method) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.network == like.network && row.drop <= like.drop && row.drop >= like.drop && row.method == method;
  });
  return found == rows.end() ? nullptr : &*found;
}

// ---- output

void print_table_head() {
  std::printf("%-22s %7s %6s  %-22s %10s %8s %8s %9s %11s %9s %s\n", "network", "samples", "drop", "method", "bytes",
              "/float32", "/int8", "metric", "evaluations", "seconds", "/uniform or /optimum");
}

void print(const Row& row, std::size_t weights) {
  std::printf("%-22s %6zu%c %6.4g  %-22s", row.network.c_str(), row.samples, row.is_limited ? '-' : ' ', row.drop,
              row.method.c_str());
  if (!row.outcome.best) {
    std::printf(" nothing passed, %zu evaluations\n", row.outcome.evaluations);
    return;
  }
  const double bytes = row.outcome.best->bytes;
  const double int8_bytes = static_cast<double>(weights);
  std::printf(" %10.0f %7.2fx %7.2fx %9.5f", bytes, 4.0 * int8_bytes / bytes, int8_bytes / bytes,
              row.outcome.best->outcome.metric);
  if (row.outcome.evaluations > 0) {
    std::printf(" %11zu %9.1f", row.outcome.evaluations, row.outcome.seconds);
  } else {
    std::printf(" %11s %9s", "", "");
  }
  if (row.reference_bytes > 0.0) std::printf(" %9.4f", bytes / row.reference_bytes);
  std::printf("\n");
  std::fflush(stdout);
}

void print_trials(const std::string& method, const SearchOutcome& outcome) {
  double unit = 0.0;
  std::printf("  %s:\n", method.c_str());
  for (const SearchTrial& trial : outcome.trials) {
    if (unit <= 0.0) unit = trial.harm;
    std::printf("    %10.0f bytes  harm %9.3f  metric %9.5f %-7s ", trial.evaluated.bytes,
                unit > 0.0 ? trial.harm / unit : 0.0, trial.evaluated.outcome.metric,
                trial.evaluated.outcome.satisfied ? "passes" : "refused");
    for (const int option : trial.evaluated.configuration) std::printf(" %d", option);
    std::printf("\n");
  }
  std::fflush(stdout);
}

// ---- measuring

/// A network without a search, as a line of the table.
Row row_of(const UniformNetwork& network, std::string method) {
  Row row;
  row.method = std::move(method);
  row.outcome.best = nuq::EvaluatedConfiguration{{}, network.bytes, {network.metric, true}};
  return row;
}

/// What the searches are compared with.
struct Yardsticks {
  std::vector<UniformNetwork> uniform;
  std::optional<UniformNetwork> lloyd;
};

Yardsticks yardsticks(const SearchNetwork& files) {
  Yardsticks result;
  with_quantized(files, nuq::NonUniformQuantizer<>{}, uniform_levels, true,
                 [&](QuantizedNetwork& network) { result.uniform = uniform_networks(network, uniform_levels); });
  const nuq::NonUniformQuantizer lloyd(nuq::AbsMaxQuantizer{}, nuq::LloydCodebook{}, nuq::NearestLevel{});
  with_quantized(files, lloyd, {32}, false,
                 [&](QuantizedNetwork& network) { result.lloyd = uniform_networks(network, {32}).back(); });
  return result;
}

/// Lines of the policies, for every accepted drop; of the yardsticks where there are any.
std::vector<Row> compared(QuantizedNetwork& network, const Yardsticks& known, const std::vector<NamedPolicy>& searches,
                          const Options& options) {
  std::vector<Row> rows;
  const bool in_decibels = network.evaluator().test().description().metric == nuq::Metric::psnr;
  for (const double share : options.drops) {
    const double drop = in_decibels ? decibels_per_drop * share : share;
    const auto uniform = smallest_uniform(known.uniform, network.evaluator().original_metric(), drop);
    const auto add = [&](Row row) {
      row.drop = drop;
      row.samples = network.evaluator().test().samples();
      row.is_limited = network.evaluator().is_limited();
      row.reference_bytes = uniform ? uniform->bytes : 0.0;
      rows.push_back(std::move(row));
    };
    for (const NamedPolicy& policy : searches) {
      const bool is_exhaustive = policy.name == exhaustive().name;
      Row row;
      row.method = policy.name;
      row.outcome = searched(network, policy, drop, is_exhaustive ? static_cast<int>(most_configurations) + 2 : budget);
      if (options.prints_trials && !is_exhaustive) print_trials(policy.name, row.outcome);
      add(std::move(row));
    }
    if (uniform) add(row_of(*uniform, "uniform, " + std::to_string(uniform->levels) + " levels"));
    if (known.lloyd) add(row_of(*known.lloyd, "k-means, 32 levels"));
  }
  return rows;
}

std::vector<Row> compared_at_prices(const SearchNetwork& files, const Options& options) {
  const Yardsticks known = yardsticks(files);
  std::vector<Row> rows;
  const std::size_t weights = with_quantized(files, nuq::RateQuantizer{}, {}, true, [&](QuantizedNetwork& network) {
    const nuq::Dataset& test = network.evaluator().test();
    std::printf("== %s: %zu layers, original %.5f on %zu samples, prepared in %.1f s\n", files.name.c_str(),
                network.layers().size(), network.evaluator().original_metric(), test.samples(),
                network.preparation_seconds());
    rows = compared(network, known, policies(), options);
  });
  for (Row& row : rows) {
    row.network = files.name;
    print(row, weights);
  }
  return rows;
}

/// The most options of each layer that leave few enough configurations.
std::size_t options_of_exhaustive_search(std::size_t layers) {
  const auto configurations = [layers](std::size_t options) {
    return std::pow(static_cast<double>(options), static_cast<double>(layers));
  };
  std::size_t options = 1;
  while (configurations(options + 1) <= static_cast<double>(most_configurations)) ++options;
  return options;
}

std::vector<Row> compared_with_optimum(SearchNetwork files, const Options& options) {
  files.most_samples = (std::min)(files.most_samples, exhaustive_samples);
  const std::size_t layers = nuq::default_config(nuq::load_graph(files.model, files.weights), {}).layers.size();
  const std::size_t kept = options_of_exhaustive_search(layers);
  if (kept < least_options) return {};
  std::vector<NamedPolicy> searches = policies();
  searches.push_back(exhaustive());
  std::vector<Row> rows;
  const std::size_t weights = with_quantized(files, nuq::RateQuantizer{}, {}, true, [&](QuantizedNetwork& network) {
    network.keep_options(kept);
    std::printf("== %s*: %zu layers of %zu options, original %.5f on %zu samples\n", files.name.c_str(), layers, kept,
                network.evaluator().original_metric(), network.evaluator().test().samples());
    rows = compared(network, {}, searches, options);
  });
  for (Row& row : rows) row.network = files.name + "*";
  for (Row& row : rows) {
    const auto& optimum = row_with(rows, row, exhaustive().name)->outcome.best;
    row.reference_bytes = optimum ? optimum->bytes : 0.0;
    print(row, weights);
  }
  return rows;
}

// ---- summary

struct Summary {
  std::vector<double> to_reference;
  std::size_t most_evaluations = 0;
  int above_binary = 0;  ///< answers larger than BisectionSearch's
  int answers = 0;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2.0;
}

void add(Summary& summary, const Row& row, const Row& binary) {
  summary.most_evaluations = (std::max)(summary.most_evaluations, row.outcome.evaluations);
  if (!row.outcome.best) return;
  ++summary.answers;
  const double bytes = row.outcome.best->bytes;
  if (row.reference_bytes > 0.0) summary.to_reference.push_back(bytes / row.reference_bytes);
  if (binary.outcome.best && bytes > binary.outcome.best->bytes) ++summary.above_binary;
}

void print_summary(const std::vector<Row>& rows, const char* reference) {
  std::printf("\n%-22s  bytes relative to %-15s  most evaluations  larger than BisectionSearch\n", "", reference);
  for (const NamedPolicy& policy : policies()) {
    Summary summary;
    for (const Row& row : rows) {
      if (row.method == policy.name) add(summary, row, *row_with(rows, row, "BisectionSearch"));
    }
    const auto& ratios = summary.to_reference;
    const double worst = ratios.empty() ? 0.0 : *std::max_element(ratios.begin(), ratios.end());
    std::printf("%-22s  median %.4f, worst %7.4f  %17zu  %17d of %d\n", policy.name.c_str(), median(ratios), worst,
                summary.most_evaluations, summary.above_binary, summary.answers);
  }
}

void benchmark(const Options& options) {
  std::vector<Row> at_prices;
  std::vector<Row> with_optimum;
  print_table_head();
  for (const SearchNetwork& files : search_networks()) {
    if (files.name.find(options.network) == std::string::npos) continue;
    try {
      for (Row& row : compared_at_prices(files, options)) at_prices.push_back(std::move(row));
      for (Row& row : compared_with_optimum(files, options)) with_optimum.push_back(std::move(row));
    } catch (const nuq::Error& error) {
      std::printf("== %s: not measured: %s\n", files.name.c_str(), error.what());
    }
  }
  print_summary(at_prices, "best uniform");
  if (!with_optimum.empty()) print_summary(with_optimum, "optimum");
}

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::fprintf(stderr, "NUQ_MODEL_ZOO is not set: nothing to measure\n");
    return 77;
  }
  std::vector<std::string> arguments(argv + 1, argv + argc);
  Options options;
  const auto trials = std::find(arguments.begin(), arguments.end(), "--trials");
  options.prints_trials = trials != arguments.end();
  if (options.prints_trials) arguments.erase(trials);
  if (!arguments.empty()) options.network = arguments[0];
  if (arguments.size() > 1) options.drops = {std::atof(arguments[1].c_str())};
  try {
    benchmark(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
