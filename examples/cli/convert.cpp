// nuq convert: quantizes a float network with the factors of a record file.

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/workflow/convert_model.hpp"

namespace {

struct ConvertArguments : ModelOptions {
  std::string record;
  std::string prefix;
};

void run(const ConvertArguments& arguments, const Session& session) {
  clean_up_on_signal(arguments.prefix);
  nuq::Graph graph = nuq::load_graph(arguments.model, arguments.weights, arguments.network);
  const std::vector<std::string> warnings = graph.warnings;
  const auto names = nuq::convert_model(std::move(graph), arguments.record, arguments.prefix);
  print_warnings(warnings);
  if (session.quiet) return;
  for (const std::string& name : names) std::printf("%s\n", name.c_str());
}

}  // namespace

void add_convert(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App& command = *app.add_subcommand("convert", "quantize a network with the factors of a record file");
  arguments->add_to(command);
  command.add_option("--record", arguments->record, "record file with the factors of every quantized layer")
      ->type_name("FILE")
      ->required();
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->type_name("PREFIX")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
