#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/workflow/accuracy_based_auto_calibration.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/convert_model.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "written_network.hpp"

namespace workflow_filter_dimensions_test {

/// Convolutions of volumes, which are quantized weights-only, and an InnerProduct.
WrittenNetwork volumes(const TemporaryFolder& folder) {
  return {folder,
          R"(name: "volumes"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 2 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "deconv" type: "Deconvolution" bottom: "conv" top: "deconv" convolution_param { num_output: 5 kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "deconv" top: "fc" inner_product_param { num_output: 10 } }
)",
          {{"conv", {{8, 2, 3, 3, 3}, {8}}}, {"deconv", {{8, 5, 2, 2, 2}, {5}}}, {"fc", {{10, 720}, {10}}}}};
}

nuq::InputBatch batch(int index) {
  return {{"data", nuq::Tensor({2, 2, 4, 6, 6}, random_values(576, 90 + static_cast<std::uint32_t>(index)))}};
}

void configure(const TemporaryFolder& folder, const WrittenNetwork& network) {
  static_cast<void>(nuq::create_quant_config(folder / "config.json", network.model, network.weights));
}

const std::string reason =
    "stays in float: its input cannot be quantized: its filter has 5 dimensions: only 4 are supported";

std::string note_on(const WrittenNetwork& network, const std::string& layer) {
  return network.model + ": layer '" + layer + "': " + reason;
}

