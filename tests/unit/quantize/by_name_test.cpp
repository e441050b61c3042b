#include "nuq/quantize/by_name.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../random_values.hpp"

namespace quantize_by_name_test {

const std::vector<float> values = random_values(4 * 50, 7);

std::vector<std::int8_t> levels_of(const nuq::AnyLayerQuantizer& quantizer) {
  nuq::Parallel serial;
  nuq::NuqParameters parameters;
  parameters.num_steps = 8;
  return quantizer.quantize({values.data(), 4, 50}, nuq::Granularity::per_channel, parameters, nullptr, serial)
      .weights.levels;
}

TEST_CASE("names stand for the policies") {
  using nuq::AbsMaxQuantizer;
  using nuq::ErrorFeedback;
  using nuq::NearestLevel;
  const auto named = [](const char* scales, const char* codebook, const char* assigner) {
    return levels_of(nuq::quantizer_named({scales, codebook, assigner}, 3));
  };
  CHECK(named("", "", "") == levels_of(nuq::NonUniformQuantizer<>{}));
  CHECK(named("abs-max", "optimal", "feedback") == levels_of(nuq::NonUniformQuantizer<>{}));
  CHECK(named("mse", "", "") == levels_of(nuq::NonUniformQuantizer<nuq::MseScaleQuantizer>{}));
  CHECK(named("", "uniform-step", "nearest") ==
        levels_of(nuq::NonUniformQuantizer<AbsMaxQuantizer, nuq::UniformStepCodebook, NearestLevel>{}));
  nuq::LloydCodebook lloyd;
  lloyd.seed = 3;
  CHECK(named("", "lloyd", "") ==
        levels_of(nuq::NonUniformQuantizer<AbsMaxQuantizer, nuq::LloydCodebook>{AbsMaxQuantizer{}, lloyd}));
}

TEST_CASE("levels that know what bits cost have a price") {
  CHECK(nuq::quantizer_named({"", "entropy-constrained", ""}).is_priced());
  CHECK_FALSE(nuq::quantizer_named({"", "optimal", ""}).is_priced());
}

TEST_CASE("a name that no policy has is refused, with those that are known") {
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::quantizer_named({"", "best", ""})),
                       doctest::Contains("codebook 'best': wanted optimal, lloyd"), nuq::ConfigError);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::quantizer_named({"", "", "best"})),
                       doctest::Contains("assigner 'best': wanted feedback or nearest"), nuq::ConfigError);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::quantizer_named({"best", "", ""})),
                       doctest::Contains("scales 'best': wanted abs-max or mse"), nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(nuq::quantizer_named({"", "entropy-constrained", "nearest"})), nuq::ConfigError);
}

}  // namespace quantize_by_name_test
