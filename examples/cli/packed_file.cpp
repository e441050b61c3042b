// nuq pack, unpack and verify: the packed model file.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amounts.hpp"
#include "command.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/packed/stored_parts.hpp"
#include "nuq/report/check_results.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/pack_model.hpp"
#include "packed_onnx.hpp"
#include "terminal.hpp"

namespace {

struct PackArguments : ModelOptions {
  std::string record;
  std::string output;
  bool smallest = false;
};

struct PackedFileArguments {
  std::string file;
  std::string prefix;
  bool json = false;
  bool headers_only = false;
};

void pack(const PackArguments& arguments, const Session& session) {
  clean_up_on_signal(arguments.output);
  nuq::ThreadPool threads(session.threads);
  nuq::Graph graph = nuq::load_graph(arguments.model, arguments.weights, threads, arguments.network);
  const std::vector<std::string> warnings = graph.warnings;
  const nuq::CodingChoice choice = arguments.smallest ? nuq::CodingChoice::smallest() : nuq::CodingChoice();
  nuq::pack_model(std::move(graph), arguments.output, arguments.record, threads, choice);
  print_warnings(warnings);
  if (session.quiet) return;
  const std::uintmax_t before = std::filesystem::file_size(arguments.file_of_weights());
  const std::uintmax_t after = std::filesystem::file_size(arguments.output);
  const std::string line = arguments.output + ": " + std::to_string(after) + " bytes, " +
                           comparison_text(after, before, arguments.file_of_weights());
  std::printf("%s", for_output(line, 2).c_str());
  if (after >= before) {
    say("nuq: the packed file is no smaller: its weights are not quantized; pack deploy files, or give --record, or "
        "begin with nuq quantize");
  }
}

/// False for a packed file of another format.
bool unpack_as_onnx(const PackedFileArguments& arguments, const Session& session) {
  if (!holds_onnx_model(arguments.file)) return false;
  const nuq::MappedFile file(arguments.file);
  const std::string model_file = arguments.prefix + ".onnx";
  nuq::refuse_overwriting({arguments.file}, {model_file});
  unpack_onnx(file.bytes(), arguments.file, model_file);
  if (!session.quiet) std::printf("%s\n", model_file.c_str());
  return true;
}

void unpack(const PackedFileArguments& arguments, const Session& session) {
  const std::string model_file = arguments.prefix + ".prototxt";
  const std::string weights_file = arguments.prefix + ".caffemodel";
  clean_up_on_signal(arguments.prefix);
  if (unpack_as_onnx(arguments, session)) return;
  nuq::unpack_model(arguments.file, model_file, weights_file);
  if (!session.quiet) std::printf("%s\n%s\n", model_file.c_str(), weights_file.c_str());
}

/// How many different levels a coded blob holds; none of other blobs.
std::optional<std::size_t> levels_of(const nuq::PackedBlob& blob) {
  if (!blob.is_coded) return std::nullopt;
  std::vector<std::int8_t> levels(blob.count);
  if (nuq::decode_levels(blob, levels) != nuq::DecodeStatus::ok) return std::nullopt;
  return nuq::distinct_levels(nuq::count_levels(levels));
}

nuq::Json shape_of(const nuq::PackedBlob& blob) {
  nuq::Json shape = nuq::Json::array();
  for (std::size_t axis = 0; axis < blob.shape.axes; ++axis) shape.push_back(blob.shape.extents[axis]);
  return shape;
}

/// The layers of an intact file, with each blob's values and bytes; levels are counted where blobs are decoded.
nuq::Json contents(const nuq::PackedModelView& view, bool decoded) {
  nuq::Json layers = nuq::Json::array();
  for (std::size_t index = 0; index < view.layer_count(); ++index) {
    const nuq::PackedLayer layer = view.layer(index);
    nuq::Json blobs = nuq::Json::array();
    layer.visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      nuq::Json of_blob = nuq::Json::object(
          {{"values", blob.count}, {"coding", nuq::coding_name(blob)}, {"bytes", blob.stored.size()}});
      of_blob.set("shape", shape_of(blob));
      of_blob.set("levels", decoded ? levels_of(blob) : std::nullopt);
      blobs.push_back(std::move(of_blob));
      return true;
    });
    layers.push_back(nuq::Json::object(
        {{"name", std::string(layer.name())}, {"type", std::string(layer.type())}, {"blobs", blobs}}));
  }
  return layers;
}

/// Holds all files of a run against its report.
void verify_results(const PackedFileArguments& arguments, Session& session) {
  nuq::Json files = nuq::Json::array();
  bool is_valid = true;
  for (const nuq::CheckedResult& result : nuq::check_results(arguments.file)) {
    is_valid = is_valid && result.problem.empty();
    files.push_back(nuq::Json::object({{"path", result.path}, {"problem", result.problem}}));
    const std::string state = result.problem.empty() ? "intact" : result.problem;
    if (!arguments.json && !session.quiet)
      std::printf("%s: %s\n", nuq::detail::printable_text(result.path).c_str(), state.c_str());
  }
  if (arguments.json) {
    const nuq::Json result =
        nuq::Json::object({{"prefix", arguments.file}, {"valid", is_valid}, {"files", std::move(files)}});
    std::printf("%s\n", nuq::to_text(result).c_str());
  }
  if (is_valid) return;
  say("nuq: " + arguments.file + ": not the files of one run");
  session.exit_code = exit_bad_input;
}

