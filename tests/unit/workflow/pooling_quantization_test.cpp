#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/convert_model.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "written_network.hpp"

namespace workflow_pooling_quantization_test {

/// 'pool' and 'side' read one blob.
const std::string network_text = R"(name: "averages"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "side" type: "Convolution" bottom: "conv" top: "side" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu" type: "ReLU" bottom: "pool" top: "pool" }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 5 } }
)";

struct PoolingRun {
  TemporaryFolder folder;
  WrittenNetwork network{
      folder, network_text, {{"conv", {{4, 3, 3, 3}, {4}}}, {"side", {{2, 4, 1, 1}, {2}}}, {"fc", {{5, 100}, {5}}}}};
  std::string config = folder / "config.json";

  PoolingRun() {
    nuq::QuantConfigRequest request;
    request.config_defination = folder.write("quant.cfg",
                                             "common_config { nuq_quantize {} } override_layer_configs { layer_name: "
                                             "'pool' calibration_config { arq_quantize {} } }");
    nuq::create_quant_config(config, network.model, network.weights, request);
  }

  [[nodiscard]] static nuq::InputBatch batch(int index) {
    return {{"data", nuq::Tensor({2, 3, 8, 8}, random_values(384, 60 + static_cast<std::uint32_t>(index)))}};
  }
  nuq::RunReport quantized() const {
    return nuq::static_nuq(network.model, network.weights, batch, config, folder / "record.txt", folder / "net");
  }
  [[nodiscard]] nuq::Graph written(const std::string& kind, const std::string& prefix = "net") const {
    return nuq::load_graph(folder / (prefix + "_" + kind + "_model.prototxt"),
                           folder / (prefix + "_" + kind + "_weights.caffemodel"));
  }
};

/// What every layer reads and writes.
struct Trace {
  std::map<std::string, std::vector<float>> inputs;
  std::map<std::string, std::vector<float>> outputs;
};

Trace traced(const nuq::Graph& graph) {
  nuq::Net net(graph);
  const nuq::InputBatch batch = PoolingRun::batch(9);
  net.set_input("data", batch.at("data").view());
  Trace trace;
  net.forward([&trace](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView> inputs,
                       nuq::ArrayView<const nuq::TensorView> outputs) {
    if (inputs.empty()) return;
    trace.inputs[node.name].assign(inputs[0].values.begin(), inputs[0].values.end());
    trace.outputs[node.name].assign(outputs[0].values.begin(), outputs[0].values.end());
  });
  return trace;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0.0;
  for (std::size_t at = 0; at < a.size(); ++at)
    largest = (std::max)(largest, static_cast<double>(std::fabs(a[at] - b[at])));
  return largest;
}

TEST_CASE("a quantized Pooling has Quant before and DeQuant behind it, and a record without weights") {
  const PoolingRun run;
  CHECK(run.quantized().warnings.empty());
  const nuq::Graph fake_quant = run.written("fake_quant");
  const nuq::Node& quant = *fake_quant.find("pool_0_quant_layer");
  const nuq::Node& dequant = *fake_quant.find("pool_dequant_layer");
  CHECK(fake_quant.find("pool")->inputs == quant.outputs);
  CHECK(fake_quant.find("side")->inputs == quant.outputs);  // one grid for two readers
  REQUIRE(dequant.blobs[0].values.size() == 1);
  CHECK(std::fabs(dequant.blobs[0].values[0] * quant.operation.get<nuq::ops::Quant>().reciprocal_scale - 1.0F) < 1e-6F);
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(run.folder / "record.txt");
  REQUIRE(record.record_size() == 4);
  CHECK(record.record(1).key() == "pool");
  CHECK(record.record(1).value().scale_w_size() == 0);
  CHECK(record.record(1).value().scale_d() == dequant.blobs[0].values[0]);
  CHECK(record.record(1).value().channels() == 4);
}

