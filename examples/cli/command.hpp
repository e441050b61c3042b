#ifndef NUQ_EXAMPLES_CLI_COMMAND_HPP
#define NUQ_EXAMPLES_CLI_COMMAND_HPP

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "input_shape.hpp"
#include "messages.hpp"
#include "model_kind.hpp"
#include "nuq/amct/compiler_rule.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/distinct_files.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/packed/format.hpp"
#include "signal_watch.hpp"
#include "terminal.hpp"

/// Exit codes of the tool.
inline constexpr int exit_done = 0;
inline constexpr int exit_not_satisfied = 1;  ///< the request could not be met
inline constexpr int exit_bad_input = 2;      ///< wrong usage or input

/// Options that every command takes, and what the command that ran returns.
struct Session {
  std::size_t threads = 0;  ///< 0: all cores
  std::uint64_t seed = 0;
  bool quiet = false;
  std::vector<std::string> command{};  ///< as it was given, the tool's name first
  int exit_code = exit_done;
};

/// Each adds its subcommand, whose callback does the work and sets `session.exit_code`.
void add_inspect(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_config(CLI::App& app, Session& session);
void add_eval(CLI::App& app, Session& session);
void add_observe(CLI::App& app, Session& session);
void add_quantize(CLI::App& app, Session& session);
void add_auto(CLI::App& app, Session& session);
void add_rollback(CLI::App& app, Session& session);
void add_convert(CLI::App& app, Session& session);
void add_pack(CLI::App& app, Session& session);
void add_unpack(CLI::App& app, Session& session);
void add_verify(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_compress(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_completion(CLI::App& app);
void add_manual_page(CLI::App& app);

/// --phase, --level, --stage, --ignore-field and --input-shape; `options` live as long as `command`.
inline void add_read_options(CLI::App& command, nuq::ReadOptions& options) {
  nuq::NetworkState& state = options.state;
  const auto choose = [&state](const std::string& phase) {
    if (phase != "TEST" && phase != "TRAIN") {
      nuq::detail::fail(
          nuq::ConfigError(nuq::ErrorCode::invalid_argument, "--phase '" + phase + "': wanted TEST or TRAIN"));
    }
    state.training = phase == "TRAIN";
  };
  command
      .add_option_function<std::string>("--phase", choose,
                                        "TRAIN: the layers of that phase, computed as in inference; otherwise TEST")
      ->type_name("TEST|TRAIN");
  command.add_option("--level", state.level, "level that min_level and max_level of the layers' rules are held to");
  command.add_option("--stage", state.stages, "stage that the layers' rules ask for; may be given more than once")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  command
      .add_option("--ignore-field", options.ignored_fields,
                  "TYPE.FIELD of the prototxt that means nothing although nobody understands it; TYPE.blobs: surplus "
                  "blobs; may be given more than once")
      ->type_name("TYPE.FIELD")
      ->expected(1)
      ->take_all();
  add_input_shape(command, options);
}

/// -m MODEL -w WEIGHTS, and which of the network's layers are meant, shared by most commands.
struct ModelOptions {
  std::string model;
  std::string weights;
  nuq::ReadOptions network;

  void add_to(CLI::App& command) {
    CLI::Option* const model_option =
        command.add_option("-m,--model", model, "prototxt of the network, or .onnx")->type_name("FILE")->required();
    CLI::Option* const weights_option =
        command.add_option("-w,--weights", weights, "caffemodel with its weights, for a prototxt")
            ->type_name("FILE")
            ->required();
    tell_kind_by_content(*model_option, weights_option, network);
    add_read_options(command, network);
  }

  /// The same where a packed file may stand for both.
  void add_or_packed_to(CLI::App& command) {
    add_to(command);
    command.get_option("--model")->description("prototxt of the network, .onnx, or its packed file FILE.nuq");
    command.get_option("--weights")->required(false)->description("caffemodel with its weights, for a prototxt");
  }

  /// The file that the weights stand in.
  [[nodiscard]] const std::string& file_of_weights() const noexcept { return weights.empty() ? model : weights; }

  /// Throws where a prototxt has no weights beside it.
  void require_weights() const {
    if (weights.empty() && network.front_end == nullptr &&
        !nuq::detail::begins_as_packed(nuq::MappedFile(model).bytes()))
      throw CLI::RequiredError("--weights");
  }
};

/// Before work begins: no file of a dataset may be one that is written under a prefix or besides, and what is
/// unfinished under the prefix goes if a signal ends the program. Empty names stand for no file.
inline void prepare_outputs(const std::string& prefix, const std::vector<std::string>& datasets,
                            const std::vector<std::string>& others) {
  std::vector<std::string> read;
  for (const std::string& dataset : datasets) {
    if (dataset.empty()) continue;
    const std::vector<std::string> files = nuq::dataset_files(dataset);
    read.insert(read.end(), files.begin(), files.end());
  }
  std::vector<std::string> written = nuq::result_files_of(prefix);
  written.insert(written.end(), others.begin(), others.end());
  nuq::refuse_overwriting(read, written);
  clean_up_on_signal(prefix);
}

/// The chips that --soc takes.
inline std::string chip_names() {
  std::string names;
  for (const nuq::SocSpec& soc : nuq::known_socs) names += (names.empty() ? "" : "|") + std::string(soc.name);
  return names;
}

/// --nuq-scope standard|extended; `scope` lives as long as `command`.
inline void add_nuq_scope(CLI::App& command, nuq::NuqScope& scope) {
  const auto choose = [&scope](const std::string& name) {
    if (name != "standard" && name != "extended") {
      nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                                         "--nuq-scope '" + name + "': wanted standard or extended"));
    }
    scope = name == "standard" ? nuq::NuqScope::standard : nuq::NuqScope::extended;
  };
  command
      .add_option_function<std::string>("--nuq-scope", choose,
                                        "extended: NUQ for grouped, dilated, depthwise and transposed convolutions too")
      ->type_name("standard|extended");
}

#endif  // NUQ_EXAMPLES_CLI_COMMAND_HPP
