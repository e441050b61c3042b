// nuq compress: what a compiler's own weight compressor makes of a buffer in the device's order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "nuq/ascend/decoder.hpp"
#include "nuq/ascend/dictionary.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"

namespace {

struct CompressArguments {
  std::string format;
  std::string input;
  std::string output;
  std::optional<std::size_t> fractal_size;
  bool verify = false;
  bool json = false;
};

[[noreturn]] void refuse_weights(const CompressArguments& arguments, std::size_t size, const std::string& wanted) {
  nuq::detail::fail(
      nuq::FormatError(nuq::ErrorCode::size_mismatch,
                       arguments.input + ": cannot compress " + std::to_string(size) + " bytes: wanted " + wanted));
}

/// The judge's parameters, with the block size that was asked for.
nuq::AscendDictionaryParameters parameters_for(const CompressArguments& arguments, std::size_t size) {
  auto parameters = nuq::AscendDictionaryParameters::judge_parameters(size);
  if (!parameters) refuse_weights(arguments, size, "a multiple of 512 (int8 weights in FRACTAL_Z order)");
  if (!arguments.fractal_size) return *parameters;
  parameters->fractal_size = *arguments.fractal_size;
  switch (parameters->check(size)) {
    case nuq::AscendStatus::ok:
      return *parameters;
    case nuq::AscendStatus::size_mismatch:
      refuse_weights(arguments, size, "a multiple of --fractal-size " + std::to_string(*arguments.fractal_size));
    default:
      nuq::detail::fail(nuq::ConfigError(
          nuq::ErrorCode::invalid_argument,
          "--fractal-size " + std::to_string(*arguments.fractal_size) + ": wanted a multiple of 512, at most 32768"));
  }
}

void print_compressed_json(const nuq::AscendCompressed& compressed, std::size_t size, bool accepted) {
  using nuq::Json;
  Json blocks = Json::array();
  for (const nuq::AscendBlock& block : compressed.blocks) {
    blocks.push_back(Json::object({{"size", block.size}, {"raw", block.raw}}));
  }
  const double ratio = static_cast<double>(compressed.compressed_size) / static_cast<double>(size);
  const Json report = Json::object(
      {{"compressed_size", compressed.compressed_size}, {"ratio", ratio}, {"accepted", accepted}, {"blocks", blocks}});
  std::printf("%s\n", nuq::to_text(report, {2, false}).c_str());
}

/// One row of the table: the coded blocks, or the raw ones.
void print_blocks(const nuq::AscendCompressed& compressed, bool raw) {
  std::size_t count = 0;
  std::size_t total = 0;
  std::size_t smallest = 0;
  std::size_t largest = 0;
  for (const nuq::AscendBlock& block : compressed.blocks) {
    if (block.raw != raw) continue;
    smallest = count == 0 ? block.size : (std::min)(smallest, block.size);
    largest = (std::max)(largest, block.size);
    total += block.size;
    ++count;
  }
  std::printf("%-8s %10zu %12zu %10zu %10zu\n", raw ? "raw" : "coded", count, total, smallest, largest);
}

void print_compressed(const nuq::AscendCompressed& compressed, std::size_t size, std::size_t fractal_size,
                      bool accepted) {
  std::printf("blocks of %zu bytes\n%-8s %10s %12s %10s %10s\n", fractal_size, "", "number", "bytes", "smallest",
              "largest");
  print_blocks(compressed, false);
  print_blocks(compressed, true);
  std::printf("%zu bytes to %zu, ratio %.4f: %s by the compiler's judge\n", size, compressed.compressed_size,
              static_cast<double>(compressed.compressed_size) / static_cast<double>(size),
              accepted ? "accepted" : "not accepted");
}

/// Refuses compressed bytes from which the decoder does not restore the weights.
void verify(const nuq::AscendCompressed& compressed, nuq::ArrayView<const std::uint8_t> weights,
            const nuq::AscendDictionaryParameters& parameters, const std::string& input) {
  std::vector<std::uint8_t> restored(weights.size());
  const nuq::AscendStatus status = nuq::ascend_decompress(compressed.bytes, compressed.index, parameters, restored);
  if (status == nuq::AscendStatus::ok && std::equal(restored.begin(), restored.end(), weights.begin())) return;
  nuq::detail::fail(
      nuq::FormatError(nuq::ErrorCode::malformed_file, input + ": the compressed bytes do not restore the weights"));
}

void run(const CompressArguments& arguments) {
  if (arguments.format != "ascend") {
    nuq::detail::fail(
        nuq::ConfigError(nuq::ErrorCode::invalid_argument, "--format '" + arguments.format + "': wanted ascend"));
  }
  nuq::refuse_overwriting({arguments.input}, {arguments.output});
  const nuq::MappedFile file(arguments.input);
  const std::string_view bytes = file.bytes();
  const nuq::AscendDictionaryParameters parameters = parameters_for(arguments, bytes.size());
  const nuq::ArrayView<const std::uint8_t> weights(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const nuq::AscendCompressed compressed = nuq::ascend_compress(weights, parameters);
  if (arguments.verify) verify(compressed, weights, parameters, arguments.input);
  const bool accepted = nuq::ascend_accepts(nuq::ascend_ratio(compressed.compressed_size, bytes.size()));
  if (!arguments.output.empty()) {
    nuq::write_file_atomically(arguments.output,
                               {reinterpret_cast<const char*>(compressed.bytes.data()), compressed.bytes.size()});
  }
  if (arguments.json) {
    print_compressed_json(compressed, bytes.size(), accepted);
  } else {
    print_compressed(compressed, bytes.size(), parameters.fractal_size, accepted);
  }
}

}  // namespace

void add_compress(CLI::App& app, Session&) {
  auto arguments = std::make_shared<CompressArguments>();
  CLI::App& command = *app.add_subcommand("compress", "the size that a compiler's weight compressor reaches");
  command.add_option("--format", arguments->format, "ascend: the dictionary coding of the Ascend graph compiler")
      ->type_name("ascend")
      ->required();
  command.add_option("--input", arguments->input, "int8 weights in the device's order")->type_name("FILE")->required();
  command.add_option("--output", arguments->output, "file for the compressed bytes")->type_name("FILE");
  command.add_option("--fractal-size", arguments->fractal_size,
                     "bytes of a block; default: the largest that divides the input, as the compiler decides");
  command.add_flag("--verify", arguments->verify, "decompress the result and compare it with the input");
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments] { run(*arguments); });
}
