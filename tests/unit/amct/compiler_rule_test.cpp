#include "nuq/amct/compiler_rule.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>

#include "network.hpp"

namespace amct_compiler_rule_test {

nuq::ConvolutionGeometry convolution(std::int64_t out, std::int64_t in, std::int64_t kernel, std::int64_t side) {
  nuq::ConvolutionGeometry geometry;
  geometry.out_channels = out;
  geometry.in_channels = in;
  geometry.y.kernel = geometry.x.kernel = kernel;
  geometry.y.output = geometry.x.output = side;
  return geometry;
}

TEST_CASE("with aligned channels the output's size decides, by the chip") {
  // Closed form: ratio = 512 / (rate · ⌈pixels / 16⌉) ≥ 0.8.
  const auto largest_map = [](const std::string& soc) {
    std::int64_t pixels = 0;
    for (std::int64_t candidate = 1; candidate <= 1000; ++candidate) {
      nuq::ConvolutionGeometry geometry = convolution(512, 512, 3, 1);
      geometry.x.output = candidate;
      if (nuq::compresses_weights(nuq::soc_named(soc), geometry)) pixels = candidate;
    }
    return pixels;
  };
  CHECK(largest_map("Ascend310") == 144);
  CHECK(largest_map("Ascend910A") == 320);
  CHECK(largest_map("Ascend910B") == 320);
  CHECK(largest_map("Ascend310P3") == 592);
  CHECK(largest_map("Ascend310B1") == 592);
}

TEST_CASE("only more than 262144 weights are worth it") {
  const nuq::SocSpec soc = nuq::soc_named("Ascend310");
  CHECK_FALSE(nuq::compresses_weights(soc, convolution(512, 512, 1, 7)));
  CHECK(nuq::compresses_weights(soc, convolution(528, 512, 1, 7)));
}

TEST_CASE("unaligned channels occupy whole blocks of the matrix unit") {
  const nuq::SocSpec soc = nuq::soc_named("Ascend310");
  // ⌈144/16⌉·⌈33·49/32⌉·⌈512/16⌉ = 9·51·32 cycles against 33·49·512/67 weights: 0.8413; one more row of pixels: 0.757.
  CHECK(nuq::compresses_weights(soc, convolution(512, 33, 7, 12)));
  CHECK_FALSE(nuq::compresses_weights(soc, convolution(512, 33, 7, 13)));
  // 17 output channels pay for 32: the ratio is halved.
  CHECK_FALSE(nuq::compresses_weights(soc, convolution(17, 4096, 3, 12)));
  CHECK(nuq::compresses_weights(soc, convolution(32, 4096, 3, 12)));
}

TEST_CASE("an unknown chip is refused with the known names") {
  const std::string message = message_of<nuq::ConfigError>([] { static_cast<void>(nuq::soc_named("Ascend311")); },
                                                           nuq::ErrorCode::unknown_name);
  CHECK(message ==
        "unknown chip 'Ascend311', wanted one of Ascend310, Ascend310B1, Ascend310P1, Ascend310P3, Ascend910A, "
        "Ascend910B");
}

TEST_CASE("of a network, large convolutions of group 1 and inner products are compressed") {
  const nuq::Graph graph = network(R"(input: "data" input_shape { dim: 1 dim: 512 dim: 8 dim: 8 }
    layer { name: "large" type: "Convolution" bottom: "data" top: "a" convolution_param { num_output: 512 kernel_size: 3 pad: 1 } }
    layer { name: "grouped" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 1024 kernel_size: 5 pad: 2 group: 2 } }
    layer { name: "small" type: "Convolution" bottom: "b" top: "c" convolution_param { num_output: 16 kernel_size: 1 } }
    layer { name: "fc" type: "InnerProduct" bottom: "c" top: "d" inner_product_param { num_output: 10 } })");
  const nuq::CompressibleLayers layers = nuq::compressible_layers(graph, nuq::soc_named("Ascend310"));
  CHECK(layers.names == std::set<std::string>{"large", "fc"});
  CHECK(layers.source == "the compiler's rule for Ascend310");
}

TEST_CASE("convolutions below an input of unknown shape are not compressed") {
  const nuq::Graph graph = network(R"(layer { name: "data" type: "Data" top: "data" }
    layer { name: "large" type: "Convolution" bottom: "data" top: "a" convolution_param { num_output: 512 kernel_size: 30 } })");
  CHECK(nuq::compressible_layers(graph, nuq::soc_named("Ascend310")).names.empty());
}

TEST_CASE("convolutions over volumes and lines are not compressed") {
  const auto compressed = [](const std::string& extents) {
    return nuq::compressible_layers(
               network("input: 'data' input_shape { dim: 1 dim: 512 " + extents +
                       "} layer { name: 'large' type: 'Convolution' bottom: 'data' top: 'a' convolution_param { "
                       "num_output: 512 kernel_size: 3 } }"),
               nuq::soc_named("Ascend310"))
        .names;
  };
  CHECK(compressed("dim: 3 dim: 3 ").size() == 1);
  CHECK(compressed("dim: 3 dim: 3 dim: 3 ").empty());
  CHECK(compressed("dim: 3 ").empty());
}

TEST_CASE("zoo: the rule for Ascend310 flags the same ten convolutions of ResNet-50 as the vendor's compiler did") {
  const auto zoo = model_zoo();
  if (!zoo) return;
  const nuq::Graph graph = nuq::load_graph(*zoo + "/models/prototxt/resnet50_kaiming.prototxt", "");
  std::set<std::string> names = nuq::compressible_layers(graph, nuq::soc_named("Ascend310")).names;
  CHECK(names.erase("fc1000") == 1);  // the sample's compiler, of 2020, left InnerProduct out
  CHECK(names == std::set<std::string>{"res5a_branch1", "res5a_branch2a", "res5a_branch2b", "res5a_branch2c",
                                       "res5b_branch2a", "res5b_branch2b", "res5b_branch2c", "res5c_branch2a",
                                       "res5c_branch2b", "res5c_branch2c"});
}

}  // namespace amct_compiler_rule_test
