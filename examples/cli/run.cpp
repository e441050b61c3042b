// nuq run: forward pass of a network over arrays, blobs and layer outputs written as .npy.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "command.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/dataset/layer_inputs.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/npy.hpp"

namespace {

struct RunArguments : ModelOptions {
  std::vector<std::string> inputs;  // BLOB=in.npy
  std::string output_dir;
  std::vector<std::string> blobs;
  std::vector<std::string> layers;
};

/// The name among `known` that is `wanted` or whose escaped form is; `kind` is for the message.
std::string resolve(const std::vector<std::string>& known, const std::string& wanted, const std::string& kind,
                    const std::string& file) {
  std::set<std::string> found;
  for (const std::string& name : known) {
    if (name == wanted) return name;
    if (nuq::blob_file_name(name) == wanted) found.insert(name);
  }
  if (found.size() == 1) return *found.begin();
  if (found.empty())
    nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::unknown_name, file + ": no " + kind + " '" + wanted + "'"));
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::unknown_name, file + ": " + kind + " '" + wanted + "' could be '" +
                                                                       *found.begin() + "' or '" + *found.rbegin() +
                                                                       "', wanted the name as the network has it"));
}

std::vector<std::string> resolve_all(const std::vector<std::string>& known, std::vector<std::string> wanted,
                                     const std::string& kind, const std::string& file) {
  for (std::string& name : wanted) name = resolve(known, name, kind, file);
  return wanted;
}

nuq::Tensor read_input(const std::string& argument, std::string& blob) {
  const std::size_t equals = argument.rfind('=');
  if (equals == std::string::npos) {
    nuq::detail::fail(
        nuq::ConfigError(nuq::ErrorCode::invalid_argument, "--input '" + argument + "': wanted BLOB=FILE.npy"));
  }
  blob = argument.substr(0, equals);
  const std::string file = argument.substr(equals + 1);
  nuq::Tensor tensor = nuq::to_tensor(nuq::read_npy(file));
  if (tensor.shape.empty()) tensor.shape = {1};  // a single number
  return tensor;
}

/// For a layer that was not observed: throws what keeps its output from being computed.
[[noreturn]] void fail_without_output(const nuq::Net& net, const std::string& layer) {
  const nuq::Graph& graph = net.graph();
  for (const std::size_t output : graph.find(layer)->outputs) static_cast<void>(net.output(graph.values[output].blob));
  nuq::detail::fail(
      nuq::ConfigError(nuq::ErrorCode::invalid_argument, graph.model_file() + ": layer '" + layer + "' has no output"));
}

/// Arrays about to be written, each under a file name of its own.
class OutputArrays {
 public:
  explicit OutputArrays(const RunArguments& arguments) : arguments_(arguments) {
    inputs_ = {arguments.model, arguments.weights};
    for (const std::string& argument : arguments.inputs) inputs_.push_back(argument.substr(argument.rfind('=') + 1));
  }

  /// Takes the file name of an array: `value` of the graph, asked for as `option`. Throws ConfigError for one that
  /// another array or a file that is read has.
  void claim(const std::string& option, const std::string& name, std::size_t value) {
    const std::string file = file_of(name);
    const auto [claimed, is_new] = claimed_.emplace(file, Claim{option + " '" + name + "'", value});
    if (!is_new && claimed->second.value != value) {
      fail(claimed->second.words + " and " + option + " '" + name + "' would both be written to " + file +
           ", wanted them in runs with an --output-dir of their own");
    }
    for (const std::string& input : inputs_) {
      std::error_code is_missing;
      if (std::filesystem::equivalent(file, input, is_missing))
        fail(option + " '" + name + "' would be written over " + input +
             ", which is read, wanted another --output-dir");
    }
  }

  void stage(const std::string& name, const nuq::TensorView& tensor) {
    files_.stage(file_of(name), nuq::npy_bytes(tensor));
  }
  void commit() { files_.commit(); }

 private:
  struct Claim {
    std::string words;
    std::size_t value;
  };

  [[nodiscard]] std::string file_of(const std::string& name) const {
    return (std::filesystem::path(arguments_.output_dir) / (nuq::blob_file_name(name) + ".npy")).string();
  }

  [[noreturn]] static void fail(const std::string& problem) {
    nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::duplicate_name, problem));
  }

  const RunArguments& arguments_;
  std::vector<std::string> inputs_;  // files that are read
  std::map<std::string, Claim> claimed_;
  nuq::FileSet files_;
};

/// The version of a blob that is its final value.
std::size_t final_value(const nuq::Graph& graph, const std::string& blob) {
  std::size_t last = 0;
  for (std::size_t value = 0; value < graph.values.size(); ++value) {
    if (graph.values[value].blob == blob) last = value;
  }
  return last;
}

