#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/collect_statistics.hpp"
#include "nuq/workflow/convert_model.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "written_network.hpp"

namespace workflow_shared_weights_test {

const std::vector<std::string> layers = {"conv", "conv_p", "fc", "fc_p"};

/// A siamese network: two branches of a convolution and an inner product, and the difference of their outputs. With
/// `shared` the branches have their parameters in common.
std::string siamese(bool shared) {
  const auto parameters = [shared](const std::string& layer) {
    return shared ? "param { name: '" + layer + "_w' } param { name: '" + layer + "_b' } " : std::string();
  };
  std::string text =
      "input: 'a' input_shape { dim: 2 dim: 3 dim: 6 dim: 6 } input: 'b' input_shape { dim: 2 dim: 3 dim: 6 dim: 6 }\n";
  for (const std::string branch : {"", "_p"}) {
    const std::string input = branch.empty() ? "a" : "b";
    text += "layer { name: 'conv" + branch + "' type: 'Convolution' bottom: '" + input + "' top: 'c" + branch + "' " +
            parameters("conv") + "convolution_param { num_output: 8 kernel_size: 3 } }\n" + "layer { name: 'relu" +
            branch + "' type: 'ReLU' bottom: 'c" + branch + "' top: 'c" + branch + "' }\n" + "layer { name: 'fc" +
            branch + "' type: 'InnerProduct' bottom: 'c" + branch + "' top: 'f" + branch + "' " + parameters("fc") +
            "inner_product_param { num_output: 5 } }\n";
  }
  return text +
         "layer { name: 'difference' type: 'Eltwise' bottom: 'f' bottom: 'f_p' top: 'out' eltwise_param { "
         "operation: SUM coeff: 1 coeff: -1 } }\n";
}

const WrittenNetwork::BlobShapes both_branches = {
    {"conv", {{8, 3, 3, 3}, {8}}}, {"fc", {{5, 128}, {5}}}, {"conv_p", {{8, 3, 3, 3}, {8}}}, {"fc_p", {{5, 128}, {5}}}};

/// The network as a snapshot has it: its caffemodel holds the parameters once for each branch.
WrittenNetwork siamese_in(const TemporaryFolder& folder) {
  WrittenNetwork network(folder, siamese(true), both_branches);
  nuq::Model content = nuq::read_model(network.model, network.weights);
  for (const int layer : {0, 1})
    *content.weights.mutable_layer(layer + 2)->mutable_blobs() = content.weights.layer(layer).blobs();
  nuq::FileSet files;
  nuq::write_model(content, files, network.model, network.weights);
  files.commit();
  return network;
}

/// The second branch sees inputs of another kind: larger, of one sign, smooth.
nuq::InputBatch batch(int index) {
  nuq::Tensor a(nuq::Shape{2, 3, 6, 6});
  nuq::Tensor b = a;
  for (std::size_t at = 0; at < a.values.size(); ++at) {
    a.values[at] = std::sin(static_cast<float>(at * 7 % 113) + static_cast<float>(index));
    b.values[at] = 3.0F + 2.0F * std::cos(0.05F * static_cast<float>(at) + static_cast<float>(index));
  }
  return {{"a", a}, {"b", b}};
}

std::vector<float> output_of(nuq::Net& net) {
  for (const auto& [blob, tensor] : batch(7)) net.set_input(blob, tensor.view());
  net.forward();
  const nuq::TensorView output = net.output("out");
  return {output.values.begin(), output.values.end()};
}

/// What Caffe computes, which keeps one blob: the network without the other copies of the weights.
std::vector<float> output_with_one_copy(const std::string& model, const std::string& weights, bool first) {
  nuq::Model content = nuq::read_model(model, weights);
  nuq::schema::NetWeights kept;
  for (const nuq::schema::LayerWeights& layer : content.weights.layer()) {
    const bool is_first = layer.name() == "conv" || layer.name() == "fc";
    const bool is_second = layer.name() == "conv_p" || layer.name() == "fc_p";
    if (first ? !is_second : !is_first) *kept.add_layer() = layer;
  }
  content.weights = kept;
  nuq::Net net(nuq::build_graph(std::make_shared<const nuq::Model>(content)));
  return output_of(net);
}

void check_one_quantization(const nuq::NetworkQuantization& quantization) {
  for (const std::string layer : {"conv", "fc"}) {
    const nuq::LayerQuantization& first = quantization.at(layer);
    const nuq::LayerQuantization& second = quantization.at(layer + "_p");
    CHECK(first.weights.levels == second.weights.levels);
    CHECK(first.weights.scales == second.weights.scales);
    CHECK(first.codebook == second.codebook);
    CHECK(second.bias_correction.empty());
  }
}

void check_counted_once(const nuq::RunReport& report) {
  REQUIRE(report.layers.size() == 4);
  std::uint64_t bytes = 0;
  for (const nuq::LayerReport& layer : report.layers) {
    const bool is_first = layer.name == "conv" || layer.name == "fc";
    CHECK(layer.taken);
    CHECK((layer.bytes > 0) == is_first);
    CHECK((layer.weights > 0) == is_first);
    CHECK(layer.reason.empty() == is_first);
    if (is_first) bytes += layer.bytes;
  }
  CHECK(report.bytes == bytes);
  CHECK(report.ratio_int8 == doctest::Approx((216.0 + 640.0) / static_cast<double>(bytes)));
}

TEST_CASE("shared weights are quantized once, and Caffe with its one blob computes what is computed here") {
  const TemporaryFolder folder;
  const WrittenNetwork network = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  for (const bool calibrates : {false, true}) {
    for (const bool sequential : {false, true}) {
      if (sequential && !calibrates) continue;
      nuq::StaticNuqOptions options;
      options.sequential = sequential;
      const std::string prefix = folder / ("net" + std::to_string(calibrates) + std::to_string(sequential));
      const nuq::RunReport report =
          calibrates ? nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                       prefix + "_record.txt", prefix, options)
                     : nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json",
                                       prefix + "_record.txt", prefix, options);
      check_counted_once(report);
      for (const std::string kind : {"_fake_quant", "_deploy"}) {
        if (kind == "_deploy" && !calibrates) continue;
        const std::string model = prefix + kind + "_model.prototxt";
        const std::string weights = prefix + kind + "_weights.caffemodel";
        nuq::Net net(model, weights);
        const std::vector<float> output = output_of(net);
        CHECK(output == output_with_one_copy(model, weights, true));
        CHECK(output == output_with_one_copy(model, weights, false));
      }
    }
  }
}