bool contains(const std::vector<std::string>& notes, const std::string& note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

std::vector<std::string> recorded_layers(const std::string& file) {
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(file);
  std::vector<std::string> layers;
  for (const auto& entry : record.record()) layers.push_back(entry.key());
  return layers;
}

const nuq::LayerReport& layer_named(const nuq::RunReport& report, const std::string& name) {
  return *std::find_if(report.layers.begin(), report.layers.end(),
                       [&name](const nuq::LayerReport& layer) { return layer.name == name; });
}

void check_float_in(const nuq::Graph& written, const WrittenNetwork& network) {
  const nuq::Graph original = nuq::load_graph(network.model, network.weights);
  for (const char* const layer : {"conv", "deconv"}) {
    CHECK(written.find(layer)->blobs.front().values == original.find(layer)->blobs.front().values);
    CHECK(written.find(std::string(layer) + "_dequant_layer") == nullptr);
  }
  CHECK(written.find("fc_dequant_layer") != nullptr);
}

/// The written models quantize the InnerProduct alone.
void check_inner_product_alone(const TemporaryFolder& folder, const WrittenNetwork& network) {
  check_float_in(
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel"), network);
  check_float_in(nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel"),
                 network);
  CHECK(recorded_layers(folder / "record.txt") == std::vector<std::string>{"fc"});
}

TEST_CASE("weights of convolutions over volumes take few levels by default") {
  const TemporaryFolder folder;
  const WrittenNetwork network = volumes(folder);
  configure(folder, network);
  nuq::StaticNuqOptions options;
  options.weights_only = true;
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "record.txt", folder / "net", options);
  CHECK(report.warnings == std::vector<std::string>{});
  CHECK(layer_named(report, "conv").taken);
  CHECK(layer_named(report, "conv").levels.value() <= 32);
  CHECK_FALSE(layer_named(report, "deconv").taken);
  CHECK(layer_named(report, "deconv").levels.value() > 32);

  const nuq::Graph original = nuq::load_graph(network.model, network.weights);
  const nuq::Graph written =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(folder / "record.txt");
  for (const auto& entry : record.record()) {
    CAPTURE(entry.key());
    CHECK_FALSE(entry.value().has_scale_d());
    if (entry.key() == "fc") continue;
    const nuq::WeightMatrix wanted(*original.find(entry.key()));
    const nuq::WeightMatrix weights(*written.find(entry.key()));
    REQUIRE(static_cast<std::size_t>(entry.value().scale_w_size()) == wanted.view().rows());
    bool agree = true;
    for (std::size_t row = 0; row < weights.view().rows(); ++row) {
      const float scale = entry.value().scale_w(static_cast<int>(row));
      for (std::size_t col = 0; col < weights.view().cols(); ++col) {
        const float weight = weights.view()(row, col);
        agree = agree && weight == std::round(weight / scale) * scale &&
                std::fabs(weight - wanted.view()(row, col)) < 16.0F * scale;
      }
    }
    CHECK(agree);
  }

  const nuq::Json operators = nuq::parse_json(folder.read("net_quant.json"), "net_quant.json");
  std::vector<std::string> types;
  for (const nuq::Json& op : *(*operators.find("graph"))[0].find("op")) types.push_back(op.find("type")->text());
  CHECK(types == std::vector<std::string>{"Conv3D", "Conv3DTranspose", "FullyConnection"});

  nuq::convert_model(network.model, network.weights, folder / "record.txt", folder / "again");
  CHECK(folder.read("again_nuq_layer_record.txt") == "conv;fc");
  nuq::Net net(folder / "again_fake_quant_model.prototxt", folder / "again_fake_quant_weights.caffemodel");
  CHECK(net.graph().find("deconv")->blobs.front().values == written.find("deconv")->blobs.front().values);
}

TEST_CASE("the same levels are found for lines as for images of one row") {
  const TemporaryFolder of_lines;
  const TemporaryFolder of_images;
  const auto network = [](const std::string& input, const std::string& kernel) {
    return "layer { name: 'data' type: 'Input' top: 'data' input_param { shape { " + input +
           " } } } layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: "
           "8 " +
           kernel + " } }";
  };
  const WrittenNetwork lines(of_lines, network("dim: 1 dim: 4 dim: 20", "kernel_size: 5 pad: 2"),
                             {{"conv", {{8, 4, 5}, {8}}}});
  const WrittenNetwork images(of_images,
                              network("dim: 1 dim: 4 dim: 1 dim: 20", "kernel_h: 1 kernel_w: 5 pad_h: 0 pad_w: 2"),
                              {{"conv", {{8, 4, 1, 5}, {8}}}});
  nuq::StaticNuqOptions options;
  options.weights_only = true;
  const auto quantize = [&options](const TemporaryFolder& folder, const WrittenNetwork& written,
                                   const nuq::Shape& shape, bool with_data) {
    configure(folder, written);
    const auto next_batch = [&shape](int index) -> nuq::InputBatch {
      return {{"data", nuq::Tensor(shape, random_values(160, 5 + static_cast<std::uint32_t>(index)))}};
    };
    const auto run = [&](auto&& data) {
      static_cast<void>(nuq::static_nuq(written.model, written.weights, data, folder / "config.json",
                                        folder / "record.txt", folder / "net", options));
    };
    with_data ? run(next_batch) : run(nuq::WeightsOnly{});
    return folder.read("record.txt");
  };
  for (const bool with_data : {false, true}) {
    const std::string record = quantize(of_lines, lines, {2, 4, 20}, with_data);
    CHECK(record.find("cluster") != std::string::npos);
    CHECK(record == quantize(of_images, images, {2, 4, 1, 20}, with_data));
  }
}

TEST_CASE("where activations are quantized, convolutions over volumes stay in float") {
  const TemporaryFolder folder;
  const WrittenNetwork network = volumes(folder);
  configure(folder, network);
  const nuq::RunReport report = nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                                folder / "record.txt", folder / "net");
  CHECK(report.warnings == std::vector<std::string>{note_on(network, "conv"), note_on(network, "deconv")});
  for (const char* const layer : {"conv", "deconv"}) {
    CHECK_FALSE(layer_named(report, layer).taken);
    CHECK_FALSE(layer_named(report, layer).levels.has_value());
    CHECK(layer_named(report, layer).reason == reason);
  }
  CHECK(layer_named(report, "fc").taken);
  check_inner_product_alone(folder, network);
}

TEST_CASE("the steps one by one leave them out as soon as there are factors of activations") {
  const TemporaryFolder folder;
  const WrittenNetwork network = volumes(folder);
  configure(folder, network);
  nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  nuq::quantize_model(session, folder / "modified.prototxt", folder / "modified.caffemodel");
  CHECK(recorded_layers(folder / "record.txt") == std::vector<std::string>{"conv", "deconv", "fc"});
  SUBCASE("by calibrate") {
    nuq::calibrate(session, batch);
    CHECK(session.settings.kept_in_float.at("conv") == reason);
    static_cast<void>(nuq::save_model(session, nuq::SaveType::both, folder / "net"));
    check_inner_product_alone(folder, network);
  }
  SUBCASE("by the forward passes of the modified model") {
    nuq::Net net(folder / "modified.prototxt", folder / "modified.caffemodel");
    net.set_input("data", batch(0).at("data").view());
    net.forward();
    static_cast<void>(nuq::save_model(session, nuq::SaveType::both, folder / "net"));
    CHECK(contains(session.settings.notes, note_on(network, "deconv")));
    check_inner_product_alone(folder, network);
  }
  SUBCASE("not without") {
    static_cast<void>(nuq::save_model(session, nuq::SaveType::fakequant, folder / "net"));
    CHECK(folder.read("net_nuq_layer_record.txt") == "conv;fc");
  }
}

