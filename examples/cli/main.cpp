// The `nuq` tool: non-uniform weight quantization from the command line.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "build_information.hpp"
#include "command.hpp"
#include "command_examples.hpp"
#include "help_text.hpp"
#include "nuq/core/resource_limits.hpp"
#include "signal_watch.hpp"
#include "standard_streams.hpp"
#include "usage_error.hpp"

namespace {

void add_commands(CLI::App& app, Session& session) {
  app.formatter(std::make_shared<HelpText>());
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", version_text() + " (" + build_type_text() + ", " + compiler_text() + ")");
  app.add_option("--threads", session.threads, "threads to compute with; 0: all cores; results do not depend on it")
      ->capture_default_str();
  app.add_option("--seed", session.seed, "seed of everything random")->capture_default_str();
  const auto limit_memory = [](const std::string& bytes) {
    static_cast<void>(nuq::parse_bytes(bytes, "--memory-limit"));
    ::setenv("NUQ_MEMORY_LIMIT", bytes.c_str(), 1);
  };
  app.add_option_function<std::string>(
         "--memory-limit", limit_memory,
         "bytes, or 500M, 4G: what a file may ask for, at once and for a network at work; 4G otherwise")
      ->type_name("BYTES");
  app.add_flag("--quiet", session.quiet, "no progress on standard error");
  app.add_flag_callback("--verbose", set_verbose, "progress in lines on standard error, not as a bar alone")
      ->excludes("--quiet");
  app.add_option_function<std::string>("--log", open_log, "file that every message is added to, with its time")
      ->type_name("FILE");
  add_inspect(app, session);
  add_run(app, session);
  add_config(app, session);
  add_eval(app, session);
  add_observe(app, session);
  add_quantize(app, session);
  add_auto(app, session);
  add_rollback(app, session);
  add_convert(app, session);
  add_pack(app, session);
  add_unpack(app, session);
  add_verify(app, session);
  add_report(app, session);
  add_compress(app, session);
  add_doctor(app, session);
  add_completion(app);
  add_manual_page(app);
  add_examples(app);
}

/// The exit code.
int run(int argc, char** argv) {
  CLI::App app{
      "Non-uniform weight quantization of neural networks: int8 weights with few levels, as small as the accuracy "
      "allows",
      "nuq"};
  Session session;
  session.command.assign(argv, argv + argc);
  add_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    session.exit_code = app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    say(usage_error_text(app, error, {argv + 1, argv + argc}));
    return exit_bad_input;
  }
  finish_standard_output();
  return session.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  try {
    watch_signals();
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    wait_where_signal_ends();
    say("nuq: not enough memory");
  } catch (const std::exception& error) {
    wait_where_signal_ends();
    say(error.what());
  }
  return exit_bad_input;
}
