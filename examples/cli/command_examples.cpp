#include "command_examples.hpp"

#include <map>
#include <string>

namespace {

constexpr const char* quantized_models =
    R"(Writes:
  PREFIX.nuq                              the small file: network and weights
  PREFIX_fake_quant_model.prototxt        to measure the accuracy with, as large
  PREFIX_fake_quant_weights.caffemodel    as the original
  PREFIX_deploy_*, PREFIX_quant.json      for the vendor's compiler; with
                                          --calibration alone
  PREFIX_record.txt                       scales, offsets and levels
  PREFIX_nuq_layer_record.txt             layers that were restricted
)";

constexpr const char* report_and_page =
    R"(  PREFIX_report.json                      sizes, metrics and hashes of all these
  PREFIX_report.html                      the same to look at, in any browser)";

/// By command: the example, and the files that are written.
const std::map<std::string, std::string>& examples() {
  static const std::map<std::string, std::string> examples{
      {"inspect", R"(Example:
  nuq inspect net.prototxt net.caffemodel

Writes: nothing)"},
      {"run", R"(Example:
  nuq run -m net.prototxt -w net.caffemodel --input data=image.npy \
          --output-dir out --blob prob

Writes:
  FOLDER/NAME.npy    float32 values of each blob and layer asked for)"},
      {"config", R"(Example:
  nuq config -m net.prototxt -w net.caffemodel -o config.json

Writes:
  FILE    the configuration, one entry a layer, to be edited at will)"},
      {"eval", R"(Example:
  nuq eval -m net.prototxt -w net.caffemodel --data test.json

Writes: nothing)"},
      {"quantize", std::string(R"(Example:
  nuq quantize -m net.prototxt -w net.caffemodel -c config.json \
               --calibration train.json -o out/net

)") + quantized_models +
                       report_and_page},
      {"auto", std::string(R"(Example:
  nuq auto -m net.prototxt -w net.caffemodel --data test.json \
           --calibration train.json --max-drop 0.01 -o out/net

)") + quantized_models +
                   report_and_page},
      {"rollback", std::string(R"(Example:
  nuq rollback -m net.prototxt -w net.caffemodel -c config.json \
               --data test.json --max-drop 0.01 -o out/net

)") + quantized_models +
                       R"(  PREFIX_accuracy_based_auto_calibration_*
                                          which layers went back, and the
                                          configuration that says so)"},
      {"convert", R"(Example:
  nuq convert -m net.prototxt -w net.caffemodel --record out/net_record.txt \
              -o again/net

Writes:
  PREFIX_fake_quant_*, PREFIX_deploy_*    models with the record's factors
  PREFIX_quant.json                       the layers' names)"},
      {"pack", R"(Example:
  nuq pack -m net_deploy_model.prototxt -w net_deploy_weights.caffemodel \
           -o net.nuq

Writes:
  FILE    network and weights; it is small where the weights are quantized)"},
      {"unpack", R"(Example:
  nuq unpack net.nuq -o net

Writes:
  PREFIX.prototxt, PREFIX.caffemodel    as they were packed, bit for bit)"},
      {"verify", R"(Example:
  nuq verify net.nuq
  nuq verify out/net        # all files of a run against its report

Writes: nothing)"},
      {"report", R"(Example:
  nuq report out/net_report.json other/net_report.json -o compared.html

Writes:
  FILE    a page for any browser; X_report.html, of one report, otherwise)"},
      {"observe", R"(Example:
  nuq observe -m net.onnx -c config.json -o observed.onnx

Writes:
  FILE    the model with more outputs: what the layers read. Run it in ONNX
          Runtime on a few batches, save its outputs as
          FOLDER/<batch>__<output>.npy, characters outside [A-Za-z0-9_.-] as
          _; nuq quantize --layer-inputs FOLDER calibrates with them)"},
      {"compress", R"(Example:
  nuq compress --format ascend --input weights.bin --output weights.cmp

Writes:
  FILE    the compressed bytes, with --output alone)"},
      {"doctor", R"(Example:
  nuq doctor

Writes: nothing)"},
      {"completion", R"(Example:
  nuq completion bash > ~/.local/share/bash-completion/completions/nuq

Writes: standard output alone)"},
      {"man", R"(Example:
  nuq man > nuq.1 && man -l nuq.1

Writes: standard output alone)"},
  };
  return examples;
}

}  // namespace

void add_examples(CLI::App& app) {
  for (CLI::App* const command : app.get_subcommands({})) {
    const auto found = examples().find(command->get_name());
    if (found == examples().end()) continue;
    command->footer(found->second + "\n\nEvery command takes --threads, --quiet and what else nuq --help says.");
  }
  app.footer("nuq COMMAND --help tells the rest.");
}
