#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "../../deploy_agreement.hpp"
#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/convert_model.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "written_network.hpp"

namespace workflow_nuq_scope_test {

/// A convolution of each kind that the extended scope adds, and an InnerProduct.
const std::string all_kinds = R"(name: "kinds"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 dim: 8 dim: 8 } } }
layer { name: "grouped" type: "Convolution" bottom: "data" top: "grouped" convolution_param { num_output: 8 kernel_size: 3 pad: 1 group: 2 } }
layer { name: "relu" type: "ReLU" bottom: "grouped" top: "grouped" }
layer { name: "dilated" type: "Convolution" bottom: "grouped" top: "dilated" convolution_param { num_output: 6 kernel_size: 3 pad: 2 dilation: 2 } }
layer { name: "depthwise" type: "ConvolutionDepthwise" bottom: "dilated" top: "depthwise" convolution_param { num_output: 6 kernel_size: 3 pad: 1 } }
layer { name: "deconv" type: "Deconvolution" bottom: "depthwise" top: "deconv" convolution_param { num_output: 5 kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "deconv" top: "fc" inner_product_param { num_output: 10 } }
)";

WrittenNetwork written(const TemporaryFolder& folder) {
  return {folder,
          all_kinds,
          {{"grouped", {{8, 2, 3, 3}, {8}}},
           {"dilated", {{6, 8, 3, 3}, {6}}},
           {"depthwise", {{6, 1, 3, 3}, {6}}},
           {"deconv", {{6, 5, 2, 2}, {5}}},
           {"fc", {{10, 1280}, {10}}}}};
}

nuq::InputBatch batch(int index) {
  return {{"data", nuq::Tensor({2, 4, 8, 8}, random_values(512, 90 + static_cast<std::uint32_t>(index)))}};
}

nuq::QuantConfig configured(const TemporaryFolder& folder, const WrittenNetwork& network, nuq::NuqScope scope) {
  nuq::QuantConfigRequest request;
  request.nuq_scope = scope;
  return nuq::create_quant_config(folder / "config.json", network.model, network.weights, request);
}

nuq::RunReport quantized(const TemporaryFolder& folder, const WrittenNetwork& network) {
  return nuq::static_nuq(network.model, network.weights, batch, folder / "config.json", folder / "record.txt",
                         folder / "net");
}

nuq::Graph written_graph(const TemporaryFolder& folder, const std::string& kind) {
  return nuq::load_graph(folder / ("net_" + kind + "_model.prototxt"),
                         folder / ("net_" + kind + "_weights.caffemodel"));
}

TEST_CASE("the standard scope leaves all but plain layers without NUQ, depthwise ones in float") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  CHECK(configured(folder, network, nuq::NuqScope::standard).layers.size() == 4);
  CHECK(folder.read("config.json").find("nuq_scope") == std::string::npos);
  const nuq::RunReport report = quantized(folder, network);
  for (const nuq::LayerReport& layer : report.layers) CHECK(layer.taken == (layer.name == "fc"));
  CHECK(written_graph(folder, "fake_quant").find("depthwise_dequant_layer") == nullptr);
}

