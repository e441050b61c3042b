// One layer quantized inside another program, which has networks and files of its own: nuq/core.hpp, the standard
// library and Eigen.
//
//     nuq_embed_core [LEVELS]

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

#include "nuq/core.hpp"
#include "nuq/core/thread_pool.hpp"

namespace {

constexpr std::size_t outputs = 32;
constexpr std::size_t inputs = 72;
constexpr std::size_t samples = 2000;

/// The host's own layer, a matrix [outputs × inputs], and inputs that it has seen, of which neighbours are much alike.
struct HostLayer {
  std::vector<float> weights;
  std::vector<float> seen;  // [samples × inputs]
};

HostLayer host_layer() {
  HostLayer layer;
  for (std::size_t at = 0; at < outputs * inputs; ++at)
    layer.weights.push_back(0.1F * std::sin(0.37F * static_cast<float>(at * at % 10007)));
  float value = 0.0F;
  for (std::size_t at = 0; at < samples * inputs; ++at) {
    value = 0.9F * value + std::sin(static_cast<float>(at * at % 7919));
    layer.seen.push_back(value);
  }
  return layer;
}

/// What calibration is to know of a layer: how its inputs vary together.
nuq::LayerStatistics statistics_of(const HostLayer& layer) {
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.second_moments = nuq::Matrix(inputs, inputs);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    const float* const x = &layer.seen[sample * inputs];
    for (std::size_t row = 0; row < inputs; ++row) {
      for (std::size_t col = 0; col < inputs; ++col) {
        statistics.second_moments(static_cast<std::ptrdiff_t>(row), static_cast<std::ptrdiff_t>(col)) +=
            static_cast<double>(x[row]) * static_cast<double>(x[col]) / samples;
      }
    }
  }
  statistics.mean_squares = statistics.second_moments.diagonal();
  return statistics;
}

/// The mean squared change of the layer's outputs.
double output_change(const HostLayer& layer, const nuq::QuantizedWeights& quantized) {
  double sum = 0.0;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (std::size_t row = 0; row < outputs; ++row) {
      double change = 0.0;
      for (std::size_t col = 0; col < inputs; ++col) {
        const float difference = quantized.value(row, col) - layer.weights[row * inputs + col];
        change += static_cast<double>(difference * layer.seen[sample * inputs + col]);
      }
      sum += change * change;
    }
  }
  return sum / static_cast<double>(samples * outputs);
}

template <class Quantizer>
double try_quantizer(const char* name, const HostLayer& layer, const nuq::NuqParameters& parameters,
                     const nuq::LayerStatistics* statistics, const Quantizer& quantizer) {
  nuq::ThreadPool threads(2);
  const nuq::NuqResult result = quantizer.quantize({layer.weights.data(), outputs, inputs},
                                                   nuq::Granularity::per_channel, parameters, statistics, threads);
  const double change = output_change(layer, result.weights);
  std::printf("%-15s %3zu levels, %5.0f bytes instead of %zu, mean squared change of the outputs %.3g\n", name,
              result.codebook.size(), nuq::layer_bytes(nuq::EntropyRate{}, result.weights),
              sizeof(float) * layer.weights.size(), change);
  return change;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const HostLayer layer = host_layer();
    const nuq::LayerStatistics statistics = statistics_of(layer);
    nuq::NuqParameters parameters;
    parameters.num_steps = argc > 1 ? std::atoi(argv[1]) : 16;
    using nuq::AbsMaxQuantizer;
    using nuq::OptimalCodebook;
    const double nearest =
        try_quantizer("nearest levels:", layer, parameters, nullptr,
                      nuq::NonUniformQuantizer<AbsMaxQuantizer, OptimalCodebook, nuq::NearestLevel>{});
    const double feedback =
        try_quantizer("error feedback:", layer, parameters, &statistics,
                      nuq::NonUniformQuantizer<AbsMaxQuantizer, OptimalCodebook, nuq::ErrorFeedback>{});
    std::printf("what is known of the inputs leaves %.0f %% of the change\n", 100.0 * feedback / nearest);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
