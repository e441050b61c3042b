// nuq inspect: the layers of a network, their shapes, and which of them can be quantized.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "amounts.hpp"
#include "command.hpp"
#include "level_sizes.hpp"
#include "nuq/amct/compiler_rule.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/shared_memory.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_count.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/report/table.hpp"
#include "terminal.hpp"

namespace {

using nuq::Json;

struct InspectArguments {
  std::string model;
  std::string weights;
  std::string soc;
  nuq::ReadOptions network;
  nuq::NuqScope nuq_scope = nuq::NuqScope::standard;
  bool all = false;
  bool json = false;
};

Json blob_names(const nuq::Graph& graph, const std::vector<std::size_t>& values) {
  Json names = Json::array();
  for (const std::size_t value : values) names.push_back(graph.values[value].blob);
  return names;
}

void add_reason(std::string& reason, const std::string& another) {
  reason += (reason.empty() ? "" : "; ") + another;
}

nuq::Eligibility eligibility_of(const nuq::Graph& graph, const nuq::Node& node, nuq::NuqScope scope,
                                const std::optional<nuq::CompressibleLayers>& compressible) {
  nuq::Eligibility eligibility = nuq::eligibility_of(graph, node, scope);
  if (eligibility.nuq && compressible && compressible->names.count(node.name) == 0) {
    eligibility.nuq = false;
    eligibility.reason = "not compressed by " + compressible->source;
  }
  if (eligibility.quantizable) {
    const std::string obstacle = nuq::input_quantization_obstacle(graph, node);
    if (!obstacle.empty()) add_reason(eligibility.reason, "weights-only, " + obstacle);
  }
  return eligibility;
}

/// Multiplications with weights for one input of the declared shape.
std::optional<std::uint64_t> multiply_adds(const nuq::Graph& graph, const nuq::Node& node,
                                           const std::optional<std::int64_t>& weights) {
  const std::vector<std::size_t>& values = nuq::is<nuq::ops::TransposedConvolution>(node) ? node.inputs : node.outputs;
  const nuq::Shape shape = values.empty() ? nuq::Shape{} : graph.values[values.front()].shape;
  const std::size_t channels = nuq::is<nuq::ops::InnerProduct>(node) ? shape.size() - 1 : 1;
  if (!weights || channels >= shape.size() || shape[channels] == 0) return std::nullopt;
  return static_cast<std::uint64_t>(*weights) * nuq::element_count(shape) / static_cast<std::uint64_t>(shape[channels]);
}

Json json_of(const nuq::Graph& graph, const nuq::Node& node, const nuq::Eligibility& eligibility,
             nuq::Parallel& parallel) {
  Json shapes = Json::array();
  for (const std::size_t output : node.outputs) shapes.push_back(graph.values[output].shape);
  const std::optional<std::int64_t> weights = nuq::weight_count(graph, node);
  Json layer = Json::object({{"name", node.name},
                             {"type", node.type},
                             {"bottoms", blob_names(graph, node.inputs)},
                             {"tops", blob_names(graph, node.outputs)},
                             {"output_shapes", shapes},
                             {"weights", weights},
                             {"quantizable", eligibility.quantizable},
                             {"nuq_eligible", eligibility.nuq},
                             {"reason", eligibility.reason}});
  layer.set("weight_shape", node.blobs.empty() ? Json(nullptr) : Json(node.blobs.front().shape));
  layer.set("multiply_adds", multiply_adds(graph, node, weights));
  using Bytes = std::optional<std::uint64_t>;
  layer.set("bytes_int8", eligibility.quantizable ? packed_bytes_of_int8(graph, node, parallel) : Bytes());
  layer.set("bytes_32_levels", eligibility.nuq ? packed_bytes_of_levels(graph, node, 32, parallel) : Bytes());
  return layer;
}

/// What keeps the layer from being computed, which is a reason too.
void add_obstacle(Json& layer, const std::map<std::string, std::string>& uncomputed) {
  const auto found = uncomputed.find(layer.find("name")->text());
  layer.set("not_computed", found == uncomputed.end() ? Json(nullptr) : Json(found->second));
  if (found == uncomputed.end()) return;
  std::string reason = layer.find("reason")->text();
  add_reason(reason, "not computed: " + found->second);
  layer.set("reason", reason);
}

/// Weights of the quantizable layers, shared ones once; null where one of them is unknown.
Json total_weights(const nuq::Graph& graph, const Json& layers) {
  std::int64_t total = 0;
  for (const Json& layer : layers) {
    const nuq::Node& node = *graph.find(layer.find("name")->text());
    if (!layer.find("quantizable")->boolean() || &nuq::owner_of_weights(graph, node) != &node) continue;
    if (layer.find("weights")->is_null()) return nullptr;
    total += layer.find("weights")->integer();
  }
  return total;
}

bool has_weights(const Json& layer) {
  return layer.find("weights")->is_null() || layer.find("weights")->integer() > 0;
}

const char* kind_of(const Json& layer) {
  return layer.find("nuq_eligible")->boolean() ? "nuq" : layer.find("quantizable")->boolean() ? "int8" : "float";
}

/// "[64,3,7,7]", or "?" where nothing is known.
std::string shape_text(const Json& shape) {
  return shape.is_null() || shape.size() == 0 ? "?" : nuq::to_text(shape);
}

std::string name_text(const Json& layer) {
  return nuq::detail::printable_text(layer.find("name")->text());
}
std::string type_text(const Json& layer) {
  return nuq::detail::printable_text(layer.find("type")->text());
}

/// A number of the report, or one that takes its place.
std::optional<std::uint64_t> amount_of(const Json& layer, const char* key) {
  const Json& amount = *layer.find(key);
  if (amount.is_null()) return std::nullopt;
  return static_cast<std::uint64_t>(amount.integer());
}

/// Sums up what is known of the layers.
struct Totals {
  std::uint64_t multiply_adds = 0;
  std::uint64_t weights = 0;
  std::uint64_t int8 = 0;
  std::uint64_t levels = 0;
};

std::string table_of_weights(const Json& layers, std::size_t columns) {
  nuq::detail::TextTable table({{"layer", false},
                                {"type", false, true},
                                {"weights", false},
                                {"mult-adds", true},
                                {"float32", true},
                                {"int8", true},
                                {"32 levels", true},
                                {"takes", false}});
  Totals total;
  for (const Json& layer : layers) {
    if (!has_weights(layer)) continue;
    const std::optional<std::uint64_t> weights = amount_of(layer, "weights");
    const std::optional<std::uint64_t> operations = amount_of(layer, "multiply_adds");
    const std::optional<std::uint64_t> int8 = amount_of(layer, "bytes_int8");
    const std::optional<std::uint64_t> levels = amount_of(layer, "bytes_32_levels");
    const std::uint64_t float32 = 4 * weights.value_or(0);
    total.multiply_adds += operations.value_or(0);
    total.weights += float32;
    total.int8 += int8.value_or(float32);
    total.levels += levels.value_or(int8.value_or(float32));
    table.add({name_text(layer), type_text(layer), shape_text(*layer.find("weight_shape")), amount_text(operations),
               weights ? amount_text(static_cast<double>(float32)) : "?", int8 ? amount_text(int8) : "-",
               levels ? amount_text(levels) : "-", kind_of(layer)});
  }
  table.add({"all of them", "", "", amount_text(static_cast<double>(total.multiply_adds)),
             amount_text(static_cast<double>(total.weights)), amount_text(static_cast<double>(total.int8)),
             amount_text(static_cast<double>(total.levels)), ""});
  return table.text(columns);
}

std::string table_of_others(const Json& layers, std::size_t columns) {
  nuq::detail::TextTable table({{"other layer", false}, {"type", false}, {"outputs", false}});
  for (const Json& layer : layers) {
    if (has_weights(layer)) continue;
    std::string shapes;
    for (const Json& shape : *layer.find("output_shapes")) shapes += (shapes.empty() ? "" : " ") + shape_text(shape);
    table.add({name_text(layer), type_text(layer), shapes});
  }
  return table.text(columns);
}

/// Why layers do not take NUQ or are not computed; of those without weights only the latter.
std::vector<std::string> reasons_of(const Json& layers) {
  std::vector<std::string> reasons;
  for (const Json& layer : layers) {
    const bool is_told = has_weights(layer) || !layer.find("not_computed")->is_null();
    if (is_told && !layer.find("reason")->text().empty())
      reasons.push_back("layer '" + layer.find("name")->text() + "': " + layer.find("reason")->text());
  }
  return grouped_notes(reasons);
}

/// Weights that take NUQ, and those that take int8 alone.
std::string weights_text(const Json& report) {
  if (report.find("weights")->is_null()) return "quantizable weights: unknown without an input size";
  std::uint64_t nuq_weights = 0;
  std::uint64_t int8_weights = 0;
  for (const Json& layer : *report.find("layers")) {
    const std::string kind = kind_of(layer);
    if (kind == "nuq") nuq_weights += amount_of(layer, "weights").value_or(0);
    if (kind == "int8") int8_weights += amount_of(layer, "weights").value_or(0);
  }
  return "quantizable weights: " + nuq::to_text(*report.find("weights")) + " (" + std::to_string(nuq_weights) +
         " nuq, " + std::to_string(int8_weights) + " int8 alone)";
}

void print_table(const Json& report, bool all) {
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  const Json& layers = *report.find("layers");
  std::string text = table_of_weights(layers, columns);
  text += for_output("bytes as a packed file holds them, mult-adds for one input; takes: nuq is few levels or int8");
  if (all) text += "\n" + table_of_others(layers, columns);
  const std::vector<std::string> reasons = reasons_of(layers);
  if (!reasons.empty()) text += "\n";
  for (const std::string& reason : reasons) text += for_output(nuq::detail::printable_message(reason), 2);
  std::size_t without = 0;
  for (const Json& layer : layers) without += has_weights(layer) ? 0U : 1U;
  const std::string name = nuq::detail::printable_text(report.find("name")->text());
  text += "\n" + for_output((name.empty() ? "network without a name" : name) + ": " + std::to_string(layers.size()) +
                            " layers, " + std::to_string(without) + " of them without weights" +
                            (all ? "" : " (shown with --all)"));
  std::printf("%s%s", text.c_str(), for_output(weights_text(report)).c_str());
}

void run(const InspectArguments& arguments, const Session& session) {
  nuq::ThreadPool threads(session.threads);
  nuq::Graph graph = nuq::load_graph(arguments.model, arguments.weights, arguments.network);
  nuq::infer_shapes(graph);
  for (const std::string& warning : nuq::shared_memory_warnings(graph))
    graph.warnings.push_back(graph.model_file() + ": " + warning);
  print_warnings(graph.warnings);
  std::optional<nuq::CompressibleLayers> compressible;
  if (!arguments.soc.empty()) compressible = nuq::compressible_layers(graph, nuq::soc_named(arguments.soc));
  Json layers = Json::array();
  const std::map<std::string, std::string> uncomputed = nuq::uncomputed_layers(graph);
  for (const nuq::Node& node : graph.nodes) {
    Json layer = json_of(graph, node, eligibility_of(graph, node, arguments.nuq_scope, compressible), threads);
    add_obstacle(layer, uncomputed);
    layers.push_back(std::move(layer));
  }
  const Json total = total_weights(graph, layers);
  const Json report = Json::object({{"name", graph.name}, {"layers", layers}, {"weights", total}});
  if (arguments.json) {
    std::printf("%s\n", nuq::to_text(report, {2, false}).c_str());
  } else {
    print_table(report, arguments.all);
  }
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App& command = *app.add_subcommand("inspect", "layers of a network, and which can be quantized");
  CLI::Option* const model =
      command.add_option("model", arguments->model, "prototxt, .onnx, or a packed file FILE.nuq");
  tell_kind_by_content(*model->type_name("FILE")->required(), nullptr, arguments->network);
  command.add_option("weights", arguments->weights, "caffemodel")->type_name("FILE");
  command.add_option("--soc", arguments->soc, "chip whose compiler's rule decides what is eligible for NUQ")
      ->type_name(chip_names());
  add_nuq_scope(command, arguments->nuq_scope);
  add_read_options(command, arguments->network);
  command.add_flag("--all", arguments->all, "also the layers that have no weights to multiply with");
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments, &session] { run(*arguments, session); });
}
