// Static weights-only NUQ of ResNet-50 with random weights against reading its input and writing files of its outputs'
// sizes (flushed and renamed, in the same folder), in turns; and the peak memory as a multiple of the caffemodel's
// size.
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_static_nuq [runs] [folder]

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
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

/// Reads every byte of a file.
std::string content_of(const std::string& path) {
  const nuq::MappedFile file(path);
  return std::string(file.bytes());
}

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::fprintf(stderr, "NUQ_MODEL_ZOO is not set: nothing to measure\n");
    return 77;
  }
  const int runs = argc > 1 ? std::atoi(argv[1]) : 5;
  const TemporaryFolder folder;
  const std::string model = std::string(std::getenv("NUQ_MODEL_ZOO")) + "/models/prototxt/resnet50_kaiming.prototxt";
  const std::string weights = folder / "random.caffemodel";
  write_random_weights(model, weights);
  nuq::create_quant_config(folder / "config.json", model, weights);

  std::vector<double> quantizing;
  std::vector<double> copying;
  for (int run = 0; run < runs; ++run) {
    nuq::RunReport report;
    quantizing.push_back(seconds([&] {
      report = nuq::static_nuq(model, weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                               folder / "net");
    }));
    std::vector<std::string> contents;
    for (const nuq::FileReport& file : report.files) contents.emplace_back(file.bytes, 'x');
    copying.push_back(seconds([&] {
      static_cast<void>(content_of(model));
      static_cast<void>(content_of(weights));
      nuq::FileSet files;
      for (std::size_t index = 0; index < contents.size(); ++index)
        files.stage(folder / ("copy" + std::to_string(index)), contents[index]);
      files.commit();
    }));
    std::printf("run %d: static NUQ %.3f s, reading and writing alone %.3f s\n", run + 1, quantizing.back(),
                copying.back());
    std::fflush(stdout);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("median ratio %.2f (one thread)\n", median(quantizing) / median(copying));
  std::printf("peak memory of the whole program, making the weights included: %.2f x the caffemodel\n",
              1024.0 * static_cast<double>(usage.ru_maxrss) / static_cast<double>(std::filesystem::file_size(weights)));
  return 0;
}
