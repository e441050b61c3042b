#include "nuq/engine/custom_layers.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../error_of.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/engine/net.hpp"

namespace engine_custom_layers_test {

/// y = min(x, limit), the limit from a message that no schema knows.
struct Limit {
  static constexpr std::string_view type = "Limit";
  static constexpr bool in_place = true;
  static std::vector<nuq::Shape> output_shapes(const nuq::LayerRef&, const std::vector<nuq::Shape>& inputs) {
    return inputs;
  }
  explicit Limit(const nuq::LayerRef& layer) {
    const std::optional<std::string_view> text = nuq::text_value(layer.text(), {"limit_param", "limit"});
    if (!text) layer.fail(nuq::ErrorCode::malformed_file, "has no limit");
    limit = std::stof(std::string(*text));
  }
  void forward(const nuq::LayerCall& call) const {
    for (std::size_t at = 0; at < call.inputs[0].values.size(); ++at) {
      call.outputs[0].values[at] = call.inputs[0].values[at] < limit ? call.inputs[0].values[at] : limit;
    }
  }
  float limit = 0.0F;
};

nuq::Net net_with(const std::string& layers) {
  const std::string text = "input: 'data' input_dim: 1 input_dim: 3 " + layers;
  return nuq::Net(nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", {}))),
                  1, nuq::custom_layers<Limit>());
}

TEST_CASE("each custom layer reads its own parameters, which no schema knows") {
  nuq::Net net = net_with(
      "layer { name: 'a' type: 'Limit' bottom: 'data' top: 'a' limit_param { limit: 2.5 } } "
      "layer { name: 'b' type: 'Limit' bottom: 'a' top: 'a' limit_param { limit: 2 } }"
      "layer { name: 'c' type: 'Limit' bottom: 'data' top: 'c' limit_param { limit: -1 } }");
  const nuq::Tensor input({1, 3}, {1.0F, 2.25F, 3.0F});
  net.set_input("data", input.view());
  std::vector<std::vector<float>> outputs;
  net.forward([&](const nuq::Node&, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> out) {
    outputs.emplace_back(out[0].values.begin(), out[0].values.end());
  });
  CHECK(outputs == std::vector<std::vector<float>>{{1.0F, 2.25F, 2.5F}, {1.0F, 2.0F, 2.0F}, {-1.0F, -1.0F, -1.0F}});
}

TEST_CASE("a parameter that is missing is the layer's own error") {
  CHECK(error_of<nuq::ModelError>([] {
          static_cast<void>(net_with("layer { name: 'a' type: 'Limit' bottom: 'data' top: 'a' }"));
        }).says("net.prototxt: layer 'a': has no limit"));
}

}  // namespace engine_custom_layers_test
