#include "nuq/quantize/scales/contracts.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/mse_scale.hpp"
#include "nuq/quantize/scales/rate_step.hpp"

namespace quantize_scales_contracts_test {

/// All weights one level.
struct Plain {
  nuq::QuantizedWeights quantize(nuq::MatrixView<const float> weights, nuq::Granularity) const {
    return {weights.rows(), weights.cols(), {1.0F}, std::vector<std::int8_t>(weights.size(), 1)};
  }
};

/// The scale tells what it was asked for.
struct Purposeful : Plain {
  std::vector<float> scales(nuq::MatrixView<const float>, nuq::Granularity,
                            const nuq::QuantizationPurpose& purpose) const {
    return {static_cast<float>(purpose.num_steps) + (purpose.statistics == nullptr ? 0.0F : 0.5F)};
  }
};

struct ScalesOnly {
  std::vector<float> scales(nuq::MatrixView<const float>, nuq::Granularity, const nuq::QuantizationPurpose&) const {
    return {};
  }
};

static_assert(nuq::is_weight_quantizer_v<Plain> && !nuq::takes_purpose_v<Plain>);
static_assert(nuq::is_weight_quantizer_v<Purposeful> && nuq::takes_purpose_v<Purposeful>);
static_assert(!nuq::is_weight_quantizer_v<ScalesOnly>);
static_assert(nuq::is_weight_quantizer_v<nuq::AbsMaxQuantizer> && nuq::takes_purpose_v<nuq::AbsMaxQuantizer>);
static_assert(nuq::is_weight_quantizer_v<nuq::RateStepQuantizer> && nuq::takes_purpose_v<nuq::RateStepQuantizer>);
static_assert(nuq::is_weight_quantizer_v<nuq::MseScaleQuantizer> && nuq::takes_purpose_v<nuq::MseScaleQuantizer>);

TEST_CASE("a quantizer is told its purpose if it wants to know") {
  const std::vector<float> weights(6, 0.5F);
  const nuq::MatrixView<const float> view(weights.data(), 2, 3);
  const nuq::LayerStatistics statistics;
  constexpr nuq::Granularity whole = nuq::Granularity::per_tensor;
  CHECK(nuq::weight_scales(Purposeful{}, view, whole, {32, &statistics}).at(0) == 32.5F);
  CHECK(nuq::weight_scales(Purposeful{}, view, whole, {}).at(0) == 256.0F);
  CHECK(nuq::quantize_weights(Purposeful{}, view, whole).scales.at(0) == 1.0F);
  CHECK(nuq::weight_scales(Plain{}, view, whole, {32, &statistics}).at(0) == 1.0F);
}

}  // namespace quantize_scales_contracts_test
