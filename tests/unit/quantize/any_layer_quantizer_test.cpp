#include "nuq/quantize/any_layer_quantizer.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"

namespace quantize_any_layer_quantizer_test {

/// The least that a LayerQuantizer has.
struct OneLevel {
  [[nodiscard]] nuq::NuqResult quantize(nuq::MatrixView<const float> weights, nuq::Granularity,
                                        const nuq::NuqParameters&, const nuq::LayerStatistics*, nuq::Parallel&) const {
    return {{weights.rows(), weights.cols(), {1.0F}, std::vector<std::int8_t>(weights.size(), 7)},
            nuq::Codebook::all(),
            0.0,
            0.0};
  }
};

const std::vector<float> values = {1.0F, -0.5F, 0.25F, 0.75F, 0.1F, -1.0F};

nuq::MatrixView<const float> weights() {
  return {values.data(), 2, 3};
}

TEST_CASE("a quantizer does through AnyLayerQuantizer what it does alone") {
  nuq::Parallel serial;
  nuq::NuqParameters parameters;
  parameters.num_steps = 3;
  const nuq::NonUniformQuantizer<> alone;
  const nuq::AnyLayerQuantizer any(alone);
  const auto row = nuq::Granularity::per_channel;
  CHECK(any.quantize(weights(), row, parameters, nullptr, serial).weights.levels ==
        alone.quantize(weights(), row, parameters, nullptr, serial).weights.levels);
  CHECK(any.quantize_uniformly(weights(), row).levels ==
        nuq::quantize_weights(alone.quantizer(), weights(), row).levels);
  CHECK_FALSE(any.is_priced());
  CHECK(any.ignores_iterations());
}

TEST_CASE("a price reaches the quantizer") {
  nuq::Parallel serial;
  const nuq::NuqParameters parameters;
  const nuq::AnyLayerQuantizer any{nuq::RateQuantizer{}};
  REQUIRE(any.is_priced());
  const auto tensor = nuq::Granularity::per_tensor;
  const nuq::NuqResult expected =
      nuq::RateQuantizer{}.at_price(0.5).quantize(weights(), tensor, parameters, nullptr, serial);
  const nuq::NuqResult priced = any.at_price(0.5).quantize(weights(), tensor, parameters, nullptr, serial);
  CHECK(priced.weights.levels == expected.weights.levels);
  CHECK(priced.weights.scales == expected.weights.scales);
}

TEST_CASE("a watched quantizer tells of each layer, at any price, and does what it did") {
  nuq::Parallel serial;
  const nuq::NuqParameters parameters;
  const auto tensor = nuq::Granularity::per_tensor;
  int layers = 0;
  const nuq::AnyLayerQuantizer any{nuq::RateQuantizer{}};
  const nuq::AnyLayerQuantizer watched = any.watched([&layers] { ++layers; });
  REQUIRE(watched.is_priced());
  CHECK(watched.at_price(0.5).quantize(weights(), tensor, parameters, nullptr, serial).weights.levels ==
        any.at_price(0.5).quantize(weights(), tensor, parameters, nullptr, serial).weights.levels);
  CHECK(layers == 1);
  static_cast<void>(watched.quantize_uniformly(weights(), tensor));
  CHECK(layers == 1);
  static_cast<void>(watched.quantize(weights(), tensor, parameters, nullptr, serial));
  CHECK(layers == 2);
  CHECK_FALSE(nuq::AnyLayerQuantizer(OneLevel{}).watched([] {}).is_priced());
}

TEST_CASE("a quantizer with nothing but quantize is enough; layers at int8 take the default scales") {
  nuq::Parallel serial;
  const nuq::AnyLayerQuantizer any{OneLevel{}};
  const auto row = nuq::Granularity::per_channel;
  CHECK(any.quantize(weights(), row, {}, nullptr, serial).weights.levels == std::vector<std::int8_t>(6, 7));
  CHECK(any.quantize_uniformly(weights(), row).levels ==
        nuq::quantize_weights(nuq::AbsMaxQuantizer{}, weights(), row).levels);
  CHECK_FALSE(any.is_priced());
  CHECK_FALSE(any.ignores_iterations());
}

}  // namespace quantize_any_layer_quantizer_test
