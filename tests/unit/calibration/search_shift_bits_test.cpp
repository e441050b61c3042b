#include "nuq/calibration/search_shift_bits.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../caffe/small_network.hpp"
#include "../error_of.hpp"
#include "../random_values.hpp"

namespace calibration_search_shift_bits_test {

/// Shows every layer the output that the test has set for it.
class ScriptedEngine {
 public:
  explicit ScriptedEngine(const nuq::Graph& graph) : graph_(graph) {}

  void load(const nuq::Graph&) {}
  void set_input(const std::string& layer, const nuq::TensorView& tensor) {
    outputs_[layer] = nuq::Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
  }
  template <class Observer>
  void forward(Observer&& observer) {
    for (const nuq::Node& node : graph_.nodes) {
      if (outputs_.count(node.name) == 0) continue;
      const std::vector<nuq::TensorView> outputs{outputs_.at(node.name).view()};
      observer(node, nuq::ArrayView<const nuq::TensorView>(), nuq::ArrayView<const nuq::TensorView>(outputs));
    }
  }

 private:
  const nuq::Graph& graph_;
  std::map<std::string, nuq::Tensor> outputs_;
};

/// 'conv' with two channels, and 'fc' behind it.
nuq::Graph chain() {
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("fc", "InnerProduct", {counting({3, 4}, 1.0F)});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 1 dim: 1 dim: 2 }"
      "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param { num_output: 2 "
      "kernel_size: 1 bias_term: false } }"
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'conv' top: 'fc' inner_product_param { num_output: 3 bias_term: "
      "false } }",
      weights);
}

/// Dequantization scales {0.5, 2} of 'conv' and {0.25} of 'fc'.
nuq::NetworkQuantization quantization_of_chain() {
  nuq::NetworkQuantization quantization;
  quantization["conv"].weights = {2, 1, {1.0F, 4.0F}, {1, 2}};
  quantization["fc"].weights = {3, 4, {0.5F}, std::vector<std::int8_t>(12, 1)};
  for (auto& [name, layer] : quantization) layer.activation = nuq::ActivationScale{0.5F, 0, false};
  return quantization;
}

int searched(const std::vector<std::vector<float>>& runs, float scale) {
  nuq::SearchN search;
  for (const std::vector<float>& run : runs) search.observe(run, scale);
  return search.finish();
}

TEST_CASE("each channel with a scale of its own gets the shift of its own sums, over all batches") {
  const nuq::Graph graph = chain();
  ScriptedEngine engine(graph);
  const auto found =
      nuq::search_shift_bits(graph, quantization_of_chain(), engine, 2, [](ScriptedEngine& target, int batch) {
        const std::vector<float> conv = batch == 0 ? std::vector<float>{1.0F, 2.0F, 3e6F, 4.0F, 5.0F, 6.0F, 7.0F, 8e5F}
                                                   : std::vector<float>{9e4F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F, 1e7F, 8.0F};
        target.set_input("conv", nuq::TensorView{{2, 2, 1, 2}, conv});
        target.set_input("fc", nuq::TensorView{{2, 3}, std::vector<float>{1e5F, 2e5F, 3e5F, 4e5F, 5e5F, 6.0F}});
      });
  REQUIRE(found.size() == 2);
  const std::vector<int>& conv = found.at("conv").shift_bit;
  REQUIRE(conv.size() == 2);
  CHECK_FALSE(found.at("conv").shares_scale);
  CHECK(conv[0] == searched({{1.0F, 2.0F, 5.0F, 6.0F}, {9e4F, 2.0F, 5.0F, 6.0F}}, 0.5F));
  CHECK(conv[1] == searched({{3e6F, 4.0F, 7.0F, 8e5F}, {3.0F, 4.0F, 1e7F, 8.0F}}, 2.0F));
  CHECK(conv[0] != conv[1]);
  CHECK(found.at("fc").shift_bit == std::vector<int>{searched({{1e5F, 2e5F, 3e5F, 4e5F, 5e5F, 6.0F}}, 0.25F)});
  CHECK_FALSE(found.at("fc").shares_scale);
}

TEST_CASE("channels of one value each count as one channel with the largest scale") {
  const nuq::Graph graph = chain();
  ScriptedEngine engine(graph);
  const std::vector<float> conv = {1e4F, 8e5F, 3.0F, -9e5F};
  const auto found =
      nuq::search_shift_bits(graph, quantization_of_chain(), engine, 1, [&conv](ScriptedEngine& target, int) {
        target.set_input("conv", nuq::TensorView{{2, 2, 1, 1}, conv});
        target.set_input("fc", nuq::TensorView{{1, 3}, std::vector<float>{1.0F, 2.0F, 3.0F}});
      });
  const int shift = searched({conv}, 2.0F);
  CHECK(found.at("conv").shift_bit == std::vector<int>{shift, shift});
  CHECK(found.at("conv").shares_scale);
}