TEST_CASE("the deploy model averages levels and agrees with the fake-quant model") {
  const PoolingRun run;
  run.quantized();
  const nuq::Graph deploy = run.written("deploy");
  REQUIRE(deploy.find("pool")->integer.has_value());
  CHECK(deploy.find("pool")->integer->weights.empty());
  const Trace in_float = traced(run.written("fake_quant"));
  const Trace in_integers = traced(deploy);
  const float scale = deploy.find("pool_dequant_layer")->blobs[0].values[0];
  for (const float level : in_integers.inputs.at("pool")) {
    CHECK(level == std::round(level));
    CHECK(std::fabs(level + 0.5F) <= 127.5F);
  }
  // What both read may differ by a level where rounding of the layer before differs.
  std::size_t same = 0;
  const auto& levels = in_integers.inputs.at("pool");
  const auto& values = in_float.inputs.at("pool");
  const int offset = deploy.find("pool")->integer->input_offset;
  for (std::size_t at = 0; at < levels.size(); ++at) {
    const double difference = static_cast<double>((levels[at] - static_cast<float>(offset)) * scale - values[at]);
    CHECK(std::fabs(difference) <= 1.01 * static_cast<double>(scale));
    same += std::fabs(difference) < 1e-3 * static_cast<double>(scale) ? 1 : 0;
  }
  CHECK(same * 10 > levels.size() * 9);
  CHECK(largest_difference(in_integers.outputs.at("pool_dequant_layer"), in_float.outputs.at("pool_dequant_layer")) <=
        1.01 * static_cast<double>(scale));
  CHECK(largest_difference(in_integers.outputs.at("fc_dequant_layer"), in_float.outputs.at("fc_dequant_layer")) < 0.2);
}

TEST_CASE("the fake-quant model pools its fake-quantized input") {
  const PoolingRun run;
  run.quantized();
  const Trace quantized = traced(run.written("fake_quant"));
  const Trace original = traced(nuq::load_graph(run.network.model, run.network.weights));
  CHECK(quantized.inputs.at("pool") == quantized.outputs.at("pool_0_quant_layer"));
  CHECK(quantized.outputs.at("pool_dequant_layer") == quantized.outputs.at("pool"));
  CHECK(quantized.outputs.at("pool") != original.outputs.at("pool"));
  CHECK(largest_difference(quantized.outputs.at("pool"), original.outputs.at("pool")) < 0.3);
}

TEST_CASE("a record with a Pooling layer converts the float model") {
  const PoolingRun run;
  run.quantized();
  nuq::convert_model(run.network.model, run.network.weights, run.folder / "record.txt", run.folder / "again");
  CHECK(run.folder.read("again_deploy_model.prototxt") == run.folder.read("net_deploy_model.prototxt"));
  CHECK(run.written("deploy", "again").find("pool")->integer.has_value());
}

TEST_CASE("without calibration data a Pooling layer stays as it is") {
  const PoolingRun run;
  nuq::static_nuq(run.network.model, run.network.weights, nuq::WeightsOnly{}, run.config, run.folder / "record.txt",
                  run.folder / "net");
  CHECK(run.written("fake_quant").find("pool_dequant_layer") == nullptr);
}

struct AlwaysSatisfied : nuq::AutoNuqEvaluatorBase<AlwaysSatisfied> {
  double eval_net(nuq::Net&, int) const { return 1.0; }
  bool is_satisfied(double, double) const { return true; }
  nuq::InputBatch calibration_batch(int index) const { return PoolingRun::batch(index); }
};

TEST_CASE("the search quantizes a Pooling layer in every configuration and cannot pin it") {
  const PoolingRun run;
  nuq::AutoNuqOptions options;
  const auto searched = [&] {
    return nuq::auto_nuq(run.network.model, run.network.weights, AlwaysSatisfied{}, run.config,
                         run.folder / "record.txt", run.folder / "net", options);
  };
  const nuq::AutoNuqResult result = searched();
  CHECK(result.quantization.at("pool").activation.has_value());
  CHECK(run.written("deploy").find("pool_dequant_layer") != nullptr);
  options.pins["pool"] = 16;
  CHECK_THROWS_AS(static_cast<void>(searched()), nuq::ConfigError);
}

}  // namespace workflow_pooling_quantization_test