/// Calibrates by its run of a calibration model.
struct AlwaysSatisfied : nuq::AutoNuqEvaluatorBase<AlwaysSatisfied> {
  double eval_net(nuq::Net& net, int) const {
    net.set_input("data", batch(0).at("data").view());
    net.forward();
    return 1.0;
  }
  bool is_satisfied(double, double) const { return true; }
};

struct Calibrating : nuq::AutoNuqEvaluatorBase<Calibrating> {
  double eval_net(nuq::Net&, int) const { return 1.0; }
  bool is_satisfied(double, double) const { return true; }
  nuq::InputBatch calibration_batch(int index) const { return batch(index); }
};

template <class Evaluator>
nuq::AutoNuqResult searched(const TemporaryFolder& folder, const WrittenNetwork& network, bool weights_only) {
  configure(folder, network);
  nuq::AutoNuqOptions options;
  options.weights_only = weights_only;
  options.max_evaluations = 4;
  return nuq::auto_nuq(network.model, network.weights, Evaluator{}, folder / "config.json", folder / "record.txt",
                       folder / "net", options);
}

TEST_CASE("a search takes them weights-only, and leaves them out where activations are calibrated") {
  const TemporaryFolder folder;
  const WrittenNetwork network = volumes(folder);
  SUBCASE("weights-only") {
    const nuq::AutoNuqResult result = searched<Calibrating>(folder, network, true);
    CHECK(layer_named(result.report, "conv").taken);
    CHECK(result.quantization.count("deconv") == 1);
  }
  SUBCASE("on calibration data") {
    const nuq::AutoNuqResult result = searched<Calibrating>(folder, network, false);
    CHECK(contains(result.report.warnings, note_on(network, "conv")));
    CHECK(layer_named(result.report, "deconv").reason == reason);
    check_inner_product_alone(folder, network);
  }
  SUBCASE("by the evaluator's run of the calibration model") {
    const nuq::AutoNuqResult result = searched<AlwaysSatisfied>(folder, network, false);
    CHECK_FALSE(result.report.weights_only);
    CHECK(contains(result.report.warnings, note_on(network, "conv")));
    CHECK(layer_named(result.report, "deconv").reason == note_on(network, "deconv"));
    check_inner_product_alone(folder, network);
  }
}

TEST_CASE("uniform calibration leaves them out") {
  const TemporaryFolder folder;
  const WrittenNetwork network = volumes(folder);
  configure(folder, network);
  const nuq::AutoCalibrationResult result = nuq::accuracy_based_auto_calibration(
      network.model, network.weights, AlwaysSatisfied{}, folder / "config.json", folder / "record.txt", folder / "net");
  CHECK(contains(result.notes, note_on(network, "conv")));
  check_inner_product_alone(folder, network);
}

TEST_CASE("a network of nothing else is refused with activations, and named") {
  const TemporaryFolder folder;
  const WrittenNetwork network(
      folder,
      "layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 dim: 4 dim: 6 dim: 6 } } } "
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 8 "
      "kernel_size: 3 } }",
      {{"conv", {{8, 2, 3, 3, 3}, {8}}}});
  configure(folder, network);
  const CaughtError error = error_of<nuq::ModelError>([&] {
    static_cast<void>(nuq::static_nuq(network.model, network.weights, batch, folder / "config.json",
                                      folder / "record.txt", folder / "net"));
  });
  CHECK(error.code == nuq::ErrorCode::unsupported_layer);
  CHECK(error.message ==
        "nuq: " + note_on(network, "conv") + ", and no other layer is left: quantize the weights only");
}

}  // namespace workflow_filter_dimensions_test
