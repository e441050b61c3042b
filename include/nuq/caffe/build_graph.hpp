#ifndef NUQ_CAFFE_BUILD_GRAPH_HPP
#define NUQ_CAFFE_BUILD_GRAPH_HPP

#include <memory>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

struct Model;

/// Checks a model and turns it into the network that runs in its phase, with its weights where the model has any.
///
/// Nodes come in the file's order; data layers (`is_data_layer`) are nodes without inputs whose outputs are network
/// inputs and that compute nothing. Trained blobs are those of `attach_trained_blobs`. A layer whose name an earlier
/// one has becomes the node "<name>_2", or the first free number.
///
/// A field or an enumeration's value that nobody understands is one of the graph's warnings, and keeps its layer from
/// being computed (`Node::obstacle`) unless it means nothing in inference. A rule (`include`, `exclude`) with an
/// unknown value is never met.
///
/// Throws ModelError naming file, layer and blob: no layers, layers of one name that do not share their weights, a
/// bottom that nobody or only a later layer produces, a blob overwritten without being read, impossible input shapes,
/// weights that do not fit; of a model with weights also shapes and parameters that a computed layer cannot have
/// (`infer_shapes`).
NUQ_FUNCTION [[nodiscard]] Graph build_graph(std::shared_ptr<const Model> model, Parallel& parallel);

/// \copydoc build_graph(std::shared_ptr<const Model>, Parallel&)
NUQ_FUNCTION [[nodiscard]] Graph build_graph(std::shared_ptr<const Model> model);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/caffe/caffe_format.hpp"
#include "nuq/caffe/contradiction.hpp"
#include "nuq/caffe/layer_fields.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/net_state.hpp"
#include "nuq/caffe/network_inputs.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/caffe/trained_blobs.hpp"
#include "nuq/caffe/unknown_fields.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/caffe/upgrade_v0.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/passes/integer_layers.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Follows the layers of the model's phase in the file's order and gives every write to a blob's name a value of its
/// own.
class GraphBuilder {
 public:
  NUQ_FUNCTION explicit GraphBuilder(std::shared_ptr<const Model> model)
      : model_(std::move(model)), file_(model_->model_file) {
    graph_.name = model_->net.name();
    graph_.source = caffe_source(model_);
  }

  NUQ_FUNCTION [[nodiscard]] Graph build() && {
    collect_layers();
    collect_unknown_fields();
    for (const NetworkInput& input : declared_inputs(model_->net, file_)) add_input("input", input);
    for (const Layer& layer : layers_) add_node(layer);
    keep_text_of_unknown_layers();
    check_that_something_is_computed();
    return std::move(graph_);
  }

 private:
  struct Layer {
    schema::LayerParameter parameter;
    std::size_t source_index = 0;
    bool included = true;
    std::vector<UnknownField> unknown{};
  };

  NUQ_FUNCTION [[noreturn]] void fail_in(const schema::LayerParameter& layer, ErrorCode code,
                                         const std::string& problem) const {
    fail_layer(code, file_, layer.name(), problem);
  }

  NUQ_FUNCTION void collect_layers() {
    const schema::NetParameter& net = model_->net;
    if (net.layer_size() > 0 && net.layers_size() > 0) {
      fail(ModelError(ErrorCode::malformed_file,
                      file_ + ": has both `layer` and the older `layers`, wanted one format"));
    }
    const schema::NetState state = network_state(*model_);
    const auto collect = [this, &state](schema::LayerParameter layer) {
      if (layer.include_size() > 0 && layer.exclude_size() > 0) {
        fail_in(layer, ErrorCode::malformed_file, "has both include and exclude rules, wanted one kind");
      }
      layer.clear_blobs();
      const bool included = is_included(layer, state);
      layers_.push_back({std::move(layer), layers_.size(), included});
    };
    for (const schema::LayerParameter& layer : net.layer()) collect(layer);
    for (schema::LayerParameter& layer : upgraded_layers(net)) {
      collect(std::move(layer));
      if (is_v0_padding(net.layers(static_cast<int>(layers_.size()) - 1))) layers_.back().included = false;
    }
  }

  NUQ_FUNCTION void collect_unknown_fields() {
    const std::string& text = model_->text;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      line_breaks_.push_back(at);
    for (UnknownField& field : unknown_fields(model_->text)) {
      if (field.layer == UnknownField::outside_layers) {
        graph_.warnings.push_back(place_of(field) + ": " + is_not_understood(field));
      } else if (field.layer < layers_.size()) {
        Layer& layer = layers_[field.layer];
        if (field.is_condition() && !field.value.empty()) {
          account_for_rule(field, layer);
          continue;
        }
        if (field.path == "type") layer.parameter.set_type(field.value);
        layer.unknown.push_back(std::move(field));
      }
    }
  }

