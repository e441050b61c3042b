#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "../../deploy_agreement.hpp"
#include "../temporary_folder.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/collect_statistics.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "tiny_network.hpp"

namespace workflow_static_nuq_test {

nuq::QuantizationSession quantized_session(const TemporaryFolder& folder, const TinyNetwork& network) {
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  return session;
}

nuq::InputBatch batch(int index) {
  return {{"data", TinyNetwork::batch(index)}};
}

std::vector<float> output_of(const std::string& model, const std::string& weights) {
  nuq::Net net(model, weights);
  net.set_input("data", TinyNetwork::batch(0).view());
  net.forward();
  const nuq::TensorView output = net.output("prob");
  return {output.values.begin(), output.values.end()};
}

TEST_CASE("init, quantize_model, calibrate and save_model leave the vendor's files") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network);
  CHECK(folder.read("record.txt").find("scale_w") != std::string::npos);
  CHECK(folder.read("record.txt").find("scale_d") == std::string::npos);
  CHECK(folder.read("modified.prototxt").find("IFMR") != std::string::npos);
  nuq::calibrate(session, batch);
  CHECK(folder.read("record.txt").find("scale_d") != std::string::npos);
  const auto names = nuq::save_model(session, nuq::SaveType::both, folder / "out/net");
  CHECK(names.size() == 7);
  for (const std::string& name : names) CHECK(std::filesystem::exists(name));
  CHECK(folder.read("out/net_nuq_layer_record.txt") == "conv1;conv2;fc");
}

TEST_CASE("the fake-quant model computes nearly what the float model computes") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network);
  nuq::calibrate(session, batch);
  nuq::save_model(session, nuq::SaveType::fakequant, folder / "net");
  const std::vector<float> original = output_of(network.model, network.weights);
  const std::vector<float> quantized =
      output_of(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  REQUIRE(original.size() == quantized.size());
  for (std::size_t index = 0; index < original.size(); ++index)
    CHECK(std::fabs(original[index] - quantized[index]) < 0.05F);
  CHECK(original != quantized);
}

TEST_CASE("save_model takes activation scales from the record file where the session has none") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network);
  nuq::calibrate(session, batch);
  const nuq::NetworkQuantization calibrated = session.quantization;
  for (auto& [name, layer] : session.quantization) layer.activation.reset();
  nuq::save_model(session, nuq::SaveType::both, folder / "net");
  for (const auto& [name, layer] : calibrated) {
    CHECK(session.quantization.at(name).activation->scale == layer.activation->scale);
    CHECK(session.quantization.at(name).activation->offset == layer.activation->offset);
  }
}

TEST_CASE("a deploy model without calibration is refused by the layer's name, and nothing is written") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network);
  CHECK_THROWS_AS(nuq::save_model(session, nuq::SaveType::both, folder / "net"), nuq::RecordError);
  CHECK_FALSE(std::filesystem::exists(folder / "net_fake_quant_model.prototxt"));
  nuq::save_model(session, nuq::SaveType::fakequant, folder / "net");
  CHECK(folder.read("net_fake_quant_model.prototxt").find("Quant") == std::string::npos);
}

TEST_CASE("a model that is quantized already is refused") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantizationSession session = quantized_session(folder, network);
  nuq::calibrate(session, batch);
  nuq::save_model(session, nuq::SaveType::fakequant, folder / "net");
  CHECK_THROWS_AS(static_cast<void>(nuq::init(folder / "config.json", folder / "net_fake_quant_model.prototxt",
                                              folder / "net_fake_quant_weights.caffemodel", folder / "again.txt")),
                  nuq::ModelError);
  CHECK_FALSE(std::filesystem::exists(folder / "again.txt"));
}

TEST_CASE("static_nuq writes in one step what the separate steps write") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  const nuq::NetworkStatistics statistics = nuq::collect_statistics(session, batch, session.settings.batch_num);
  CHECK(statistics.size() == 3);
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel",
                      nuq::NonUniformQuantizer<>{}, statistics);
  nuq::calibrate(session, batch);
  const auto names = nuq::save_model(session, nuq::SaveType::both, folder / "steps");
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "once_record.txt", folder / "once");
  CHECK(folder.read("once_record.txt") == folder.read("record.txt"));
  REQUIRE(report.files.size() == names.size() + 1);
  for (const nuq::FileReport& file : report.files) {
    CHECK(file.sha256 == nuq::sha256_of_file(file.path));
    CHECK(file.bytes == std::filesystem::file_size(file.path));
  }
  for (const nuq::LayerReport& layer : report.layers) CHECK(layer.weights == nuq::element_count(layer.shape));
  CHECK(report.layers.size() == 3);
  for (const char* const suffix :
       {"_fake_quant_model.prototxt", "_fake_quant_weights.caffemodel", "_deploy_model.prototxt",
        "_deploy_weights.caffemodel", "_quant.json", "_nuq_layer_record.txt", ".nuq"}) {
    CHECK(folder.read(std::string("once") + suffix) == folder.read(std::string("steps") + suffix));
  }
  CHECK(folder.read("once_report.json").find("\"weights_only\": false") != std::string::npos);
}

