#include "recipe.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/workflow/create_quant_config.hpp"

namespace {

/// A layer as a report describes it.
struct RecipeLayer {
  std::string shape;
  std::optional<int> levels;    ///< absent: in float
  bool is_taken = false;        ///< restricted to `levels`, otherwise int8
  std::optional<double> price;  ///< per bit, of its own
  int most_levels = 256;        ///< that the price could choose among
};

[[noreturn]] void fail_format(const std::string& file, const std::string& problem) {
  nuq::detail::fail(nuq::FormatError(nuq::ErrorCode::malformed_file,
                                     file + ": no report of a run: " + problem + ", wanted a PREFIX_report.json"));
}

const nuq::Json& member_of(const nuq::Json& object, const char* key, const std::string& file) {
  const nuq::Json* const member = object.is_object() ? object.find(key) : nullptr;
  if (member == nullptr) fail_format(file, std::string("'") + key + "' is missing");
  return *member;
}

std::map<std::string, RecipeLayer> layers_of(const nuq::Json& report, const std::string& file) {
  std::map<std::string, RecipeLayer> layers;
  const nuq::Json& entries = member_of(report, "layers", file);
  if (!entries.is_array()) fail_format(file, "'layers' is no list");
  for (const nuq::Json& entry : entries) {
    RecipeLayer layer;
    layer.shape = nuq::to_text(member_of(entry, "shape", file));
    layer.is_taken = member_of(entry, "taken", file).boolean();
    const nuq::Json& levels = member_of(entry, "levels", file);
    if (levels.is_integer()) layer.levels = static_cast<int>(levels.integer());
    layers[member_of(entry, "name", file).text()] = layer;
  }
  return layers;
}

/// The number of levels of each layer of a trial.
bool has_levels(const nuq::Json& trial, const std::map<std::string, RecipeLayer>& layers) {
  const nuq::Json* const levels = trial.is_object() ? trial.find("levels") : nullptr;
  if (levels == nullptr || !levels->is_object()) return false;
  return std::all_of(layers.begin(), layers.end(), [levels](const auto& entry) {
    const nuq::Json* const of_layer = levels->find(entry.first);
    return of_layer == nullptr || (entry.second.levels && of_layer->integer() == *entry.second.levels);
  });
}

/// Takes the prices over that a search gave its layers. The report holds them in words: "conv1=31@1e-07 fc=256".
void add_prices(const nuq::Json& report, std::map<std::string, RecipeLayer>& layers) {
  const nuq::Json* const trials = report.find("trials");
  if (trials == nullptr || !trials->is_array()) return;
  const auto trial =
      std::find_if(trials->begin(), trials->end(), [&layers](const nuq::Json& one) { return has_levels(one, layers); });
  if (trial == trials->end() || trial->find("configuration") == nullptr) return;
  const std::string words = " " + trial->find("configuration")->text();
  for (auto& [name, layer] : layers) {
    const std::size_t begin = words.find(" " + name + "=");
    if (begin == std::string::npos) continue;
    const std::string option =
        words.substr(begin + name.size() + 2, words.find(' ', begin + name.size() + 2) - begin - name.size() - 2);
    const std::size_t at = option.find('@');
    if (at == std::string::npos) continue;
    layer.price = std::strtod(option.c_str() + at + 1, nullptr);
    layer.most_levels = std::atoi(option.c_str());
  }
}

/// The scope in which all layers that were restricted can be.
nuq::NuqScope scope_of(const nuq::Graph& graph, const std::map<std::string, RecipeLayer>& layers) {
  for (const auto& [name, layer] : layers) {
    const nuq::Node* const node = graph.find(name);
    if (node != nullptr && layer.is_taken && !nuq::eligibility_of(graph, *node).nuq) return nuq::NuqScope::extended;
  }
  return nuq::NuqScope::standard;
}

void require_same_layers(const nuq::Graph& graph, const std::map<std::string, RecipeLayer>& layers, nuq::NuqScope scope,
                         const std::string& file) {
  nuq::QuantizationSettings settings;
  settings.nuq_scope = scope;
  nuq::Parallel serial;
  std::string problems;
  const auto note = [&problems](const std::string& problem) { problems += (problems.empty() ? "" : "; ") + problem; };
  std::map<std::string, RecipeLayer> missing = layers;
  for (const nuq::LayerReport& layer : nuq::layer_reports(graph, {}, settings, nuq::Target::packed, serial)) {
    const auto known = layers.find(layer.name);
    missing.erase(layer.name);
    if (known == layers.end()) {
      note("layer '" + layer.name + "' is not in the recipe");
    } else if (known->second.shape != nuq::to_string(layer.shape)) {
      note("layer '" + layer.name + "' has weights " + nuq::to_string(layer.shape) + ", in the recipe " +
           known->second.shape);
    }
  }
  for (const auto& entry : missing) note("layer '" + entry.first + "' of the recipe is not in the network");
  if (problems.empty()) return;
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::unknown_name,
                                     graph.weights_file() + ": does not fit the recipe " + file + ": " + problems));
}

nuq::QuantConfig config_of(const ModelOptions& model, const std::map<std::string, RecipeLayer>& layers,
                           nuq::NuqScope scope) {
  nuq::QuantConfigRequest request;
  request.network = model.network;
  request.nuq_scope = scope;
  nuq::QuantConfig config = nuq::make_quant_config(model.model, model.weights, request);
  for (nuq::LayerEntry& entry : config.layers) {
    const auto found = layers.find(entry.name);
    entry.quant_enable = found != layers.end() && found->second.levels.has_value();
    const bool is_taken = entry.quant_enable && found->second.is_taken;
    if (!is_taken && entry.plan.weight_algorithm == nuq::WeightAlgorithm::nuq) {
      entry.plan.weight_algorithm = nuq::WeightAlgorithm::arq;
    }
    if (!is_taken) continue;
    entry.plan.price = found->second.price;
    entry.plan.num_steps = found->second.price ? found->second.most_levels : (std::max)(2, *found->second.levels);
  }
  config.notes.clear();
  config.file = "the recipe";
  return config;
}

}  // namespace

Recipe read_recipe(const std::string& report_file, const ModelOptions& model) {
  const nuq::Json report = nuq::parse_json(nuq::MappedFile(report_file).bytes(), report_file);
  std::map<std::string, RecipeLayer> layers = layers_of(report, report_file);
  add_prices(report, layers);
  const std::string target = member_of(report, "target", report_file).text();
  const nuq::Graph graph = nuq::load_graph(model.model, model.weights, model.network);
  const nuq::NuqScope scope = scope_of(graph, layers);
  require_same_layers(graph, layers, scope, report_file);
  Recipe recipe;
  recipe.config = config_of(model, layers, scope);
  const nuq::Json* const price = report.find("price");
  if (price != nullptr && price->is_number()) recipe.price = price->number();
  for (const auto& [name, layer] : layers) {
    if (layer.price) recipe.price = (std::max)(recipe.price.value_or(0.0), *layer.price);
  }
  if (recipe.price) recipe.target = nuq::Target::packed;
  if (target == "ascend") recipe.target = nuq::Target::ascend;
  return recipe;
}