/// What the file calls results, or blobs that no layer reads: what is written where nothing is asked for.
std::vector<std::string> outputs_of(const nuq::Graph& graph) {
  std::vector<std::string> outputs;
  for (const std::size_t value : graph.outputs) outputs.push_back(graph.values[value].blob);
  if (!outputs.empty()) return outputs;
  std::vector<bool> is_read(graph.values.size(), false);
  for (const nuq::Node& node : graph.nodes) {
    for (const std::size_t value : node.inputs) is_read[value] = true;
  }
  for (const nuq::Node& node : graph.nodes) {
    for (const std::size_t value : node.outputs) {
      const std::string& blob = graph.values[value].blob;
      if (!is_read[value] && final_value(graph, blob) == value) outputs.push_back(blob);
    }
  }
  return outputs;
}

struct NamedInput {
  std::string name;
  nuq::Tensor tensor;
};

std::vector<std::string> blobs_of(const nuq::Graph& graph) {
  std::vector<std::string> names;
  for (const nuq::Value& value : graph.values) names.push_back(value.blob);
  return names;
}

/// The network; where not all of it can be computed for the shapes that its file tells, for those of the arrays.
nuq::Graph network_for(std::vector<NamedInput>& inputs, const RunArguments& arguments) {
  nuq::Graph graph = nuq::load_graph(arguments.model, arguments.weights, arguments.network);
  const std::vector<std::string> blobs = blobs_of(graph);
  for (NamedInput& input : inputs) input.name = resolve(blobs, input.name, "input", arguments.model);
  const auto is_stopped = [](const nuq::Node& node) { return !node.obstacle.empty(); };
  if (arguments.network.front_end == nullptr || std::none_of(graph.nodes.begin(), graph.nodes.end(), is_stopped))
    return graph;
  nuq::ReadOptions options = arguments.network;
  for (const NamedInput& input : inputs) options.input_shapes.emplace(input.name, input.tensor.shape);
  return nuq::load_graph(arguments.model, arguments.weights, options);
}

void run(const RunArguments& arguments, const Session& session) {
  arguments.require_weights();
  std::vector<NamedInput> inputs;
  for (const std::string& argument : arguments.inputs) {
    NamedInput& input = inputs.emplace_back();
    input.tensor = read_input(argument, input.name);
  }
  nuq::Net net(network_for(inputs, arguments), session.threads);
  print_warnings(net.graph().warnings);
  const std::vector<std::string> blob_names = blobs_of(net.graph());
  std::vector<std::string> layer_names;
  for (const nuq::Node& node : net.graph().nodes) layer_names.push_back(node.name);
  const bool asks_for_nothing = arguments.blobs.empty() && arguments.layers.empty();
  const std::vector<std::string> blobs =
      asks_for_nothing ? outputs_of(net.graph()) : resolve_all(blob_names, arguments.blobs, "blob", arguments.model);
  const std::vector<std::string> layers = resolve_all(layer_names, arguments.layers, "layer", arguments.model);
  OutputArrays arrays(arguments);
  for (const std::string& layer : layers) {
    const nuq::Node& node = *net.graph().find(layer);
    if (!node.outputs.empty()) arrays.claim("--layer", layer, node.outputs.front());
  }
  for (const std::string& blob : blobs) arrays.claim("--blob", blob, final_value(net.graph(), blob));

  for (const NamedInput& input : inputs) net.set_input(input.name, input.tensor.view());
  std::map<std::string, nuq::Tensor> results;
  net.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        if (outputs.empty() || std::find(layers.begin(), layers.end(), node.name) == layers.end()) return;
        results[node.name] = nuq::Tensor(outputs[0].shape, {outputs[0].values.begin(), outputs[0].values.end()});
      });
  for (const std::string& layer : layers) {
    const auto result = results.find(layer);
    if (result == results.end()) fail_without_output(net, layer);
    arrays.stage(layer, result->second.view());
  }
  for (const std::string& blob : blobs) arrays.stage(blob, net.output(blob));
  arrays.commit();
  if (!asks_for_nothing || session.quiet) return;
  for (const std::string& blob : blobs)
    say(arguments.output_dir + "/" + nuq::blob_file_name(blob) + ".npy: output '" + blob + "'");
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App& command = *app.add_subcommand("run", "run a network over arrays and write blobs as .npy");
  arguments->add_or_packed_to(command);
  command.add_option("--input", arguments->inputs, "BLOB=FILE.npy, for every input")
      ->type_name("BLOB=FILE")
      ->required();
  command.add_option("--output-dir", arguments->output_dir, "folder of the written arrays")
      ->type_name("FOLDER")
      ->required();
  command
      .add_option("--blob", arguments->blobs,
                  "blob whose final value is written as NAME.npy; without --blob and --layer the network's outputs are")
      ->type_name("NAME");
  command.add_option("--layer", arguments->layers, "layer whose own output is written, before later in-place layers")
      ->type_name("NAME");
  command.callback([arguments, &session] { run(*arguments, session); });
}
