// Quality against size: every method at several numbers of levels on the labelled networks of the zoo and on the
// quickstart's, weights only. Statistics come from the calibration part of a network's data, figures from its test
// part.
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_quality [--network NAME …] [--levels 32,16,8] [--sequential] [--keep-biases]
//         [--output DIR]
//
// --sequential adds rows of layers that are fitted one after the other, with a pass over the data for each;
// --keep-biases corrects none.
// --output writes DIR/quality.json and one plot DIR/NAME.svg per network. Damage: the Kullback-Leibler divergence of
// the class probabilities per sample; for other outputs the squared error relative to their energy.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../zoo/zoo.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/io/atomic_file.hpp"
#include "quality_bars.hpp"
#include "quality_methods.hpp"
#include "quality_network.hpp"
#include "quality_rate_sweep.hpp"
#include "quality_report.hpp"
#include "quality_row.hpp"
#include "quality_small_layers.hpp"
#include "quality_static.hpp"
#include "quality_time.hpp"

namespace {

std::vector<NetworkFiles> labelled_networks() {
  std::vector<NetworkFiles> networks;
  for (const ZooNetwork& network : zoo_networks) {
    networks.push_back({network.folder, network.model_file(), network.weights_file(),
                        network.dataset_file("_calibration"), network.dataset_file("_test")});
  }
  const std::string quickstart = std::string(NUQ_QUICKSTART_FOLDER) + "/";
  networks.push_back({"fashion_resnet", quickstart + "fashion_resnet.prototxt",
                      quickstart + "fashion_resnet.caffemodel", quickstart + "fashion_calibration.json",
                      quickstart + "fashion_held_out.json"});
  return networks;
}

struct Options {
  std::vector<std::string> networks;  // none: all
  std::vector<int> levels = {256, 64, 32, 16, 8, 4};
  bool sequential = false;
  nuq::BiasCorrection bias_correction = nuq::BiasCorrection::automatic;
  std::string output;
};

bool is_labelled_network(const std::string& name) {
  const std::vector<NetworkFiles> networks = labelled_networks();
  return std::any_of(networks.begin(), networks.end(),
                     [&name](const NetworkFiles& network) { return network.name == name; });
}

std::vector<int> parsed_levels(const std::string& list) {
  std::vector<int> levels;
  std::istringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) levels.push_back(std::stoi(item));
  return levels;
}

/// Throws std::exception for anything but the usage above.
Options parsed_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string& name = arguments[index];
    if (name == "--sequential") {
      options.sequential = true;
      continue;
    }
    if (name == "--keep-biases") {
      options.bias_correction = nuq::BiasCorrection::off;
      continue;
    }
    const std::string& value = arguments.at(++index);
    if (name == "--network" && is_labelled_network(value)) {
      options.networks.push_back(value);
    } else if (name == "--levels") {
      options.levels = parsed_levels(value);
    } else if (name == "--output") {
      options.output = value;
    } else {
      throw std::invalid_argument(name);
    }
  }
  return options;
}

QualityResult measured(const NetworkFiles& files, const Options& options, nuq::Parallel& parallel) {
  const std::vector<int>& levels = options.levels;
  QualityNetwork network(files, options.bias_correction, parallel);
  QualityResult result;
  result.network = files.name;
  result.weights = network.weights();
  result.float_metric = network.float_metric();
  result.in_decibels = network.is_judged_in_decibels();
  const bool with_int8 = std::find(levels.begin(), levels.end(), 256) != levels.end();
  if (with_int8) {  // the same for every method
    const LayerMethod nearest = layer_method(nuq::NonUniformQuantizer<>{}, nullptr);
    result.rows.push_back(quality_row(network, method_names::int8, nearest, 256, parallel));
  }
  for (const QualityMethod& method : quality_methods()) {
    for (const int count : levels) {
      if (count != 256) result.rows.push_back(median_row(network, method, count, parallel));
    }
  }
  for (const int count : levels) {
    if (!options.sequential || count == 256) continue;
    result.rows.push_back(judged_row(network, method_names::sequential, count,
                                     [&] { return network.quantized_sequentially(count, parallel); }));
  }
  for (QualityRow& row : rate_sweep(network, parallel)) result.rows.push_back(std::move(row));
  for (QualityRow& row : static_rows(files, options.bias_correction, network, parallel))
    result.rows.push_back(std::move(row));
  result.bars = quality_bars(result);
  return result;
}

void print(const QualityResult& result) {
  std::printf("== %s: %zu weights, float %s %.4f\n\n%s\n%s\n", result.network.c_str(), result.weights,
              metric_name(result), result.float_metric, quality_table(result).c_str(), bars_table(result.bars).c_str());
  std::fflush(stdout);
}

void print(const QuantizationTime& time) {
  std::printf("quantization %.2f s, Cholesky factorization %.2f s, ratio %.2f\n", time.quantize, time.factorize,
              time.quantize / time.factorize);
}

void benchmark(const Options& options) {
  nuq::ThreadPool pool(0);
  std::vector<QualityResult> results;
  for (const NetworkFiles& files : labelled_networks()) {
    const auto& wanted = options.networks;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), files.name) == wanted.end()) continue;
    try {
      results.push_back(measured(files, options, pool));
      print(results.back());
    } catch (const nuq::Error& error) {
      std::printf("== %s: not measured: %s\n\n", files.name.c_str(), error.what());
    }
  }
  std::printf("== all networks\n\n%s\n", summary_table(bar_summaries(results)).c_str());
  const AssignmentGaps gaps = small_layer_gaps();
  std::printf("== small layers: rows of 4 to 10 weights at 2 to 4 levels, against exhaustive search\n\n%s\n",
              gaps_table(gaps).c_str());
  std::printf("== time: 512 x 4608 weights at 16 levels, statistics given, one thread\n\n");
  std::fflush(stdout);
  const QuantizationTime time = quantization_time();
  print(time);

  if (options.output.empty()) return;
  nuq::write_file_atomically(options.output + "/quality.json", quality_json(results, gaps, time).dump(1) + "\n");
  for (const QualityResult& result : results) {
    nuq::write_file_atomically(options.output + "/" + result.network + ".svg", quality_plot(result));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::fprintf(stderr, "NUQ_MODEL_ZOO is not set: nothing to measure\n");
    return 77;
  }
  Options options;
  try {
    options = parsed_options({argv + 1, argv + argc});
  } catch (const std::exception&) {
    std::fprintf(stderr,
                 "usage: nuq_benchmark_quality [--network NAME ...] [--levels 32,16,8] [--sequential] [--keep-biases] "
                 "[--output DIR]\n");
    for (const NetworkFiles& network : labelled_networks()) std::fprintf(stderr, "  %s\n", network.name.c_str());
    return 2;
  }
  try {
    benchmark(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
