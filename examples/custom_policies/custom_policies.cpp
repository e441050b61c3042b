// Your own pieces in the place of the library's: a layer type that it has never heard of, and a way of choosing levels.
//
// Usage: nuq_custom_policies [FOLDER]    (a tiny network is written there and quantized)

#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/caffe/model_file.hpp"
#include "nuq/nuq.hpp"

namespace {

/// A layer. CELU (Barron, 2017): y = x for x ≥ 0, otherwise alpha · (e^(x / alpha) − 1), with an alpha that the
/// prototxt gives in a message that no Caffe schema has.
struct Celu {
  static constexpr std::string_view type = "CELU";
  static constexpr bool in_place = true;  // each value is read before it is written
  static std::vector<nuq::Shape> output_shapes(const nuq::LayerRef&, const std::vector<nuq::Shape>& inputs) {
    return inputs;
  }

  explicit Celu(const nuq::LayerRef& layer) {
    const std::optional<std::string_view> text = nuq::text_value(layer.text(), {"celu_param", "alpha"});
    if (text) alpha = std::stof(std::string(*text));
    if (!(alpha > 0.0F)) layer.fail(nuq::ErrorCode::invalid_argument, "alpha: wanted a number above 0");
  }
  void forward(const nuq::LayerCall& call) const {
    for (std::size_t at = 0; at < call.inputs[0].values.size(); ++at) {
      const float x = call.inputs[0].values[at];
      call.outputs[0].values[at] = x >= 0.0F ? x : alpha * std::expm1(x / alpha);
    }
  }

  float alpha = 1.0F;
};

/// A codebook selector: each level stands for an equal share of the weights, wherever they lie.
struct EqualShares {
  [[nodiscard]] nuq::Codebook select(const nuq::LevelHistogram& histogram, int num_steps) const {
    double total = 0.0;
    for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) total += histogram[bin].weight;
    std::vector<int> levels;
    double passed = 0.0;
    int taken = 0;  // shares; a codebook drops repeated levels
    for (std::size_t bin = 0; bin < nuq::LevelHistogram::num_bins; ++bin) {
      passed += histogram[bin].weight;
      const int level = static_cast<int>(std::floor(nuq::LevelHistogram::centre(bin)));
      for (; taken < num_steps && passed >= total * (taken + 0.5) / num_steps; ++taken) levels.push_back(level);
    }
    return nuq::Codebook(levels.begin(), levels.end());
  }
};

constexpr const char* network = R"(name: "tiny"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 } }
layer { name: "celu" type: "CELU" bottom: "conv" top: "conv" celu_param { alpha: 0.5 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 4 } }
)";

/// Any numbers between −1 and 1 will do.
nuq::Tensor numbers(const nuq::Shape& shape, float phase) {
  nuq::Tensor tensor(shape);
  for (std::size_t at = 0; at < tensor.values.size(); ++at)
    tensor.values[at] = std::sin(phase + 0.7F * static_cast<float>(at * at % 101));
  return tensor;
}

void write_network(const std::string& model_file, const std::string& weights_file) {
  nuq::Model model;
  model.text = network;
  const auto add = [&model](const char* layer, const std::vector<nuq::Shape>& shapes) {
    nuq::schema::LayerWeights& weights = *model.weights.add_layer();
    weights.set_name(layer);
    for (const nuq::Shape& shape : shapes) {
      nuq::schema::BlobProto& blob = *weights.add_blobs();
      for (const auto extent : shape) blob.mutable_shape()->add_dim(extent);
      for (const float value : numbers(shape, static_cast<float>(shape.size())).values) blob.add_data(value);
    }
  };
  add("conv", {{8, 1, 3, 3}, {8}});
  add("fc", {{4, 8 * 6 * 6}, {4}});
  nuq::FileSet files;  // both files or none
  nuq::write_model(model, files, model_file, weights_file);
  files.commit();
}

nuq::InputBatch batch(int index) {
  return {{"data", numbers({4, 1, 8, 8}, static_cast<float>(index))}};
}

std::vector<float> output_of(const std::string& model_file, const std::string& weights_file) {
  nuq::Net net(model_file, weights_file, /*threads=*/1, nuq::custom_layers<Celu>());
  net.set_input("data", batch(9).at("data").view());
  net.forward();
  const nuq::TensorView output = net.output("fc");
  return {output.values.begin(), output.values.end()};
}

/// Quantizes the network to at most 32 levels per layer and prints what that does to its output.
template <class Quantizer>
void try_quantizer(const char* name, const std::string& folder, const Quantizer& quantizer) {
  const std::string model = folder + "/tiny.prototxt", weights = folder + "/tiny.caffemodel";
  const std::string prefix = folder + "/" + name;
  nuq::create_quant_config(folder + "/config.json", model, weights);
  nuq::StaticNuqOptions options;
  options.custom_layers = nuq::custom_layers<Celu>();
  const nuq::RunReport report = nuq::static_nuq(model, weights, batch, folder + "/config.json", prefix + "_record.txt",
                                                prefix, options, quantizer);

  const std::vector<float> original = output_of(model, weights);
  const std::vector<float> quantized =
      output_of(prefix + "_fake_quant_model.prototxt", prefix + "_fake_quant_weights.caffemodel");
  std::printf("%-14s", name);
  for (const nuq::LayerReport& layer : report.layers)
    std::printf("  %s: %2d levels", layer.name.c_str(), layer.levels.value_or(0));
  std::printf("  output similarity %.4f\n", nuq::CosineSimilaritySensitivity{}.compare(original, quantized));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "custom_policies_output";
  try {
    write_network(folder + "/tiny.prototxt", folder + "/tiny.caffemodel");
    try_quantizer("optimal", folder, nuq::NonUniformQuantizer<>{});
    try_quantizer("equal_shares", folder, nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, EqualShares>{});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
