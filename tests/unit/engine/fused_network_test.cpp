// Random networks compute the same before and after fusion, in memory and from the rewritten files.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../caffe/small_network.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model_rewriter.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/graph/passes/fuse.hpp"

namespace engine_fused_network_test {

using nuq::Shape;
using nuq::Tensor;

/// A chain of layers with occasional branches and sums; layers of one value per element work in place or not. Each
/// layer is one line of the text.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : engine_(seed) {
    blobs_.push_back({"data", {2, 2 * between(1, 3), between(5, 9), between(5, 9)}});
    text_ = "input: 'data' input_shape { " + dims(blobs_.front().shape) + " }\n";
    data_ = random_tensor(blobs_.front().shape, -1.0, 1.0);
    for (std::int64_t layers = between(4, 12); layers > 0; --layers) add_layer();
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& line(const std::string& layer) const { return lines_.at(layer); }
  [[nodiscard]] const Tensor& data() const { return data_; }
  [[nodiscard]] nuq::Graph graph() const { return graph_of(text_, weights_); }

  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  /// True once in `n` times.
  [[nodiscard]] bool one_in(std::int64_t n) { return between(1, n) == 1; }

 private:
  struct Blob {
    std::string name;
    Shape shape;
  };
  struct Window {
    std::int64_t kernel, stride, pad, dilation;
    [[nodiscard]] std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
    [[nodiscard]] std::string text() const {
      return " kernel_size: " + std::to_string(kernel) + " stride: " + std::to_string(stride) +
             " dilation: " + std::to_string(dilation) + (pad > 0 ? " pad: " + std::to_string(pad) : "");
    }
  };