  NUQ_FUNCTION void account_for_rule(const UnknownField& field, const Layer& layer) {
    const bool is_left_out = field.path == "include.phase" && !layer.included;
    graph_.warnings.push_back(place_of(field) + ": layer '" + layer.parameter.name() +
                              "': " + is_not_understood(field) + ": the rule holds in neither" +
                              (is_left_out ? ", so the layer is left out" : ""));
  }

  /// `file:line`.
  NUQ_FUNCTION [[nodiscard]] std::string place_of(const UnknownField& field) const {
    const auto lines = std::lower_bound(line_breaks_.begin(), line_breaks_.end(), field.begin) - line_breaks_.begin();
    return file_ + ":" + std::to_string(lines + 1);
  }

  NUQ_FUNCTION [[nodiscard]] static std::string is_not_understood(const UnknownField& field) {
    if (field.value.empty()) return "field '" + field.path + "' is not understood";
    const bool is_phase = field.path == "phase" || field.path == "state.phase" || field.is_condition();
    return "field '" + field.path + "' has the unknown value " + field.value +
           (is_phase ? ", wanted TRAIN or TEST" : "");
  }

  /// Says what of a layer nobody has read. What may change its result keeps it from being computed.
  NUQ_FUNCTION void account_for_fields(const Layer& layer, Node& node) {
    const std::optional<LayerFields> fields = fields_read(layer.parameter);
    const std::string place = "layer '" + node.name + "': ";
    const auto say = [&](const std::string& where, const std::string& problem, bool stops) {
      graph_.warnings.push_back(where + ": " + place + problem + (stops ? ", so the layer is not computed" : ""));
      if (stops && node.obstacle.empty()) node.obstacle = problem;
    };
    for (const UnknownField& field : layer.unknown) {
      if (is_ignored(model_->options, node.type, field.path)) continue;
      const bool stops = fields && effect_of_unknown(field.path, *fields) == FieldEffect::not_read;
      say(place_of(field), is_not_understood(field), stops);
    }
    if (!fields) return;
    for (const UnreadField& field : unread_fields(layer.parameter, *fields)) {
      if (is_ignored(model_->options, node.type, field.path)) continue;
      if (field.effect == FieldEffect::not_read) {
        say(file_, "field '" + field.path + "' is not understood", true);
      } else {
        say(file_, "field '" + field.path + "' means nothing to a " + node.type, false);
      }
    }
  }

  NUQ_FUNCTION void add_node(const Layer& layer) {
    if (!layer.included) return;
    const schema::LayerParameter& parameter = layer.parameter;
    check_layer(layer);
    Node node;
    node.name = parameter.name();
    node.type = parameter.type();
    node.operation = read_operation(parameter);
    node.shared_parameters = shared_parameter_names(parameter);
    node.source_index = layer.source_index;
    account_for_fields(layer, node);
    if (is_data_layer(parameter)) {
      for (const NetworkInput& input : inputs_of(parameter, file_))
        node.outputs.push_back(add_input("layer '" + parameter.name() + "'", input));
    } else {
      for (const std::string& bottom : parameter.bottom()) node.inputs.push_back(value_read(layer, bottom));
      for (const std::string& top : parameter.top()) node.outputs.push_back(value_written(parameter, top));
      for (const std::size_t output : node.outputs) current_[graph_.values[output].blob] = output;
    }
    node.name = node_name(node, layer);
    parameters_.insert(node.shared_parameters.begin(), node.shared_parameters.end());
    graph_.nodes.push_back(std::move(node));
  }

  /// The names in `param { name: … }` by blob, empty where there is none: layers that name one share what is trained.
  NUQ_FUNCTION [[nodiscard]] static std::vector<std::string> shared_parameter_names(
      const schema::LayerParameter& layer) {
    std::vector<std::string> names;
    for (const schema::ParamSpec& spec : layer.param()) names.push_back(spec.name());
    while (!names.empty() && names.back().empty()) names.pop_back();
    return names;
  }

  /// The layer's name; "<name>_2" or the first free number for one whose name an earlier layer has, which Caffe allows.
  /// Weights are loaded into the first layer of a name alone: all that the later one is trained with must be shared.
  NUQ_FUNCTION [[nodiscard]] std::string node_name(const Node& node, const Layer& layer) {
    const std::string& name = layer.parameter.name();
    const auto [first, is_new] = names_.emplace(name, layer.source_index);
    if (is_new) return name;
    if (!shares_all_blobs(node, name)) {
      fail_in(layer.parameter, ErrorCode::duplicate_name,
              "layers " + std::to_string(first->second + 1) + " and " + std::to_string(layer.source_index + 1) +
                  " of the file have this name in " + phase() + " and do not share their weights, wanted unique names");
    }
    int number = 2;
    while (is_taken(name + "_" + std::to_string(number))) ++number;
    names_.emplace(name + "_" + std::to_string(number), layer.source_index);
    return name + "_" + std::to_string(number);
  }

