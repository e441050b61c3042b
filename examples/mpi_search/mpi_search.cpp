// A search whose networks are evaluated by all ranks of an MPI job: the search runs on rank 0, the others evaluate what
// it sends.
//
//     mpiexec -n 4 nuq_mpi_search_example MODEL WEIGHTS CONFIG.json DATA.json MAX_DROP PREFIX

#include <mpi.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "nuq/adapters/gzip.hpp"
#include "nuq/adapters/mpi.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/auto_nuq.hpp"

namespace {

/// The same on every rank: a network's metric must not depend on who evaluates it.
class Evaluator : public nuq::AutoNuqEvaluatorBase<Evaluator> {
 public:
  Evaluator(nuq::Dataset data, double max_drop) : data_(std::move(data)), max_drop_(max_drop) {}

  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) const {
    nuq::Net net(model_file, weights_file);
    return nuq::evaluate(net, data_, batch_num);
  }
  bool is_satisfied(double original_metric, double new_metric) const {
    return original_metric - new_metric <= max_drop_ + 1e-9;
  }

 private:
  nuq::Dataset data_;
  double max_drop_;
};

/// On rank 0. Returns whether a network satisfies.
bool search(const std::string& model, const std::string& weights, const std::string& config, Evaluator evaluator,
            const std::string& prefix) {
  const nuq::MpiExecutor executor(MPI_COMM_WORLD);
  nuq::AutoNuqOptions options;
  options.weights_only = true;
  const nuq::AutoNuqResult result =
      nuq::auto_nuq(model, weights, evaluator, config, prefix + "_record.txt", prefix, options,
                    nuq::Policies{nuq::RateQuantizer{}, nuq::RateDistortionSearch{}, executor});
  std::printf("%zu ranks\n%s", executor.width(), nuq::result_table(result.report).c_str());
  return result.satisfied;
}

int run(int argc, char** argv) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 7) {
    if (rank == 0) std::fprintf(stderr, "usage: %s MODEL WEIGHTS CONFIG DATA MAX_DROP PREFIX\n", argv[0]);
    return 2;
  }
  const std::string model = argv[1], weights = argv[2], prefix = argv[6];
  nuq::Dataset data = nuq::load_dataset(argv[4], nuq::GzipFileReader{});
  nuq::Net original(model, weights);
  nuq::compare_with(original, data);  // what a metric without labels needs to know
  const Evaluator evaluator(std::move(data), std::atof(argv[5]));
  if (rank == 0) return search(model, weights, argv[3], evaluator, prefix) ? 0 : 1;
  nuq::serve_evaluations(evaluator, MPI_COMM_WORLD, prefix + "_scratch");  // until the search ends
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int exit_code = 2;
  try {
    exit_code = run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 2);  // the others may wait for this rank
  }
  MPI_Finalize();
  return exit_code;
}