  void add_layer() {
    const Blob bottom = one_in(5)
                            ? blobs_[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(blobs_.size()) - 1))]
                            : blobs_.back();
    switch (const bool is_image = bottom.shape.size() == 4; between(0, 9)) {
      case 0:
      case 1:
      case 2:
        return is_image ? add_convolution(bottom) : add_inner_product(bottom);
      case 3:
        return is_image ? add_deconvolution(bottom) : add_inner_product(bottom);
      case 4:
      case 5:
        return add_batch_norm(bottom);
      case 6:
      case 7:
        return add_scale(bottom);
      case 8:
        return add_bias(bottom);
      default:
        return one_in(4) ? add_inner_product(bottom) : add_relu_or_sum(bottom);
    }
  }

  void add_convolution(const Blob& bottom) {
    const Window window = random_window();
    const Shape& in = bottom.shape;
    const std::int64_t height = (in[2] + 2 * window.pad - window.reach()) / window.stride + 1;
    const std::int64_t width = (in[3] + 2 * window.pad - window.reach()) / window.stride + 1;
    if ((std::min)(in[2], in[3]) + 2 * window.pad < window.reach()) return add_relu_or_sum(bottom);
    const std::int64_t outputs = 2 * between(1, 3);
    const std::int64_t group = between(1, 2);
    add_weighted("Convolution", bottom, {in[0], outputs, height, width},
                 "convolution_param { num_output: " + std::to_string(outputs) + " group: " + std::to_string(group) +
                     window.text(),
                 {outputs, in[1] / group, window.kernel, window.kernel}, outputs);
  }

  void add_deconvolution(const Blob& bottom) {
    Window window = random_window();
    window.pad = (std::min)(window.pad, (window.reach() - 1) / 2);
    const Shape& in = bottom.shape;
    const auto extent = [&](std::int64_t input) {
      return window.stride * (input - 1) + window.reach() - 2 * window.pad;
    };
    if (extent(in[2]) > 20 || extent(in[3]) > 20) return add_relu_or_sum(bottom);
    const std::int64_t outputs = 2 * between(1, 3);
    const std::int64_t group = between(1, 2);
    add_weighted("Deconvolution", bottom, {in[0], outputs, extent(in[2]), extent(in[3])},
                 "convolution_param { num_output: " + std::to_string(outputs) + " group: " + std::to_string(group) +
                     window.text(),
                 {in[1], outputs / group, window.kernel, window.kernel}, outputs);
  }

  void add_inner_product(const Blob& bottom) {
    const std::int64_t outputs = between(2, 6);
    const auto inputs = static_cast<std::int64_t>(nuq::element_count(bottom.shape)) / bottom.shape[0];
    add_weighted("InnerProduct", bottom, {bottom.shape[0], outputs},
                 "inner_product_param { num_output: " + std::to_string(outputs), {outputs, inputs}, outputs);
  }

  /// `parameters` is left open for the bias.
  void add_weighted(const std::string& type, const Blob& bottom, const Shape& top, const std::string& parameters,
                    const Shape& weights, std::int64_t outputs) {
    const bool bias = !one_in(3);
    std::vector<Tensor> blobs = {random_tensor(weights, -0.5, 0.5)};
    if (bias) blobs.push_back(random_tensor({outputs}, -1.0, 1.0));
    blobs_.push_back({new_name(), top});
    add_line(type, bottom.name, blobs_.back().name, parameters + (bias ? "" : " bias_term: false") + " }", blobs);
  }

  void add_batch_norm(const Blob& bottom) {
    const Shape shape = channel_shape(bottom);
    const bool untrained = one_in(8);
    const Tensor factor = untrained ? filled({1}, 0.0F) : random_tensor({1}, 0.5, 2.0);
    add_elementwise("BatchNorm", bottom, untrained ? "batch_norm_param { eps: 0.25 }" : "",
                    {random_tensor(shape, -1.0, 1.0), random_tensor(shape, 0.25, 2.0), factor});
  }

  void add_scale(const Blob& bottom) {
    const bool bias = one_in(2);
    std::vector<Tensor> blobs = {random_tensor(channel_shape(bottom), -1.5, 1.5)};
    if (bias) blobs.push_back(random_tensor(channel_shape(bottom), -1.0, 1.0));
    add_elementwise("Scale", bottom, bias ? "scale_param { bias_term: true }" : "", blobs);
  }

  void add_bias(const Blob& bottom) {
    const bool from_end = bottom.shape.size() == 4 && one_in(2);
    add_elementwise("Bias", bottom, from_end ? "bias_param { axis: -3 }" : "",
                    {random_tensor(channel_shape(bottom), -1.0, 1.0)});
  }

  void add_relu_or_sum(const Blob& bottom) {
    for (const Blob& other : blobs_) {
      if (other.name == bottom.name || other.shape != bottom.shape || !one_in(2)) continue;
      const std::string bottoms = bottom.name + "' bottom: '" + other.name;
      blobs_.push_back({new_name(), bottom.shape});
      return add_line("Eltwise", bottoms, blobs_.back().name, "", {});
    }
    add_elementwise("ReLU", bottom, "relu_param { negative_slope: 0.25 }", {});
  }

  void add_elementwise(const std::string& type, const Blob& bottom, const std::string& rest,
                       const std::vector<Tensor>& blobs) {
    const std::string top = one_in(2) ? bottom.name : new_name();
    if (top != bottom.name) blobs_.push_back({top, bottom.shape});
    add_line(type, bottom.name, top, rest, blobs);
  }

  void add_line(const std::string& type, const std::string& bottom, const std::string& top, const std::string& rest,
                const std::vector<Tensor>& blobs) {
    const std::string name = "layer" + std::to_string(lines_.size());
    lines_[name] = "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top + "' " +
                   rest + " } # " + name + "\n";
    text_ += lines_[name];
    if (!blobs.empty()) weights_.layer(name, type, blobs);
  }

  [[nodiscard]] Window random_window() { return {between(1, 3), between(1, 2), one_in(3) ? 1 : 0, one_in(4) ? 2 : 1}; }
  /// One value per channel, now and then in the shape of old files.
  [[nodiscard]] Shape channel_shape(const Blob& blob) {
    return one_in(3) ? Shape{1, 1, 1, blob.shape[1]} : Shape{blob.shape[1]};
  }
  [[nodiscard]] std::string new_name() { return "blob" + std::to_string(blobs_.size()); }
  [[nodiscard]] static std::string dims(const Shape& shape) {
    std::string text;
    for (const std::int64_t extent : shape) text += "dim: " + std::to_string(extent) + " ";
    return text;
  }
  [[nodiscard]] Tensor random_tensor(Shape shape, double low, double high) {
    Tensor tensor(std::move(shape));
    for (float& value : tensor.values)
      value = static_cast<float>(low + (high - low) * static_cast<double>(engine_() >> 11U) * 0x1.0p-53);
    return tensor;
  }

  std::mt19937_64 engine_;
  std::string text_;
  std::map<std::string, std::string> lines_;  // by layer
  SmallWeights weights_;
  std::vector<Blob> blobs_;
  Tensor data_;
};

/// The values that no layer reads, by blob.
std::map<std::string, Tensor> network_outputs(const nuq::Graph& graph, const Tensor& data) {
  nuq::EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", data.view());
  engine.forward();
  std::map<std::string, Tensor> outputs;
  for (std::size_t value = 0; value < graph.values.size(); ++value) {
    if (!graph.consumers(value).empty()) continue;
    const nuq::TensorView output = engine.output(graph.values[value].blob);
    outputs[graph.values[value].blob] = {output.shape, {output.values.begin(), output.values.end()}};
  }
  return outputs;
}