  NUQ_FUNCTION [[nodiscard]] bool is_taken(const std::string& name) const {
    return names_.count(name) > 0 || has_weights(name) ||
           std::any_of(layers_.begin(), layers_.end(),
                       [&name](const Layer& layer) { return layer.parameter.name() == name; });
  }

  NUQ_FUNCTION [[nodiscard]] bool has_weights(const std::string& name) const {
    const auto of_name = [&name](const auto& layer) { return layer.name() == name && layer.blobs_size() > 0; };
    const schema::NetWeights& weights = model_->weights;
    return std::any_of(weights.layer().begin(), weights.layer().end(), of_name) ||
           std::any_of(weights.layers().begin(), weights.layers().end(), [&of_name](const auto& layer) {
             return layer.has_layer() ? of_name(layer.layer()) : of_name(layer);
           });
  }

  /// Whether all that a layer is trained with, if anything, belongs to earlier layers as well.
  NUQ_FUNCTION [[nodiscard]] bool shares_all_blobs(const Node& node, const std::string& name) const {
    const std::optional<int> blobs = trained_blob_count(node);
    if (!blobs) return !is<ops::Unknown>(node) && !has_weights(name);
    if (node.shared_parameters.size() < static_cast<std::size_t>(*blobs)) return false;
    return std::all_of(node.shared_parameters.begin(), node.shared_parameters.begin() + *blobs,
                       [this](const std::string& shared) { return !shared.empty() && parameters_.count(shared) > 0; });
  }

  /// For whoever knows those types: a schema drops the fields it has never heard of.
  NUQ_FUNCTION void keep_text_of_unknown_layers() {
    std::vector<std::string_view> texts;
    for (Node& node : graph_.nodes) {
      const auto* const unknown = node.operation.get_if<ops::Unknown>();
      if (unknown == nullptr) continue;
      if (texts.empty()) texts = layer_texts();
      if (texts.size() != layers_.size()) return;
      node.operation = ops::Unknown{unknown->type, std::string(texts[node.source_index])};
    }
  }

  /// The inside of each layer's braces; fewer than there are layers in a model that was not parsed from its text.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::string_view> layer_texts() const {
    const std::string_view text = model_->text;
    std::vector<std::string_view> texts;
    for (const TextField& field : text_fields(text)) {
      if (field.name != "layer" && field.name != "layers") continue;
      texts.push_back(text.substr(field.value_begin, field.value_end - field.value_begin));
    }
    return texts;
  }

  NUQ_FUNCTION void check_layer(const Layer& layer) {
    const schema::LayerParameter& parameter = layer.parameter;
    if (parameter.type().empty()) fail_in(parameter, ErrorCode::malformed_file, "has no type");
    if (parameter.bottom().empty() && !is_data_layer(parameter) && parameter.type() != "Parameter") {
      fail_in(parameter, ErrorCode::invalid_graph, parameter.type() + " has no bottom");
    }
    const std::string contradiction = contradiction_of(parameter);
    if (!contradiction.empty()) fail_in(parameter, ErrorCode::invalid_argument, contradiction);
  }

  /// A value fed by the user; `owner` is what declares it.
  NUQ_FUNCTION std::size_t add_input(const std::string& owner, const NetworkInput& input) {
    if (current_.count(input.blob) > 0) {
      fail(ModelError(ErrorCode::invalid_graph,
                      file_ + ": " + owner + ": blob '" + input.blob + "' is an input already, wanted another name"));
    }
    const std::size_t value = graph_.values.size();
    graph_.values.push_back({input.blob, Value::network_input, input.shape});
    graph_.inputs.push_back(value);
    current_[input.blob] = value;
    return value;
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t value_read(const Layer& layer, const std::string& bottom) const {
    const auto found = current_.find(bottom);
    if (found != current_.end()) return found->second;
    std::string problem = "bottom '" + bottom + "' is produced by no layer";
    for (const Layer& other : layers_) {
      const auto& tops = other.parameter.top();
      if (std::find(tops.begin(), tops.end(), bottom) == tops.end()) continue;
      problem = "bottom '" + bottom + "' is produced only by layer '" + other.parameter.name() + "', ";
      problem += other.parameter.type() == "padding"        ? "which only a conv or pool layer can read"
                 : !other.included                          ? "which is not part of " + phase()
                 : other.source_index == layer.source_index ? "the layer itself (a cycle)"
                                                            : "which comes later (a cycle or a wrong order)";
      if (other.included) break;
    }
    fail_in(layer.parameter, ErrorCode::invalid_graph, problem);
  }

  /// A new version of blob `top`. A name that is in use may be written again only in place.
  NUQ_FUNCTION std::size_t value_written(const schema::LayerParameter& layer, const std::string& top) {
    const bool repeated = std::count(layer.top().begin(), layer.top().end(), top) > 1;
    const bool in_place = std::find(layer.bottom().begin(), layer.bottom().end(), top) != layer.bottom().end();
    if (repeated || (current_.count(top) > 0 && !in_place)) {
      fail_in(layer, ErrorCode::invalid_graph,
              "top '" + top + "' is produced by more than one layer or top, wanted a new name or an in-place layer");
    }
    graph_.values.push_back({top, graph_.nodes.size(), {}});
    return graph_.values.size() - 1;
  }

  [[nodiscard]] std::string phase() const {
    return model_->options.state.training ? "the TRAIN phase" : "the TEST phase";
  }

  NUQ_FUNCTION void check_that_something_is_computed() const {
    const auto computes = [](const Node& node) { return !node.inputs.empty(); };
    if (std::any_of(graph_.nodes.begin(), graph_.nodes.end(), computes)) return;
    const std::string problem = layers_.empty()
                                    ? "has no layers, wanted a network"
                                    : "has no layer that computes in " + phase() + ", wanted an inference network";
    fail(ModelError(ErrorCode::invalid_graph, file_ + ": " + problem));
  }

  std::shared_ptr<const Model> model_;
  std::string file_;
  Graph graph_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> line_breaks_;        ///< their places in the model's text
  std::map<std::string, std::size_t> current_;  ///< the latest version of each blob
  std::map<std::string, std::size_t> names_;    ///< layers seen, with their position in the file
  std::set<std::string> parameters_;            ///< names of trained parameters of the layers seen
};

}  // namespace detail