TEST_CASE("in the extended scope every kind of convolution keeps the levels asked for, scaled by output channel") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  CHECK(configured(folder, network, nuq::NuqScope::extended).notes.empty());
  const nuq::RunReport report = quantized(folder, network);
  CHECK(report.warnings.empty());
  REQUIRE(report.layers.size() == 5);
  for (const nuq::LayerReport& layer : report.layers) {
    CAPTURE(layer.name);
    CHECK(layer.taken);
    CHECK(layer.levels.value() <= 32);
  }
  const nuq::Graph fake_quant = written_graph(folder, "fake_quant");
  const nuq::Graph original = nuq::load_graph(network.model, network.weights);
  const std::map<std::string, std::size_t> channels = {{"grouped", 8}, {"dilated", 6}, {"depthwise", 6}, {"deconv", 5}};
  for (const auto& layer : channels) {
    const std::string& name = layer.first;
    const std::size_t count = layer.second;
    CAPTURE(name);
    const nuq::WeightMatrix weights(*fake_quant.find(name));
    const nuq::WeightMatrix wanted(*original.find(name));
    const std::vector<float>& scales = fake_quant.find(name + "_dequant_layer")->blobs[0].values;
    REQUIRE(scales.size() == count);
    REQUIRE(weights.view().rows() == count);
    const nuq::LayerRef quant(*fake_quant.find(name + "_0_quant_layer"));
    const nuq::ActivationScale grid = nuq::quant_scale(quant.operation<nuq::ops::Quant>(), quant);
    std::set<long> levels;
    for (std::size_t row = 0; row < count; ++row) {
      const double scale = static_cast<double>(scales[row] / grid.scale);
      for (std::size_t col = 0; col < weights.view().cols(); ++col) {
        const double level = static_cast<double>(weights.view()(row, col)) / scale;
        CHECK(std::fabs(level - std::round(level)) < 1e-3);
        CHECK(std::fabs(weights.view()(row, col) - wanted.view()(row, col)) < 0.5F);
        levels.insert(std::lround(level));
      }
    }
    CHECK(levels.size() <= 32);
  }
}

TEST_CASE("deploy models of the extended scope compute with integers what their fake-quant models compute") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  configured(folder, network, nuq::NuqScope::extended);
  quantized(folder, network);
  const DeployAgreement agreement =
      deploy_agreement(written_graph(folder, "fake_quant"), written_graph(folder, "deploy"), batch(5));
  CHECK(agreement.layers == 5);
  INFO(agreement.worst_layer);
  CHECK(agreement.worst <= 1.0);
}

TEST_CASE("the record of a run in the extended scope converts the float model, each weight to its nearest level") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  configured(folder, network, nuq::NuqScope::extended);
  quantized(folder, network);
  nuq::convert_model(network.model, network.weights, folder / "record.txt", folder / "again");
  for (const char* const suffix : {"_fake_quant_model.prototxt", "_deploy_model.prototxt", "_nuq_layer_record.txt"}) {
    CHECK(folder.read(std::string("again") + suffix) == folder.read(std::string("net") + suffix));
  }
  CHECK(folder.read("net_nuq_layer_record.txt") == "grouped;dilated;depthwise;deconv;fc");
  const nuq::Graph original = nuq::load_graph(network.model, network.weights);
  const nuq::Graph once = written_graph(folder, "fake_quant");
  const nuq::Graph again =
      nuq::load_graph(folder / "again_fake_quant_model.prototxt", folder / "again_fake_quant_weights.caffemodel");
  for (const char* const layer : {"grouped", "dilated", "depthwise", "deconv", "fc"}) {
    const auto error = [&](const nuq::Graph& graph) {
      double sum = 0.0;
      const std::vector<float>& weights = original.find(layer)->blobs[0].values;
      for (std::size_t at = 0; at < weights.size(); ++at) {
        sum += std::pow(static_cast<double>(graph.find(layer)->blobs[0].values[at] - weights[at]), 2);
      }
      return sum;
    };
    CAPTURE(layer);
    CHECK(error(again) <= error(once) * (1.0 + 1e-6));
  }
}

struct AlwaysSatisfied : nuq::AutoNuqEvaluatorBase<AlwaysSatisfied> {
  double eval_net(nuq::Net&, int) const { return 1.0; }
  bool is_satisfied(double, double) const { return true; }
};

TEST_CASE("the search takes the layers that the scope of the configuration adds") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  configured(folder, network, nuq::NuqScope::extended);
  const nuq::AutoNuqResult result = nuq::auto_nuq(network.model, network.weights, AlwaysSatisfied{},
                                                  folder / "config.json", folder / "record.txt", folder / "net");
  REQUIRE(result.report.layers.size() == 5);
  CHECK(result.quantization.count("depthwise") == 1);
  CHECK(result.quantization.at("deconv").codebook.has_value());
}

}  // namespace workflow_nuq_scope_test