/// 'conv' and 'other' side by side, two channels each.
nuq::Graph graph_of_two() {
  SmallWeights weights;
  weights.layer("conv", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("other", "Convolution", {counting({2, 1, 1, 1}, 1.0F)});
  const auto conv = [](const std::string& name) {
    return "layer { name: '" + name + "' type: 'Convolution' bottom: 'data' top: '" + name +
           "' convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }";
  };
  return graph_of("input: 'data' input_shape { dim: 1 dim: 1 dim: 1 dim: 2 }" + conv("conv") + conv("other"), weights);
}

/// Dequantization scales {0.5, 2} of 'conv' and {1, 2} of 'other'.
nuq::NetworkQuantization quantization_of_two() {
  nuq::NetworkQuantization quantization;
  quantization["conv"].weights = {2, 1, {1.0F, 4.0F}, {1, 2}};
  quantization["other"].weights = {2, 1, {2.0F, 4.0F}, {1, 2}};
  for (auto& [name, layer] : quantization) layer.activation = nuq::ActivationScale{0.5F, 0, false};
  return quantization;
}

TEST_CASE("layers that share their shifts get those that lose least of all their outputs") {
  const nuq::Graph graph = graph_of_two();
  const std::vector<float> conv = {3e4F, 7.0F, 1e5F, 3e6F};
  const std::vector<float> other = {9e5F, 1.0F, 20.0F, 30.0F};
  const auto feed = [&](ScriptedEngine& target, int) {
    target.set_input("conv", nuq::TensorView{{1, 2, 1, 2}, conv});
    target.set_input("other", nuq::TensorView{{1, 2, 1, 2}, other});
  };
  ScriptedEngine engine(graph);
  const auto joint = nuq::search_joint_shift_bits(graph, quantization_of_two(), {{"conv", "other"}}, engine, 1, feed);
  const auto alone = nuq::search_shift_bits(graph, quantization_of_two(), engine, 1, feed);
  REQUIRE(joint.size() == 2);
  CHECK(joint.at("conv").shift_bit == joint.at("other").shift_bit);
  CHECK(alone.at("conv").shift_bit != alone.at("other").shift_bit);
  for (std::size_t channel = 0; channel < 2; ++channel) {
    // The definition: Σ (x − s16 · 2ᴺ · scale)² over both layers, by brute force.
    int best = 0;
    double least = 0.0;
    for (int shift = 1; shift <= 16; ++shift) {
      double error = 0.0;
      const auto lose = [&](float output, double scale) {
        const double sum = std::round(static_cast<double>(output) / scale);
        const double power = std::pow(2.0, shift);
        const double kept = std::fmin(std::floor(sum / power), 32767.0) * power;
        error += (sum - kept) * (sum - kept) * scale * scale;
      };
      for (std::size_t at = channel * 2; at < channel * 2 + 2; ++at) {
        lose(conv[at], channel == 0 ? 0.5 : 2.0);
        lose(other[at], channel == 0 ? 1.0 : 2.0);
      }
      if (best == 0 || error < least) {
        best = shift;
        least = error;
      }
    }
    CHECK(joint.at("conv").shift_bit[channel] == best);
  }
}

TEST_CASE("layers outside of the groups are neither observed nor needed") {
  const nuq::Graph graph = graph_of_two();
  nuq::NetworkQuantization quantization = quantization_of_two();
  quantization["fc"].weights = {3, 4, {0.5F}, std::vector<std::int8_t>(12, 1)};
  ScriptedEngine engine(graph);
  const std::vector<float> output = {1.0F, 2.0F, 3.0F, 4.0F};
  const auto found =
      nuq::search_joint_shift_bits(graph, quantization, {{"conv"}}, engine, 1, [&](ScriptedEngine& target, int) {
        target.set_input("conv", nuq::TensorView{{1, 2, 1, 2}, output});
      });
  CHECK(found.size() == 1);
  CHECK(found.at("conv").shift_bit.size() == 2);
}

TEST_CASE("what stands in the way of the search is named") {
  const nuq::Graph graph = chain();
  nuq::NetworkQuantization quantization = quantization_of_chain();
  ScriptedEngine engine(graph);
  const auto feed = [](ScriptedEngine& target, int) {
    target.set_input("conv", nuq::TensorView{{1, 2, 1, 1}, std::vector<float>{1.0F, 2.0F}});
  };
  const auto run = [&](int batches) {
    static_cast<void>(nuq::search_shift_bits(graph, quantization, engine, batches, feed));
  };
  CHECK(error_of<nuq::ModelError>([&] { run(1); }).says("net.prototxt: layer 'fc': output is not computed"));
  CHECK(error_of<nuq::ConfigError>([&] { run(0); }).code == nuq::ErrorCode::nothing_to_do);
  quantization.at("fc").activation.reset();
  CHECK(error_of<nuq::RecordError>([&] { run(1); }).says("layer 'fc': no scale_d is recorded"));
}

}  // namespace calibration_search_shift_bits_test
