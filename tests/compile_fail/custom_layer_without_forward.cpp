// expect: [nuq] a custom layer must provide: void forward(const LayerCall&) const
#include <string_view>
#include <vector>

#include "nuq/engine/custom_layers.hpp"

struct LayerWithoutForward {
  static constexpr std::string_view type = "CELU";
  static constexpr bool in_place = true;
  static std::vector<nuq::Shape> output_shapes(const nuq::LayerRef&, const std::vector<nuq::Shape>& inputs) {
    return inputs;
  }
  explicit LayerWithoutForward(const nuq::LayerRef&) {}
};

int main() {
  return nuq::custom_layers<LayerWithoutForward>().loaders.empty() ? 0 : 1;
}
