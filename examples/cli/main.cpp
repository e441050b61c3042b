// The `nuq` tool: non-uniform weight quantization from the command line.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "command.hpp"
#include "nuq/version.hpp"

namespace {

/// Errors are one line on standard error.
void print_error(std::string message) {
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "%s\n", message.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Non-uniform weight quantization of Caffe networks", "nuq"};
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", std::to_string(NUQ_VERSION_MAJOR) + "." + std::to_string(NUQ_VERSION_MINOR) + "." +
                                        std::to_string(NUQ_VERSION_PATCH));
  Session session;
  app.add_option("--threads", session.threads, "threads to compute with; 0: all cores; results do not depend on it")
      ->capture_default_str();
  app.add_option("--seed", session.seed, "seed of everything random")->capture_default_str();
  app.add_flag("--quiet", session.quiet, "no progress on standard error");
  add_inspect(app, session);
  add_run(app, session);
  add_config(app, session);
  add_eval(app, session);
  add_quantize(app, session);
  add_auto(app, session);
  add_rollback(app, session);
  add_convert(app, session);
  add_pack(app, session);
  add_unpack(app, session);
  add_verify(app, session);
  add_compress(app, session);

  try {
    app.parse(argc, argv);
    return session.exit_code;
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    print_error(std::string("nuq: ") + error.what() + " (see nuq --help)");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return exit_bad_input;
}