namespace detail {

NUQ_FUNCTION inline void check_number_of_layers(const Model& model, const ResourceLimits& limits) {
  const auto layers =
      static_cast<std::uint64_t>(model.net.layer_size()) + static_cast<std::uint64_t>(model.net.layers_size());
  if (layers <= limits.layers) return;
  fail(ModelError(ErrorCode::resource_limit, model.model_file + ": " + std::to_string(layers) +
                                                 " layers, the limit is " + std::to_string(limits.layers) +
                                                 " (NUQ_LAYER_LIMIT)"));
}

}  // namespace detail

NUQ_DEFINITION Graph build_graph(std::shared_ptr<const Model> model, Parallel& parallel) {
  const ResourceLimits limits = model->options.limits ? *model->options.limits : ResourceLimits::from_environment();
  detail::check_number_of_layers(*model, limits);
  Graph graph = detail::GraphBuilder(std::move(model)).build();
  graph.limits = limits;
  const schema::NetWeights& weights = caffe_model(graph)->weights;
  const bool has_weights = weights.layer_size() + weights.layers_size() > 0;
  if (has_weights) {
    attach_trained_blobs(graph, parallel);
    static_cast<void>(infer_shapes(graph, {}));  // what no layer can compute stops here, whatever the network is for
    link_integer_layers(graph);
    mark_scaled_sums(graph);
  }
  return graph;
}

NUQ_DEFINITION Graph build_graph(std::shared_ptr<const Model> model) {
  Parallel serial;
  return build_graph(std::move(model), serial);
}

/// Of a prototxt and its caffemodel, or what another front end reads. Throws what `read_model`, `choose_state` and
/// `build_graph` throw.
NUQ_DEFINITION Graph load_graph(const std::string& model_file, const std::string& weights_file, Parallel& parallel,
                                const ReadOptions& options) {
  if (options.front_end != nullptr) return options.front_end->load(model_file, weights_file, parallel, options);
  if (!options.input_shapes.empty()) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, model_file + ": a prototxt has the shapes of its inputs, '" +
                                                              options.input_shapes.begin()->first +
                                                              "' is given another one"));
  }
  const ResourceLimits limits = options.limits.value_or(ResourceLimits::from_environment());
  Model model = read_model(model_file, weights_file, limits);
  model.options = options;
  choose_state(model);
  return build_graph(std::make_shared<const Model>(std::move(model)), parallel);
}

NUQ_DEFINITION Graph load_graph(const std::string& model_file, const std::string& weights_file,
                                const ReadOptions& options) {
  Parallel serial;
  return load_graph(model_file, weights_file, serial, options);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_BUILD_GRAPH_HPP