/// What the factor is of: R Rᵀ with its columns in their places, without the damping.
nuq::Matrix moments_of(const nuq::LayerStatistics& statistics) {
  const nuq::SecondMomentFactor& factor = *statistics.factor;
  const std::ptrdiff_t size = factor.upper.cols();
  nuq::Matrix moments(size, size);
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    for (std::ptrdiff_t j = 0; j < size; ++j) {
      double sum = i == j ? -factor.damping : 0.0;
      for (std::ptrdiff_t k = 0; k < size; ++k)
        sum += static_cast<double>(factor.upper(i, k)) * static_cast<double>(factor.upper(j, k));
      moments(static_cast<std::ptrdiff_t>(factor.order[static_cast<std::size_t>(i)]),
              static_cast<std::ptrdiff_t>(factor.order[static_cast<std::size_t>(j)])) = sum;
    }
  }
  return moments;
}

TEST_CASE("what is known of shared weights is the sum over their uses") {
  const TemporaryFolder folder;
  const WrittenNetwork shared = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", shared.model, shared.weights, {}, 2);
  const nuq::QuantizationSession session =
      nuq::init(folder / "config.json", shared.model, shared.weights, folder / "record.txt");
  const nuq::NetworkStatistics together = nuq::collect_statistics(session, batch, 2);

  // the same weights under the names of a network that shares nothing
  nuq::Model copied = nuq::read_model(shared.model, shared.weights);
  copied.text = siamese(false);
  nuq::FileSet files;
  nuq::write_model(copied, files, folder / "apart.prototxt", folder / "apart.caffemodel");
  files.commit();
  nuq::QuantizationSession alone =
      nuq::init(folder / "config.json", folder / "apart.prototxt", folder / "apart.caffemodel", folder / "record.txt");
  nuq::set_bias_correction(alone.settings.plan, nuq::BiasCorrection::off);
  const nuq::NetworkStatistics apart = nuq::collect_statistics(alone, batch, 2);

  CHECK(apart.size() == 4);
  CHECK(together.size() == 2);
  for (const std::string layer : {"conv", "fc"}) {
    const nuq::Matrix& sum = together.at(layer).second_moments;
    const nuq::Matrix first = moments_of(apart.at(layer));
    const nuq::Matrix second = moments_of(apart.at(layer + "_p"));
    REQUIRE(sum.size() == first.size());
    for (std::ptrdiff_t at = 0; at < sum.size(); ++at)
      CHECK(sum.data()[at] == doctest::Approx(first.data()[at] + second.data()[at]).epsilon(1e-4));
    CHECK(together.at(layer).sensitivity == 2.0);
  }
}

