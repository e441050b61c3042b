#ifndef NUQ_EXAMPLES_RESNET50_SAMPLE_HPP
#define NUQ_EXAMPLES_RESNET50_SAMPLE_HPP

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"

/// What the vendor's samples are told on the command line.
struct Arguments {
  std::string model_file;
  std::string weights_file;
  std::string data;        ///< dataset JSON, in the place of the LMDB of ImageNet
  std::string cfg_define;  ///< simplified configuration
  std::string output;      ///< folder of everything that is written
  int iterations = 1000;   ///< batches of an evaluation
};

/// Prepares, runs and rates `iterations` batches: what the manual leaves to the user.
inline double do_benchmark_test(const Arguments& args, const std::string& model_file, const std::string& weights_file,
                                int iterations) {
  nuq::Net net(model_file, weights_file);
  return nuq::evaluate(net, nuq::load_dataset(args.data), iterations);
}

/// Runs a sample on the arguments of the command line; the program's exit code.
inline int run_sample(int argc, char** argv, void (*sample)(const Arguments&)) {
  if (argc != 6 && argc != 7) {
    std::fprintf(stderr, "usage: %s MODEL WEIGHTS DATASET.json QUANT.cfg OUTPUT_FOLDER [ITERATIONS]\n", argv[0]);
    return 2;
  }
  try {
    Arguments args{argv[1], argv[2], argv[3], argv[4], argv[5]};
    if (argc == 7) args.iterations = std::atoi(argv[6]);
    std::filesystem::create_directories(args.output + "/tmp");
    std::filesystem::create_directories(args.output + "/results");
    sample(args);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

#endif  // NUQ_EXAMPLES_RESNET50_SAMPLE_HPP
