// Static weights-only NUQ of ResNet-50 with random weights, on one thread and on all cores, against reading its input
// and writing files of its outputs' sizes (flushed and renamed, in the same folder), in turns; and the peak memory of
// one run as a multiple of the caffemodel's size.
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_static_nuq [runs]

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "../unit/temporary_folder.hpp"
#include "../zoo/random_weights.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"

namespace {

template <class Action>
double seconds(Action&& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Runs an action in a process of its own and returns that one's peak memory in bytes. Ends the program if it fails.
template <class Action>
double peak_memory_of(Action&& action) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    action();
    std::_Exit(0);
  }
  int status = 0;
  ::rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child || status != 0) std::exit(1);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

/// The files of one network in a folder.
struct Job {
  const TemporaryFolder& folder;
  std::string model;
  std::string weights = folder / "random.caffemodel";
  std::string config = folder / "config.json";

  void prepare() const {
    write_random_weights(model, weights);
    nuq::create_quant_config(config, model, weights);
  }

  /// `threads` 0: all cores.
  [[nodiscard]] nuq::RunReport quantize(std::size_t threads) const {
    nuq::StaticNuqOptions options;
    options.threads = threads;
    return nuq::static_nuq(model, weights, nuq::WeightsOnly{}, config, folder / "record.txt", folder / "net", options);
  }

  /// Reads every byte of the input and writes other files.
  void copy(const std::vector<std::string>& contents) const {
    for (const std::string& input : {model, weights}) {
      const nuq::MappedFile file(input);
      const std::string content(file.bytes());
    }
    nuq::FileSet files;
    for (std::size_t index = 0; index < contents.size(); ++index)
      files.stage(folder / ("copy" + std::to_string(index)), contents[index]);
    files.commit();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::fprintf(stderr, "NUQ_MODEL_ZOO is not set: nothing to measure\n");
    return 77;
  }
  const int runs = argc > 1 ? std::atoi(argv[1]) : 5;
  const TemporaryFolder folder;
  const Job job{folder, std::string(std::getenv("NUQ_MODEL_ZOO")) + "/models/prototxt/resnet50_kaiming.prototxt"};
  peak_memory_of([&] { job.prepare(); });
  const double peak = peak_memory_of([&] { static_cast<void>(job.quantize(1)); });
  std::printf("peak memory of one run: %.2f x the caffemodel\n",
              peak / static_cast<double>(std::filesystem::file_size(job.weights)));

  std::vector<double> one_thread;
  std::vector<double> all_cores;
  std::vector<double> copying;
  for (int run = 0; run < runs; ++run) {
    std::vector<nuq::FileReport> outputs;
    one_thread.push_back(seconds([&] { outputs = job.quantize(1).files; }));
    std::vector<std::string> contents;
    for (const nuq::FileReport& file : outputs) contents.emplace_back(file.bytes, 'x');
    copying.push_back(seconds([&] { job.copy(contents); }));
    all_cores.push_back(seconds([&] { static_cast<void>(job.quantize(0)); }));
    std::printf("run %d: static NUQ %.3f s on one thread, %.3f s on all cores; reading and writing alone %.3f s\n",
                run + 1, one_thread.back(), all_cores.back(), copying.back());
    std::fflush(stdout);
  }
  std::printf("median ratio %.2f on one thread, %.2f on all cores\n", median(one_thread) / median(copying),
              median(all_cores) / median(copying));
  return 0;
}
