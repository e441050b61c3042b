// nuq eval: the metric of a network on a dataset.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "dataset_files.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "progress_bar.hpp"

namespace {

struct EvalArguments : ModelOptions {
  std::string data;
  std::size_t limit = 0;
  bool json = false;
};

/// The network, which counts the batches that it has computed.
class CountedNet {
 public:
  CountedNet(nuq::Net& net, ProgressBar& bar, const nuq::Dataset& dataset)
      : net_(net), batches_(bar, "evaluated batch", static_cast<std::size_t>(dataset.batches())) {}

  [[nodiscard]] const nuq::Graph& graph() const { return net_.graph(); }
  void set_input(const std::string& blob, const nuq::TensorView& input) { net_.set_input(blob, input); }
  [[nodiscard]] nuq::TensorView output(const std::string& blob) const { return net_.output(blob); }
  void forward() {
    net_.forward();
    batches_.step();
  }

 private:
  nuq::Net& net_;
  CountedWork batches_;
};

void run(const EvalArguments& arguments, const Session& session) {
  arguments.require_weights();
  const auto start = std::chrono::steady_clock::now();
  nuq::Dataset dataset = load_dataset_files(arguments.data);
  if (arguments.limit > 0) dataset.limit(arguments.limit);
  nuq::Net net(arguments.model, arguments.weights, session.threads, {}, arguments.network);
  print_warnings(net.graph().warnings);
  net.keep_only({dataset.description().output});
  ProgressBar bar(session.quiet);
  CountedNet counted(net, bar, dataset);
  nuq::compare_with(counted, dataset);
  const std::string warning = nuq::agreement_warning(dataset);
  bar.clear();
  if (!warning.empty()) print_warnings({warning});
  const std::string axis_warning = nuq::class_axis_warning(dataset, net.graph());
  if (!axis_warning.empty()) print_warnings({axis_warning});
  const double metric = nuq::evaluate(counted, dataset);
  bar.clear();
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
  arguments->add_or_packed_to(command);
  command
      .add_option("--data", arguments->data,
                  "dataset JSON; arrays of three axes are [N,C,L] where the input is declared with three, else "
                  "images of one channel")
      ->type_name("FILE")
      ->required();
  command.add_option("--limit", arguments->limit, "first N samples only");
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments, &session] { run(*arguments, session); });
}