TEST_CASE("a search gives shared weights one choice and counts them once") {
  struct Evaluator : nuq::AutoNuqEvaluatorBase<Evaluator> {
    std::vector<float> original;
    double eval_net(nuq::Net& net, int) {
      const std::vector<float> output = output_of(net);
      if (original.empty()) original = output;
      double error = 0.0;
      double size = 0.0;
      for (std::size_t at = 0; at < output.size(); ++at) {
        error += static_cast<double>(std::fabs(output[at] - original[at]));
        size += static_cast<double>(std::fabs(original[at]));
      }
      return -error / size;
    }
    bool is_satisfied(double first, double result) const { return first - result < 0.2; }
    nuq::InputBatch calibration_batch(int index) const { return batch(index); }
  };
  const TemporaryFolder folder;
  const WrittenNetwork network = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  for (const bool weights_only : {true, false}) {
    nuq::AutoNuqOptions options;
    options.weights_only = weights_only;
    options.pins["fc_p"] = 16;
    Evaluator evaluator;
    const std::string prefix = folder / ("auto" + std::to_string(weights_only));
    const nuq::AutoNuqResult result = nuq::auto_nuq(network.model, network.weights, evaluator, folder / "config.json",
                                                    prefix + "_record.txt", prefix, options);
    REQUIRE(result.satisfied);
    check_one_quantization(result.quantization);
    CHECK(result.quantization.at("fc").codebook->size() <= 16);
    REQUIRE(result.report.layers.size() == 4);
    CHECK(result.report.bytes == result.report.layers[0].bytes + result.report.layers[1].bytes);
    const std::string model = prefix + "_fake_quant_model.prototxt";
    const std::string weights = prefix + "_fake_quant_weights.caffemodel";
    nuq::Net net(model, weights);
    CHECK(output_of(net) == output_with_one_copy(model, weights, true));
    CHECK(output_of(net) == output_with_one_copy(model, weights, false));
  }
}

TEST_CASE("layers that share weights go back to float together") {
  struct Evaluator : nuq::AutoNuqEvaluatorBase<Evaluator> {
    int evaluations = 0;
    double eval_net(nuq::Net&, int) { return -static_cast<double>(++evaluations); }
    bool is_satisfied(double, double result) const { return result > -1.5 || result < -2.5; }  // all but uniform int8
    nuq::InputBatch calibration_batch(int index) const { return batch(index); }
  };
  const TemporaryFolder folder;
  const WrittenNetwork network = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  Evaluator evaluator;
  const nuq::AutoCalibrationResult result = nuq::accuracy_based_auto_calibration(
      network.model, network.weights, evaluator, folder / "config.json", folder / "record.txt", folder / "net");
  REQUIRE(result.rolled_back.size() == 2);
  CHECK(
      (result.rolled_back[0] + "_p" == result.rolled_back[1] || result.rolled_back[1] + "_p" == result.rolled_back[0]));
  CHECK(result.quantization.size() == 2);
}

TEST_CASE("layers that share weights are quantized together or not at all") {
  const TemporaryFolder folder;
  const WrittenNetwork network = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {"conv_p"}, 2);
  const nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  CHECK(session.settings.plan.count("conv") == 0);
  CHECK(session.settings.plan.count("fc") == 1);
  CHECK(session.settings.plan.count("fc_p") == 1);
  CHECK(session.settings.notes.back().find("layer 'conv': stays in float: it shares its weights with layer 'conv_p'") !=
        std::string::npos);
}

TEST_CASE("a record that gives the uses of shared weights different factors is refused") {
  const TemporaryFolder folder;
  const WrittenNetwork network = siamese_in(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  static_cast<void>(nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                    folder / "record.txt", folder / "net"));
  CHECK(nuq::convert_model(network.model, network.weights, folder / "record.txt", folder / "again").size() > 2);
  std::string record = folder.read("record.txt");
  const std::size_t second = record.find("key: \"conv_p\"");
  REQUIRE(second != std::string::npos);
  const std::size_t scale = record.find("scale_w: ", second);
  const std::size_t line_end = record.find('\n', scale);
  record.replace(scale, line_end - scale, "scale_w: 0.5");
  folder.write("other.txt", record);
  CHECK_THROWS_AS(nuq::convert_model(network.model, network.weights, folder / "other.txt", folder / "other"),
                  nuq::RecordError);
}

}  // namespace workflow_shared_weights_test
