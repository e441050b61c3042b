// nuq eval: the metric of a network on a dataset.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "nuq/adapters/gzip.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"

namespace {

struct EvalArguments : ModelOptions {
  std::string data;
  std::size_t limit = 0;
  bool json = false;
};

void run(const EvalArguments& arguments, const Session& session) {
  const auto start = std::chrono::steady_clock::now();
  nuq::Dataset dataset = nuq::load_dataset(arguments.data, nuq::GzipFileReader{});
  if (arguments.limit > 0) dataset.limit(arguments.limit);
  nuq::Net net(arguments.model, arguments.weights, session.threads, {}, arguments.network);
  print_warnings(net.graph().warnings);
  nuq::compare_with(net, dataset);
  const std::string warning = nuq::agreement_warning(dataset);
  if (!warning.empty()) print_warnings({warning});
  const double metric = nuq::evaluate(net, dataset);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (arguments.json) {
    const nuq::Json result =
        nuq::Json::object({{"metric", metric}, {"samples", dataset.samples()}, {"seconds", seconds.count()}});
    std::printf("%s\n", nuq::to_text(result).c_str());
  } else {
    std::printf("%.6g on %zu samples, %.2f s\n", metric, dataset.samples(), seconds.count());
  }
}

}  // namespace

void add_eval(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App& command = *app.add_subcommand("eval", "metric of a network on a dataset");
  arguments->add_to(command);
  command
      .add_option("--data", arguments->data,
                  "dataset JSON; arrays of three axes are [N,C,L] where the input is declared with three, else "
                  "images of one channel")
      ->required();
  command.add_option("--limit", arguments->limit, "first N samples only");
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments, &session] { run(*arguments, session); });
}
