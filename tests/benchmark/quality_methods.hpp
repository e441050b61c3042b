#ifndef NUQ_TESTS_BENCHMARK_QUALITY_METHODS_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_METHODS_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/assign/nearest_level.hpp"
#include "nuq/quantize/codebook/lloyd.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "quality_network.hpp"

/// Quantizes the weights of one layer to a number of levels.
using LayerMethod = std::function<nuq::LayerQuantization(const QualityLayer&, int levels, nuq::Parallel&)>;

/// One way to choose levels and to map weights to them. Of several variants (seeds) the one of median damage counts.
struct QualityMethod {
  std::string name;
  std::vector<LayerMethod> variants;
};

namespace method_names {
inline const std::string int8 = "int8";
inline const std::string lloyd = "Lloyd, nearest";
inline const std::string exact = "exact, nearest";
inline const std::string feedback_without_data = "exact, feedback without data";
inline const std::string feedback = "exact, feedback";
inline const std::string sequential = "exact, feedback, sequential";
inline const std::string uniform_feedback = "uniform step, feedback";  // much as GPTQ has it
inline const std::string rate_constrained = "rate-constrained feedback";
inline const std::string static_curve = "static_nuq at a price";
}  // namespace method_names

/// Which statistics a method gets; null: none.
using Knowledge = nuq::LayerStatistics QualityLayer::*;

/// A quantizer as a method. Without rounds the scales stay the weight quantizer's, as the vendor leaves them.
template <class Quantizer>
[[nodiscard]] LayerMethod layer_method(Quantizer quantizer, Knowledge knowledge,
                                       int max_rounds = nuq::NuqParameters{}.max_rounds) {
  return [=](const QualityLayer& layer, int levels, nuq::Parallel& parallel) {
    nuq::NuqParameters parameters;
    parameters.num_steps = levels;
    parameters.max_rounds = max_rounds;
    parameters.bias_correction = layer.bias_correction;
    nuq::NuqResult result = quantizer.quantize(nuq::WeightMatrix(*layer.node).view(), layer.granularity, parameters,
                                               knowledge == nullptr ? nullptr : &(layer.*knowledge), parallel);
    nuq::LayerQuantization quantized;
    quantized.weights = std::move(result.weights);
    quantized.bias_correction = std::move(result.bias_correction);
    return quantized;
  };
}

/// The vendor's way: k-means, with five seeds.
[[nodiscard]] inline std::vector<LayerMethod> lloyd_variants() {
  std::vector<LayerMethod> variants;
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U, 4U}) {
    const nuq::NonUniformQuantizer lloyd(nuq::AbsMaxQuantizer{}, nuq::LloydCodebook{seed}, nuq::NearestLevel{});
    variants.push_back(layer_method(lloyd, nullptr, 0));
  }
  return variants;
}

/// The methods that are told a number of levels.
[[nodiscard]] inline std::vector<QualityMethod> quality_methods() {
  const nuq::NonUniformQuantizer uniform(nuq::AbsMaxQuantizer{}, nuq::UniformStepCodebook{}, nuq::NearestLevel{});
  const nuq::NonUniformQuantizer exact(nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, nuq::NearestLevel{});
  const nuq::NonUniformQuantizer feedback(nuq::AbsMaxQuantizer{}, nuq::OptimalCodebook{}, nuq::ErrorFeedback{});
  const nuq::NonUniformQuantizer uniform_feedback(nuq::AbsMaxQuantizer{}, nuq::UniformStepCodebook{},
                                                  nuq::ErrorFeedback{});
  return {
      {"uniform step, nearest", {layer_method(uniform, nullptr, 0)}},
      {method_names::lloyd, lloyd_variants()},
      {method_names::exact, {layer_method(exact, nullptr)}},
      {"exact for the diagonal, nearest", {layer_method(exact, &QualityLayer::diagonal)}},
      {method_names::feedback_without_data, {layer_method(feedback, &QualityLayer::without_data)}},
      {method_names::feedback, {layer_method(feedback, &QualityLayer::full)}},
      {method_names::uniform_feedback, {layer_method(uniform_feedback, &QualityLayer::full)}},
  };
}

/// The method that is told the price of a bit instead; `levels` bounds their number.
[[nodiscard]] inline LayerMethod rate_constrained(double price) {
  return layer_method(nuq::RateQuantizer{}.at_price(price), &QualityLayer::full);
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_METHODS_HPP