TEST_CASE("static_nuq without calibration data leaves activations in float and writes no deploy model") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{},
                                                folder / "config.json", folder / "record.txt", folder / "net");
  CHECK(report.weights_only);
  CHECK(report.warnings.empty());
  CHECK(folder.read("net_fake_quant_model.prototxt").find("Quant") == std::string::npos);
  CHECK(!std::filesystem::exists(folder / "net_deploy_model.prototxt"));
}

TEST_CASE("static_nuq fits the weights to calibration data although activations stay in float") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::StaticNuqOptions options;
  options.weights_only = true;
  options.statistics_batches = 4;
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "record.txt", folder / "net", options);
  CHECK(report.weights_only);
  CHECK(!std::filesystem::exists(folder / "net_deploy_model.prototxt"));
  nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                  folder / "guessed");
  CHECK(folder.read("net_fake_quant_weights.caffemodel") != folder.read("guessed_fake_quant_weights.caffemodel"));
}

TEST_CASE("static_nuq calibrates sequentially on request, and not without data") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::StaticNuqOptions options;
  options.sequential = true;
  options.weights_only = true;
  const auto run = [&](auto&& data, const std::string& prefix) {
    nuq::static_nuq(network.model, network.weights, data, folder / "config.json", folder / "record.txt",
                    folder / prefix, options);
    return folder.read(prefix + "_fake_quant_weights.caffemodel");
  };
  const std::string sequential = run(batch, "sequential");
  options.threads = 3;
  CHECK(run(batch, "threads") == sequential);
  CHECK_THROWS_AS(run(nuq::WeightsOnly{}, "none"), nuq::ConfigError);
  options.sequential = false;
  CHECK(run(batch, "parallel") != sequential);
}

TEST_CASE("a price per bit that does the harm of the configured levels takes fewer bytes") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder, 32);  // large enough for the tables of an entropy code
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::StaticNuqOptions options;
  options.target = nuq::Target::packed;
  const auto bytes_with = [&](const auto& quantizer) {
    return nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json",
                           folder / "record.txt", folder / "net", options, quantizer)
        .bytes;
  };
  CHECK(bytes_with(nuq::RateQuantizer{}) < bytes_with(nuq::NonUniformQuantizer<>{}));
}

TEST_CASE("a configuration in memory does what its file does, and a price of a layer's own holds in that layer alone") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder, 32);
  nuq::QuantConfig config = nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  const auto layers_of = [&](const nuq::ConfigSource& source, double price) {
    nuq::StaticNuqOptions options;
    options.target = nuq::Target::packed;
    options.point = nuq::PricePerBit{price};
    return nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, source, folder / "record.txt",
                           folder / "net", options, nuq::RateQuantizer{})
        .layers;
  };
  constexpr double low = 1e-7;
  constexpr double high = 1e-3;
  const std::vector<nuq::LayerReport> cheap = layers_of(folder / "config.json", low);
  const std::vector<nuq::LayerReport> dear = layers_of(config, high);
  REQUIRE(dear.back().bytes < cheap.back().bytes);
  config.layers.back().plan.price = high;
  const std::vector<nuq::LayerReport> mixed = layers_of(config, low);
  REQUIRE(mixed.back().name == config.layers.back().name);
  CHECK(mixed.back().bytes == dear.back().bytes);
  CHECK(mixed.front().bytes == cheap.front().bytes);
  CHECK(mixed.front().bytes != dear.front().bytes);
}

TEST_CASE("one notice says that num_of_iteration has no effect on the exact codebook") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  for (auto& [name, plan] : session.settings.plan) plan.num_of_iteration = 3;
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  REQUIRE(session.settings.notes.size() == 1);
  CHECK(session.settings.notes[0].find("num_of_iteration") != std::string::npos);
}

