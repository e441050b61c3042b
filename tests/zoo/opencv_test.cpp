// The models of the zoo in OpenCV: what it computes with quantized weights, and its shapes of all layers, against ours.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../unit/random_values.hpp"
#include "../unit/temporary_folder.hpp"
#include "nuq/adapters/opencv.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "published_models.hpp"
#include "random_weights.hpp"
#include "reference.hpp"
#include "zoo.hpp"

namespace zoo_opencv_test {

using Inputs = std::map<std::string, nuq::Tensor>;

/// Those of the first reference case; random ones of the declared shapes where there is none.
Inputs inputs_of(const nuq::Graph& graph, const std::string& reference_folder) {
  Inputs inputs;
  const auto cases = reference_cases(reference_folder);
  if (!cases.empty()) {
    for (const auto& [blob, file] : cases.begin()->second.inputs) inputs[blob] = nuq::to_tensor(nuq::read_npy(file));
    return inputs;
  }
  for (const std::size_t input : graph.inputs) {
    const nuq::Value& value = graph.values[input];
    if (!value.shape.empty()) inputs[value.blob] = {value.shape, random_values(nuq::element_count(value.shape), 1)};
  }
  return inputs;
}

struct Agreement {
  std::size_t layers = 0;  ///< compared
  std::size_t other_shapes = 0;
  double worst = 0.0;  ///< largest difference over the layer's largest magnitude
};

/// Every layer of a network in both engines. Throws ModelError where OpenCV cannot compute it.
Agreement agreement_of(const nuq::Graph& graph, const Inputs& inputs) {
  nuq::OpenCvEngine opencv;
  opencv.load(graph);
  nuq::EigenEngine eigen(0);
  eigen.load(graph);
  for (const auto& [blob, tensor] : inputs) {
    opencv.set_input(blob, tensor.view());
    eigen.set_input(blob, tensor.view());
  }
  std::map<std::string, nuq::Tensor> wanted;
  eigen.forward([&wanted](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>,
                          nuq::ArrayView<const nuq::TensorView> outputs) {
    if (!node.inputs.empty() && !outputs.empty())
      wanted[node.name] = {outputs[0].shape, {outputs[0].values.begin(), outputs[0].values.end()}};
  });
  Agreement agreement;
  opencv.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        const auto found = wanted.find(node.name);
        if (found == wanted.end()) return;
        ++agreement.layers;
        if (outputs[0].shape != found->second.shape) ++agreement.other_shapes;
        agreement.worst = (std::max)(agreement.worst, relative_difference(outputs[0].values, found->second.values));
      });
  CHECK(agreement.layers == wanted.size());
  return agreement;
}

/// The weights-only result of static NUQ, read back.
nuq::Graph quantized(const PublishedModel& model, const TemporaryFolder& folder) {
  nuq::create_quant_config(folder / "config.json", model.model, model.weights);
  nuq::static_nuq(model.model, model.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                  folder / "net");
  return nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
}

/// How many layers have the shapes that cv::dnn::Net::getLayersShapes gives them; others fail a check. Throws
/// ModelError where OpenCV cannot tell.
std::size_t equal_shapes(nuq::Graph graph) {
  nuq::infer_shapes(graph);
  const std::string& file = graph.model_file();
  const nuq::detail::OpenCvModel model = nuq::detail::opencv_model(graph);
  const cv::dnn::Net net = nuq::detail::opencv_net(model, file);
  std::vector<cv::dnn::MatShape> input_shapes;
  for (const std::string& name : model.inputs) {
    for (const std::size_t input : graph.inputs) {
      const nuq::Value& value = graph.values[input];
      if (value.blob == name) input_shapes.emplace_back(value.shape.begin(), value.shape.end());
    }
  }
  std::vector<int> ids;
  std::vector<std::vector<cv::dnn::MatShape>> read;
  std::vector<std::vector<cv::dnn::MatShape>> written;
  nuq::detail::with_opencv_errors(file, [&] { net.getLayersShapes(input_shapes, ids, read, written); });
  std::size_t equal = 0;
  for (const std::string& name : model.layers) {
    CAPTURE(name);
    const nuq::Node* const node = graph.find(name);
    REQUIRE(node != nullptr);
    const auto id = std::find(ids.begin(), ids.end(), net.getLayerId(nuq::detail::opencv_layer_name(name)));
    REQUIRE(id != ids.end());
    const auto& shapes = written[static_cast<std::size_t>(id - ids.begin())];
    bool same = shapes.size() >= node->outputs.size();
    for (std::size_t index = 0; index < node->outputs.size() && same; ++index) {
      same = nuq::Shape(shapes[index].begin(), shapes[index].end()) == graph.values[node->outputs[index]].shape;
    }
    CHECK(same);
    equal += same ? 1 : 0;
  }
  return equal;
}

/// A message behind the file's name.
std::string reason_of(const nuq::Error& error, const std::string& file) {
  const std::string message = error.message();
  return message.rfind(file + ": ", 0) == 0 ? message.substr(file.size() + 2) : message;
}

TEST_CASE("OpenCV computes with the written quantized models what the library's engine computes") {
  std::size_t compared = 0;
  std::size_t refused = 0;
  std::printf("%-64s %6s %-9s %s\n", "model in OpenCV", "shapes", "layers", "worst difference");
  for (const PublishedModel& model : published_models()) {
    CAPTURE(model.name);
    const nuq::Graph graph = nuq::load_graph(model.model, model.weights);
    std::printf("%-64s ", model.name.c_str());
    if (const std::optional<std::string> reason = why_not_inference(graph)) {
      std::printf("%s\n", reason->c_str());
      continue;
    }
    const TemporaryFolder folder;
    try {
      std::printf("%6zu ", equal_shapes(graph));
      const Agreement agreement = agreement_of(quantized(model, folder), inputs_of(graph, model.reference));
      CHECK(agreement.other_shapes == 0);
      CHECK(agreement.worst <= 1e-4);
      std::printf("%-9zu %.1e\n", agreement.layers, agreement.worst);
      ++compared;
    } catch (const nuq::ModelError& error) {
      std::printf("%s\n", reason_of(error, model.model).c_str());
      ++refused;
    }
  }
  CHECK(compared >= 10 * refused);
  CHECK(compared > 0);
}

TEST_CASE("OpenCV infers the same shapes for the published prototxts") {
  std::size_t compared = 0;
  std::size_t refused = 0;
  std::printf("%-56s %s\n", "prototxt with random weights", "layers of the same shapes in OpenCV");
  for (const std::string& file : published_prototxts()) {
    CAPTURE(file);
    std::printf("%-56s ", std::filesystem::path(file).filename().c_str());
    const std::optional<std::string> reason = why_not_inference(nuq::load_graph(file, ""));
    if (reason) {
      std::printf("%s\n", reason->c_str());
      continue;
    }
    const TemporaryFolder folder;
    try {
      write_random_weights(file, folder / "random.caffemodel");
      std::printf("%zu\n", equal_shapes(nuq::load_graph(file, folder / "random.caffemodel")));
      ++compared;
    } catch (const nuq::ModelError& error) {
      std::printf("%s\n", reason_of(error, file).c_str());
      ++refused;
    }
  }
  CHECK(compared > refused);
}

}  // namespace zoo_opencv_test
