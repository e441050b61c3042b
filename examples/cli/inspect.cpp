// nuq inspect: the layers of a network, their shapes, and which of them can be quantized.

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "command.hpp"
#include "nuq/amct/compiler_rule.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/shared_memory.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/passes/uncomputed_layers.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_count.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"

namespace {

using nuq::Json;

struct InspectArguments {
  std::string model;
  std::string weights;
  std::string soc;
  nuq::ReadOptions network;
  nuq::NuqScope nuq_scope = nuq::NuqScope::standard;
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

Json json_of(const nuq::Graph& graph, const nuq::Node& node, nuq::NuqScope scope,
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
  Json shapes = Json::array();
  for (const std::size_t output : node.outputs) shapes.push_back(graph.values[output].shape);
  const std::optional<std::int64_t> weights = nuq::weight_count(graph, node);
  return Json::object({{"name", node.name},
                       {"type", node.type},
                       {"bottoms", blob_names(graph, node.inputs)},
                       {"tops", blob_names(graph, node.outputs)},
                       {"output_shapes", shapes},
                       {"weights", weights},
                       {"quantizable", eligibility.quantizable},
                       {"nuq_eligible", eligibility.nuq},
                       {"reason", eligibility.reason}});
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

void print_table(const Json& report) {
  for (const Json& layer : *report.find("layers")) {
    const std::string shapes = nuq::to_text(*layer.find("output_shapes"));
    const std::string weights = layer.find("weights")->is_null() ? "?" : nuq::to_text(*layer.find("weights"));
    const char* const kind = layer.find("nuq_eligible")->boolean()  ? "nuq"
                             : layer.find("quantizable")->boolean() ? "int8"
                                                                    : "-";
    std::printf("%-32s %-16s %-24s %10s  %-4s  %s\n", nuq::detail::printable_text(layer.find("name")->text()).c_str(),
                nuq::detail::printable_text(layer.find("type")->text()).c_str(), shapes.c_str(), weights.c_str(), kind,
                nuq::detail::printable_text(layer.find("reason")->text()).c_str());
  }
  std::printf("%s: %zu layers, quantizable weights: %s\n",
              nuq::detail::printable_text(report.find("name")->text()).c_str(), report.find("layers")->size(),
              report.find("weights")->is_null() ? "unknown without an input size"
                                                : nuq::to_text(*report.find("weights")).c_str());
}

void run(const InspectArguments& arguments) {
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
    Json layer = json_of(graph, node, arguments.nuq_scope, compressible);
    add_obstacle(layer, uncomputed);
    layers.push_back(std::move(layer));
  }
  const Json total = total_weights(graph, layers);
  const Json report = Json::object({{"name", graph.name}, {"layers", layers}, {"weights", total}});
  if (arguments.json) {
    std::printf("%s\n", nuq::to_text(report, {2, false}).c_str());
  } else {
    print_table(report);
  }
}

}  // namespace

void add_inspect(CLI::App& app, Session&) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App& command = *app.add_subcommand("inspect", "layers of a network, and which can be quantized");
  command.add_option("model", arguments->model, "prototxt")->required();
  command.add_option("weights", arguments->weights, "caffemodel");
  command.add_option("--soc", arguments->soc, "chip whose compiler's rule decides what is eligible for NUQ");
  add_nuq_scope(command, arguments->nuq_scope);
  add_read_options(command, arguments->network);
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments] { run(*arguments); });
}