TEST_CASE("the deploy model computes with integers what the fake-quant model computes in float") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::static_nuq(network.model, network.weights, batch, folder / "config.json", folder / "record.txt", folder / "net");
  const nuq::Graph fake_quant =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const nuq::Graph deploy =
      nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel");
  const DeployAgreement agreement = deploy_agreement(fake_quant, deploy, {{"data", TinyNetwork::batch(3)}});
  CHECK(agreement.layers == 3);
  INFO(agreement.worst_layer);
  CHECK(agreement.worst <= 1.0);

  const std::vector<float> in_float =
      output_of(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const std::vector<float> in_integers =
      output_of(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel");
  REQUIRE(in_float.size() == in_integers.size());
  for (std::size_t index = 0; index < in_float.size(); ++index)
    CHECK(std::fabs(in_float[index] - in_integers[index]) < 0.01F);
}

/// A calibrator of the user's own.
struct UnitRange {
  struct Observed {};
  void observe(Observed&, nuq::ArrayView<const float>) const {}
  [[nodiscard]] nuq::ActivationScale finish(const Observed&) const { return nuq::asymmetric_scale(0.0F, 1.0F); }
};

TEST_CASE("engine and activation calibrator of static_nuq are the user's") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  int engines = 0;
  const auto make_engine = [&engines](std::size_t threads, const nuq::CustomLayers& layers) {
    ++engines;
    return nuq::EigenEngine(threads, layers);
  };
  nuq::static_nuq(network.model, network.weights, batch, folder / "config.json", folder / "record.txt", folder / "net",
                  {}, nuq::NonUniformQuantizer<>{}, {make_engine, UnitRange{}});
  CHECK(engines == 2);
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(folder / "record.txt");
  CHECK(record.record_size() == 3);
  for (const auto& entry : record.record()) {
    CHECK(entry.value().scale_d() == nuq::asymmetric_scale(0.0F, 1.0F).scale);
    CHECK(entry.value().offset_d() == -128);
  }
}

/// The tiny network with the weights of conv2, and its bias, a hundred million times smaller.
TinyNetwork with_tiny_conv2(const TemporaryFolder& folder) {
  TinyNetwork network(folder);
  nuq::Model content = nuq::read_model(network.model, network.weights);
  for (auto& layer : *content.weights.mutable_layer()) {
    if (layer.name() != "conv2") continue;
    for (auto& blob : *layer.mutable_blobs()) {
      for (float& value : *blob.mutable_data()) value *= 1e-8F;
    }
  }
  nuq::FileSet files;
  nuq::write_model(content, files, network.model, network.weights);
  files.commit();
  return network;
}

const nuq::LayerReport& layer_of(const nuq::RunReport& report, const std::string& name) {
  const auto found = std::find_if(report.layers.begin(), report.layers.end(),
                                  [&name](const nuq::LayerReport& layer) { return layer.name == name; });
  REQUIRE(found != report.layers.end());
  return *found;
}

TEST_CASE("a layer of tiny weights, and one of tiny inputs, stay in float, and the report says which") {
  const TemporaryFolder folder;
  const TinyNetwork network = with_tiny_conv2(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "record.txt", folder / "out/net");
  CHECK(layer_of(report, "conv1").levels.has_value());
  CHECK_FALSE(layer_of(report, "conv2").levels.has_value());
  CHECK(layer_of(report, "conv2").reason.find("stays in float: its weights are at most ") == 0);
  CHECK_FALSE(layer_of(report, "fc").levels.has_value());
  CHECK(layer_of(report, "fc").reason.find("stays in float: its inputs are at most ") == 0);
  CHECK(report.warnings.size() == 2);
  CHECK(folder.read("record.txt").find("conv2") == std::string::npos);
  CHECK(folder.read("out/net_nuq_layer_record.txt") == "conv1");
  nuq::Net net(folder / "out/net_deploy_model.prototxt", folder / "out/net_deploy_weights.caffemodel");
  CHECK(net.graph().find("conv2") != nullptr);
}

TEST_CASE("without activations a layer of tiny inputs is quantized, and tiny weights are exact") {
  const TemporaryFolder folder;
  const TinyNetwork network = with_tiny_conv2(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{},
                                                folder / "config.json", folder / "record.txt", folder / "out/net");
  CHECK(layer_of(report, "fc").levels.has_value());
  const nuq::Graph original = nuq::load_graph(network.model, network.weights);
  const nuq::Graph quantized =
      nuq::load_graph(folder / "out/net_fake_quant_model.prototxt", folder / "out/net_fake_quant_weights.caffemodel");
  CHECK(quantized.find("conv2")->blobs[0].values == original.find("conv2")->blobs[0].values);
}

TEST_CASE("tiny_values zero keeps the vendor's rule: one level, zero") {
  const TemporaryFolder folder;
  const TinyNetwork network = with_tiny_conv2(folder);
  nuq::QuantConfig config = nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  config.tiny_values = nuq::TinyValues::become_zero;
  folder.write("config.json", nuq::to_json(config));
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "record.txt", folder / "out/net");
  CHECK(layer_of(report, "conv2").levels == 1);
  CHECK(layer_of(report, "fc").levels.has_value());
  CHECK(report.warnings.empty());
}

}  // namespace workflow_static_nuq_test