/// Largest difference of any output, in units of that output's largest value.
double relative_difference(const std::map<std::string, Tensor>& got, const std::map<std::string, Tensor>& wanted) {
  REQUIRE(got.size() == wanted.size());
  double worst = 0.0;
  for (const auto& output : wanted) {
    CAPTURE(output.first);
    REQUIRE(got.count(output.first) == 1);
    const Tensor& tensor = output.second;
    const Tensor& other = got.at(output.first);
    REQUIRE(other.shape == tensor.shape);
    double largest = 0.0;
    double difference = 0.0;
    for (std::size_t index = 0; index < tensor.values.size(); ++index) {
      const double value = static_cast<double>(tensor.values[index]);
      largest = (std::max)(largest, std::fabs(value));
      difference = (std::max)(difference, std::fabs(static_cast<double>(other.values[index]) - value));
    }
    if (difference > 0.0) worst = (std::max)(worst, difference / largest);
  }
  return worst;
}

bool is_affine(const nuq::Node& node) {
  return nuq::is<nuq::ops::BatchNorm>(node) || nuq::is<nuq::ops::Scale>(node) || nuq::is<nuq::ops::Bias>(node);
}

/// BatchNorm, Scale and Bias layers that alone read the output of a layer that they could have been folded into.
std::size_t unfolded_followers(const nuq::Graph& graph, const nuq::FusionOptions& options) {
  std::size_t count = 0;
  for (const nuq::Node& node : graph.nodes) {
    if (!is_affine(node) || graph.consumers(node.inputs[0]).size() != 1) continue;
    const std::size_t producer = graph.values[node.inputs[0]].producer;
    if (producer == nuq::Value::network_input) continue;
    const nuq::Node& before = graph.nodes[producer];
    if (nuq::has_weight_matrix(before) && options.skipped.count(before.name) == 0) ++count;
  }
  return count;
}

/// Reads the network that `graph` was made of from the files that a rewriter makes of it.
void check_rewritten(const nuq::Graph& graph, const RandomNetwork& network,
                     const std::map<std::string, Tensor>& wanted) {
  const nuq::Model model = nuq::ModelRewriter(graph).finish();
  const nuq::Graph again = reread(model);
  REQUIRE(again.nodes.size() == graph.nodes.size());
  CHECK(relative_difference(network_outputs(again, network.data()), wanted) == 0.0);
  for (const nuq::Node& node : graph.nodes) {
    if (node.fused.empty()) CHECK(model.text.find("\n" + network.line(node.name)) != std::string::npos);
  }
}

TEST_CASE("random networks compute the same before and after fusion, in memory and from the rewritten files") {
  std::size_t folded_behind = 0;
  std::size_t folded_before = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    RandomNetwork network(seed);
    CAPTURE(network.text());
    const nuq::Graph original = network.graph();
    nuq::FusionOptions options;
    for (const nuq::Node& node : original.nodes) {
      if (nuq::has_weight_matrix(node) && network.one_in(10)) options.skipped.insert(node.name);
    }
    nuq::Graph graph = original;
    nuq::fuse(graph, options);
    CHECK(unfolded_followers(graph, options) == 0);
    for (const nuq::Node& node : graph.nodes) {
      const nuq::Node& before = *original.find(node.name);
      if (options.skipped.count(node.name) > 0) REQUIRE(node.fused.empty());
      if (node.fused.empty()) continue;
      const bool takes_new_input = graph.values[node.inputs[0]].blob != original.values[before.inputs[0]].blob;
      (takes_new_input ? folded_before : folded_behind) += 1;
    }
    const std::map<std::string, Tensor> outputs = network_outputs(graph, network.data());
    CHECK(relative_difference(outputs, network_outputs(original, network.data())) < 1e-5);
    check_rewritten(graph, network, outputs);
  }
  CHECK(folded_behind > 100);
  CHECK(folded_before > 20);
}

TEST_CASE("without fusion a random network stays as it is, text and weights") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const RandomNetwork network(seed);
    nuq::Graph graph = network.graph();
    nuq::FusionOptions options;
    options.enabled = false;
    nuq::fuse(graph, options);
    CHECK(graph.nodes.size() == network.graph().nodes.size());
    const nuq::Model model = nuq::ModelRewriter(graph).finish();
    CHECK(model.text == network.text());
    CHECK(model.weights.SerializeAsString() == nuq::caffe_model(graph)->weights.SerializeAsString());
  }
}

}  // namespace engine_fused_network_test
