// nuq convert: quantizes a float network with the factors of a record file.

#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "nuq/workflow/convert_model.hpp"

namespace {

struct ConvertArguments : ModelOptions {
  std::string record;
  std::string prefix;
};

void run(const ConvertArguments& arguments, const Session& session) {
  print_reading_warnings(arguments);
  const auto names =
      nuq::convert_model(arguments.model, arguments.weights, arguments.record, arguments.prefix, arguments.network);
  if (session.quiet) return;
  for (const std::string& name : names) std::printf("%s\n", name.c_str());
}

}  // namespace

void add_convert(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App& command = *app.add_subcommand("convert", "quantize a network with the factors of a record file");
  arguments->add_to(command);
  command.add_option("--record", arguments->record, "record file with the factors of every quantized layer")
      ->required();
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->required();
  command.callback([arguments, &session] { run(*arguments, session); });
}
