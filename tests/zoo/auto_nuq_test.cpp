#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <string>

#include "../unit/temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "zoo.hpp"

namespace zoo_auto_nuq_test {

struct ZooTop1 : nuq::AutoNuqEvaluatorBase<ZooTop1> {
  static constexpr int evaluate_batch_num = 8;  // 400 images

  nuq::Dataset test;
  nuq::Dataset calibration;

  explicit ZooTop1(const ZooNetwork& network)
      : test(network.load("_test")), calibration(network.load("_calibration")) {}
  double eval_model(const std::string& model_file, const std::string& weights_file, int batch_num) const {
    nuq::Net net(model_file, weights_file, 0);
    return nuq::evaluate(net, test, batch_num);
  }
  bool is_satisfied(double original_metric, double new_metric) const {
    return original_metric - new_metric <= 0.01 + 1e-9;
  }
  nuq::InputBatch calibration_batch(int index) const { return calibration.batch(index); }
};

std::set<char> distinct_bytes(const std::string& bytes) {
  return {bytes.begin(), bytes.end()};
}

/// Fake-quant weights are level × scale, the levels those of the deploy model and no more than the layer's codebook
/// has.
void check_written_weights(const std::string& prefix, const nuq::NetworkQuantization& quantization, bool weights_only) {
  const nuq::Graph fake_quant =
      nuq::load_graph(prefix + "_fake_quant_model.prototxt", prefix + "_fake_quant_weights.caffemodel");
  for (const auto& entry : quantization) {
    const auto& name = entry.first;
    const auto& layer = entry.second;
    CAPTURE(name);
    const nuq::Node* const node = fake_quant.find(name);
    REQUIRE(node != nullptr);
    const std::vector<float>& values = node->blobs.front().values;
    REQUIRE(values.size() == layer.weights.levels.size());
    bool equal = true;
    for (std::size_t index = 0; index < values.size(); ++index) {
      const float scale = layer.weights.scale(index / layer.weights.cols);
      equal = equal && values[index] == static_cast<float>(layer.weights.levels[index]) * scale;
    }
    CHECK(equal);
  }
  if (weights_only) return;
  const nuq::Model deploy = nuq::read_model(prefix + "_deploy_model.prototxt", prefix + "_deploy_weights.caffemodel");
  std::size_t compared = 0;
  for (const auto& weights : deploy.weights.layer()) {
    const auto layer = quantization.find(weights.name());
    if (layer == quantization.end()) continue;
    CAPTURE(weights.name());
    const std::string& levels = weights.blobs(0).int8_data();
    CHECK(levels == std::string(layer->second.weights.levels.begin(), layer->second.weights.levels.end()));
    if (layer->second.codebook) CHECK(distinct_bytes(levels).size() <= layer->second.codebook->size());
    ++compared;
  }
  CHECK(compared == quantization.size());
}

void check_auto_nuq(const ZooNetwork& network, bool weights_only) {
  CAPTURE(network.folder);
  CAPTURE(weights_only);
  const TemporaryFolder folder;
  const std::string config = folder / "config.json";
  const std::string prefix = folder / "out/net";
  nuq::create_quant_config(config, network.model_file(), network.weights_file());
  const ZooTop1 evaluator(network);
  nuq::AutoNuqOptions options;
  options.weights_only = weights_only;
  options.threads = 0;
  const nuq::AutoNuqResult result = nuq::auto_nuq(network.model_file(), network.weights_file(), evaluator, config,
                                                  prefix + "_record.txt", prefix, options);

  REQUIRE(result.satisfied);
  CHECK(result.report.evaluations <= options.max_evaluations);
  CHECK(*result.report.original_metric - *result.report.metric <= 0.01 + 1e-9);
  CHECK(result.report.ratio_int8 > 1.0);
  CHECK(evaluator.eval_model(prefix + "_fake_quant_model.prototxt", prefix + "_fake_quant_weights.caffemodel",
                             ZooTop1::evaluate_batch_num) == *result.report.metric);
  CHECK(std::filesystem::exists(prefix + "_deploy_model.prototxt") == !weights_only);
  CHECK_FALSE(folder.has_name_with("trial"));
  check_written_weights(prefix, result.quantization, weights_only);
  if (weights_only) return;
  const double deployed = evaluator.eval_model(prefix + "_deploy_model.prototxt", prefix + "_deploy_weights.caffemodel",
                                               ZooTop1::evaluate_batch_num);
  CHECK(std::abs(deployed - *result.report.metric) <= 1.0 / 400 + 1e-9);  // an image
}

TEST_CASE("auto_nuq ends with a satisfied configuration on LeNet") {
  check_auto_nuq(lenet, true);
  check_auto_nuq(lenet, false);
}

TEST_CASE("auto_nuq ends with a satisfied configuration on ResNet-20") {
  check_auto_nuq(resnet20, true);
  check_auto_nuq(resnet20, false);
}

}  // namespace zoo_auto_nuq_test