/// A prefix stands for the results that have a report, or half of it; anything else for a packed file.
bool is_prefix(const std::string& name) {
  const std::string report = nuq::report_file_of(name);
  return !std::filesystem::is_regular_file(name) && (std::filesystem::exists(report) || nuq::is_half_written(report));
}

/// A line per blob; the rest of the file is its text and tables.
std::string blobs_table(const nuq::Json& layers, std::size_t file_bytes) {
  nuq::detail::TextTable table({{"layer", false},
                                {"type", false, true},
                                {"blob", false},
                                {"values", true},
                                {"levels", true},
                                {"coding", false},
                                {"bytes", true},
                                {"bits/val", true}});
  std::uint64_t blob_bytes = 0;
  for (const nuq::Json& layer : layers) {
    for (const nuq::Json& blob : *layer.find("blobs")) {
      const auto bytes = static_cast<std::uint64_t>(blob.find("bytes")->integer());
      const auto values = static_cast<std::uint64_t>(blob.find("values")->integer());
      const nuq::Json& levels = *blob.find("levels");
      blob_bytes += bytes;
      table.add({nuq::detail::printable_text(layer.find("name")->text()),
                 nuq::detail::printable_text(layer.find("type")->text()), nuq::to_text(*blob.find("shape")),
                 std::to_string(values), levels.is_null() ? "-" : nuq::to_text(levels), blob.find("coding")->text(),
                 std::to_string(bytes),
                 values == 0
                     ? "-"
                     : nuq::detail::fixed_text(8.0 * static_cast<double>(bytes) / static_cast<double>(values), 2)});
    }
  }
  table.add({"text, names", "", "", "", "", "", std::to_string(file_bytes - blob_bytes), ""});
  table.add({"the file", "", "", "", "", "", std::to_string(file_bytes), ""});
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  return table.text(columns) +
         for_output(
             "coding: adaptive, rans: entropy-coded levels; palette: so many bits a level; int8: as they are; "
             "floats: float32 without loss; values: as they are");
}

void verify(const PackedFileArguments& arguments, Session& session) {
  if (is_prefix(arguments.file)) return verify_results(arguments, session);
  nuq::refuse_half_written(arguments.file);
  const nuq::MappedFile file(arguments.file);
  const std::string_view bytes = file.bytes();
  const nuq::PackedModel model(bytes.data(), bytes.size(), arguments.file);
  if (holds_onnx_model(arguments.file)) {
    if (!arguments.headers_only) unpack_onnx(bytes, arguments.file, {});
  } else if (!arguments.headers_only) {
    nuq::check_packed_file({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, arguments.file);
  }
  const nuq::Json layers = contents(model.view(), !arguments.headers_only);
  if (arguments.json) {
    const nuq::Json result = nuq::Json::object({{"file", arguments.file},
                                                {"valid", true},
                                                {"bytes", bytes.size()},
                                                {"prototxt_bytes", model.prototxt().size()},
                                                {"layers", layers}});
    std::printf("%s\n", nuq::to_text(result).c_str());
  } else if (!session.quiet) {
    std::printf("%s", blobs_table(layers, bytes.size()).c_str());
    std::printf("%s: intact, %zu bytes\n", arguments.file.c_str(), bytes.size());
  }
}

}  // namespace

void add_pack(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PackArguments>();
  CLI::App& command = *app.add_subcommand("pack", "write a network and its weights as one small file");
  arguments->add_to(command);
  command.add_option("--record", arguments->record, "record file: the layers that it quantizes are coded")
      ->type_name("FILE");
  command.add_flag("--smallest", arguments->smallest, "code large layers in the slowest and smallest way, too");
  command.add_option("-o,--output", arguments->output, "packed file to write")->type_name("FILE")->required();
  command.callback([arguments, &session] { pack(*arguments, session); });
}

void add_unpack(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PackedFileArguments>();
  CLI::App& command =
      *app.add_subcommand("unpack", "write the prototxt and the caffemodel, or the .onnx, of a packed file");
  command.add_option("file", arguments->file, "packed file")->type_name("FILE")->required();
  command.add_option("-o,--output", arguments->prefix, "prefix of the written files")->type_name("PREFIX")->required();
  command.callback([arguments, &session] { unpack(*arguments, session); });
}

void add_verify(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PackedFileArguments>();
  CLI::App& command =
      *app.add_subcommand("verify", "check a packed file and list what it holds, or all files of a run");
  command.add_option("file", arguments->file, "packed file, or prefix of a run's results")
      ->type_name("FILE")
      ->required();
  command.add_flag("--json", arguments->json, "print JSON");
  command.add_flag("--headers-only", arguments->headers_only, "check sizes and checksums, decode nothing");
  command.callback([arguments, &session] { verify(*arguments, session); });
}
