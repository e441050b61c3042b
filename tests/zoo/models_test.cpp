// Every model of the zoo, with a table of what was done with it: none is left out silently.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../unit/error_of.hpp"
#include "../unit/temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "published_models.hpp"
#include "reference.hpp"
#include "zoo.hpp"

namespace zoo_models_test {

std::vector<std::string> layer_texts(const std::string& text) {
  std::vector<std::string> texts;
  for (const nuq::TextField& field : nuq::text_fields(text)) {
    if (field.name == "layer" || field.name == "layers")
      texts.push_back(text.substr(field.begin, field.end - field.begin));
  }
  return texts;
}

/// Layers of the rewritten text that are no verbatim layer of the original: those that a fused layer changed.
std::size_t changed_layers(const std::string& original, const std::string& rewritten) {
  const std::vector<std::string> before = layer_texts(original);
  std::size_t changed = 0;
  for (const std::string& layer : layer_texts(rewritten)) {
    if (std::find(before.begin(), before.end(), layer) == before.end()) ++changed;
  }
  return changed;
}

/// Layers whose text fusion has to change: those that something was folded into.
std::size_t fused_layers(const PublishedModel& model) {
  nuq::Graph graph = nuq::load_graph(model.model, model.weights);
  nuq::fuse(graph);
  return static_cast<std::size_t>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const nuq::Node& node) { return !node.fused.empty(); }));
}

/// Quantizes the weights, writes the model, reads it back and computes a reference case with it: the relative change of
/// the outputs. The text of all layers that nothing was folded into must be verbatim.
double quantized_difference(const PublishedModel& model, const ReferenceCase* reference) {
  const TemporaryFolder folder;
  nuq::create_quant_config(folder / "config.json", model.model, model.weights);
  nuq::static_nuq(model.model, model.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                  folder / "net");
  CHECK(changed_layers(nuq::read_model(model.model, "").text, folder.read("net_fake_quant_model.prototxt")) <=
        fused_layers(model));
  nuq::Net net(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel", 0);
  if (reference == nullptr) return 0.0;
  ReferenceCase remaining = *reference;  // folded layers are gone
  for (auto output = remaining.outputs.begin(); output != remaining.outputs.end();) {
    const bool exists =
        std::any_of(net.graph().nodes.begin(), net.graph().nodes.end(),
                    [&output](const nuq::Node& node) { return escaped_name(node.name) == output->first; });
    output = exists ? std::next(output) : remaining.outputs.erase(output);
  }
  return worst_difference(net, remaining);
}

TEST_CASE("every published model loads, computes its reference tensors, and is quantized and read back") {
  std::printf("%-64s %6s %6s  %-22s %s\n", "model", "layers", "NUQ", "worst difference",
              "32 levels: change of the outputs");
  for (const PublishedModel& model : published_models()) {
    CAPTURE(model.name);
    const nuq::Graph graph = nuq::load_graph(model.model, model.weights);
    const auto eligible = std::count_if(graph.nodes.begin(), graph.nodes.end(), [&graph](const nuq::Node& node) {
      return nuq::eligibility_of(graph, node).nuq;
    });
    std::printf("%-64s %6zu %6td  ", model.name.c_str(), graph.nodes.size(), eligible);
    const auto cases = reference_cases(model.reference);
    const std::optional<std::string> reason = why_not_inference(graph);
    if (cases.empty() || reason) {
      std::printf("%s\n", reason ? reason->c_str() : "no reference");
      if (eligible > 0) CHECK(quantized_difference(model, nullptr) == 0.0);
      continue;
    }
    double worst = 0.0;
    for (const auto& reference : cases) {
      CAPTURE(reference.first);
      nuq::Net net(model.model, model.weights, 0);
      const double difference = worst_difference(net, reference.second);
      CHECK(difference <= 1e-5);
      worst = (std::max)(worst, difference);
    }
    const double change = quantized_difference(model, &cases.begin()->second);
    CHECK(change < 1.0);
    std::printf("%-22.1e %.3f\n", worst, change);
  }
}

TEST_CASE("every published prototxt is understood without weights") {
  std::printf("%-56s %6s %10s %6s\n", "prototxt", "layers", "quantizable", "NUQ");
  for (const std::string& file : published_prototxts()) {
    CAPTURE(file);
    nuq::Graph graph = nuq::load_graph(file, "");
    nuq::infer_shapes(graph);
    std::size_t quantizable = 0;
    std::size_t eligible = 0;
    for (const nuq::Node& node : graph.nodes) {
      const nuq::Eligibility eligibility = nuq::eligibility_of(graph, node);
      quantizable += eligibility.quantizable ? 1 : 0;
      eligible += eligibility.nuq ? 1 : 0;
    }
    std::printf("%-56s %6zu %10zu %6zu\n", std::filesystem::path(file).filename().c_str(), graph.nodes.size(),
                quantizable, eligible);
    CHECK(eligible > 0);
  }
}

TEST_CASE("files found in the wild that are no model are refused with the reason") {
  const std::string lenet_model = lenet.model_file();
  const auto refusal = [](const std::string& model, const std::string& weights) {
    return error_of<nuq::Error>([&] { static_cast<void>(nuq::load_graph(model, weights)); });
  };
  CHECK(refusal(lenet_model, ZooNetwork::path("models/_negative/cifar10_fast_iter_70000.caffemodel.h5")).says("HDF5"));
  CHECK(refusal(lenet_model, ZooNetwork::path("models/_negative/git_lfs_pointer_mnist.caffemodel")).says("git-lfs"));
  const CaughtError mismatch =
      refusal(ZooNetwork::path("models/_negative/upconv7_HEAD_16ch_mismatched_vs_32ch_model.prototxt"),
              ZooNetwork::path("models/waifu2x_upconv7_deconv/scale2.0x_model.json.caffemodel"));
  CHECK(mismatch.code == nuq::ErrorCode::size_mismatch);
  CHECK(mismatch.says("layer 'conv1_layer'"));
}

}  // namespace zoo_models_test
