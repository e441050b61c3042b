#include "nuq/workflow/calibrate_shift_bits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../../deploy_agreement.hpp"
#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"
#include "written_network.hpp"

namespace workflow_calibrate_shift_bits_test {

/// 'whole' has one value per channel.
const std::string network_text = R"(name: "shifts"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 dim: 5 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "whole" type: "Convolution" bottom: "conv" top: "whole" convolution_param { num_output: 6 kernel_size: 5 } }
layer { name: "fc" type: "InnerProduct" bottom: "whole" top: "fc" inner_product_param { num_output: 10 } }
)";

WrittenNetwork written(const TemporaryFolder& folder) {
  return {folder,
          network_text,
          {{"conv", {{16, 8, 3, 3}, {16}}}, {"whole", {{6, 16, 5, 5}, {6}}}, {"fc", {{10, 6}, {10}}}}};
}

nuq::InputBatch batch(int index) {
  return {{"data", nuq::Tensor({3, 8, 5, 5}, random_values(600, 40 + static_cast<std::uint32_t>(index)))}};
}

/// Quantized, calibrated and with shifts.
nuq::QuantizationSession shifted_session(const TemporaryFolder& folder) {
  const WrittenNetwork network = written(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  nuq::calibrate(session, batch);
  nuq::calibrate_shift_bits(session, batch);
  return session;
}

TEST_CASE("every scale gets a shift, recorded and read back") {
  const TemporaryFolder folder;
  const nuq::QuantizationSession session = shifted_session(folder);
  const nuq::NetworkQuantization recorded =
      nuq::quantization_of(nuq::read_record(folder / "record.txt"), session.graph, folder / "record.txt");
  for (const auto& quantized : session.quantization) {
    const std::string& name = quantized.first;
    const nuq::LayerQuantization& layer = quantized.second;
    CAPTURE(name);
    REQUIRE(layer.shift_bit.size() == layer.weights.scales.size());
    for (const int shift : layer.shift_bit) CHECK((shift >= 1 && shift <= 16));
    CHECK(recorded.at(name).shift_bit == layer.shift_bit);
    CHECK(recorded.at(name).weights.scales == layer.weights.scales);
  }
}

TEST_CASE("a layer with one value per channel shares its largest scale, its weights rounded to it") {
  const TemporaryFolder folder;
  const nuq::QuantizationSession session = shifted_session(folder);
  const nuq::QuantizedWeights& weights = session.quantization.at("whole").weights;
  const std::vector<int>& shifts = session.quantization.at("whole").shift_bit;
  CHECK(weights.scales == std::vector<float>(6, weights.scales[0]));
  CHECK(shifts == std::vector<int>(6, shifts[0]));
  const std::vector<float>& conv_scales = session.quantization.at("conv").weights.scales;
  CHECK(std::count(conv_scales.begin(), conv_scales.end(), conv_scales[0]) < 16);
  const std::vector<float>& wanted = session.graph.find("whole")->blobs[0].values;
  const nuq::Codebook& codebook = *session.quantization.at("whole").codebook;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const double scaled = static_cast<double>(wanted[at]) / static_cast<double>(weights.scales[0]);
    double least = 1e9;
    for (const std::int8_t level : codebook) least = (std::min)(least, std::fabs(scaled - level));
    CHECK(std::fabs(scaled - weights.levels[at]) <= least + 1e-6);
  }
}

TEST_CASE("fake-quant and deploy models with shifts agree, layer by layer and in the end") {
  const TemporaryFolder folder;
  nuq::QuantizationSession session = shifted_session(folder);
  nuq::save_model(session, nuq::SaveType::both, folder / "net");
  const nuq::Graph fake_quant =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const nuq::Graph deploy =
      nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel");
  for (const auto& [name, layer] : session.quantization) {
    const std::vector<float> shifts(layer.shift_bit.begin(), layer.shift_bit.end());
    CHECK(fake_quant.find(name + "_dequant_layer")->blobs[1].values == shifts);
    CHECK(deploy.find(name + "_dequant_layer")->blobs[1].values == shifts);
  }
  const DeployAgreement agreement = deploy_agreement(fake_quant, deploy, batch(7));
  CHECK(agreement.layers == 3);
  INFO(agreement.worst_layer);
  CHECK(agreement.worst <= 1.0);
}

TEST_CASE("searching again finds the same shifts") {
  const TemporaryFolder folder;
  nuq::QuantizationSession session = shifted_session(folder);
  const nuq::NetworkQuantization once = session.quantization;
  nuq::calibrate_shift_bits(session, batch);
  CHECK(session.quantization.at("conv").shift_bit == once.at("conv").shift_bit);
}

TEST_CASE("shifts are searched after the inputs have been calibrated") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  CHECK_THROWS_AS(nuq::calibrate_shift_bits(session, batch), nuq::RecordError);
}

const std::string branches_text = R"(name: "branches"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 dim: 5 dim: 5 } } }
layer { name: "left" type: "Convolution" bottom: "data" top: "left" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "right" type: "Convolution" bottom: "data" top: "right" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "sum" type: "Eltwise" bottom: "left" bottom: "right" top: "sum" eltwise_param { operation: SUM } }
layer { name: "fc" type: "InnerProduct" bottom: "sum" top: "fc" inner_product_param { num_output: 10 } }
)";

/// Quantized, with `joint_quant`.
nuq::QuantizationSession joint_session(const TemporaryFolder& folder) {
  const WrittenNetwork network(
      folder, branches_text, {{"left", {{4, 8, 3, 3}, {4}}}, {"right", {{4, 8, 3, 3}, {4}}}, {"fc", {{10, 36}, {10}}}});
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 2);
  std::string config = folder.read("config.json");
  const std::string off = "\"joint_quant\":false";
  config.replace(config.find(off), off.size(), "\"joint_quant\":true");
  folder.write("config.json", config);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  return session;
}

TEST_CASE("joint_quant through forward passes of the modified model gives common shifts too") {
  const TemporaryFolder folder;
  nuq::QuantizationSession session = joint_session(folder);
  nuq::Net net(folder / "modified.prototxt", folder / "modified.caffemodel");
  for (int index = 0; index < 2; ++index) {
    net.set_input("data", batch(index).at("data").view());
    net.forward();
  }
  nuq::save_model(session, nuq::SaveType::both, folder / "net");
  const std::vector<int>& left = session.quantization.at("left").shift_bit;
  REQUIRE(left.size() == 4);
  CHECK(left == session.quantization.at("right").shift_bit);
  CHECK(session.quantization.at("fc").shift_bit.empty());
  nuq::QuantizationSession again = joint_session(folder);
  nuq::calibrate(again, batch);
  CHECK(left == again.quantization.at("left").shift_bit);  // their sums are far below 16 bits: both take the least
}

TEST_CASE("joint_quant gives the layers that an Eltwise adds up common shifts, the others none") {
  const TemporaryFolder folder;
  nuq::QuantizationSession session = joint_session(folder);
  nuq::calibrate(session, batch);
  const std::vector<int>& left = session.quantization.at("left").shift_bit;
  CHECK(left.size() == 4);
  CHECK(left == session.quantization.at("right").shift_bit);
  CHECK(session.quantization.at("fc").shift_bit.empty());
  CHECK(nuq::quantization_of(nuq::read_record(folder / "record.txt"), session.graph, folder / "record.txt")
            .at("right")
            .shift_bit == left);

  nuq::save_model(session, nuq::SaveType::both, folder / "net");
  const DeployAgreement agreement = deploy_agreement(
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel"),
      nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel"), batch(7));
  CHECK(agreement.layers == 3);
  CHECK(agreement.worst <= 1.0);
}

TEST_CASE("joint_quant without layers to join does nothing and says so") {
  const TemporaryFolder folder;
  const WrittenNetwork network = written(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  session.settings.joint_quant = true;
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  nuq::calibrate(session, batch);
  CHECK(session.quantization.at("conv").shift_bit.empty());
  REQUIRE(!session.settings.notes.empty());
  CHECK(session.settings.notes.back().rfind("joint_quant: has no effect", 0) == 0);
}

}  // namespace workflow_calibrate_shift_bits_test
