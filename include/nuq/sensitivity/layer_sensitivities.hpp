#ifndef NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
#define NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/assign/error_feedback.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/rate/contracts.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/quantize/scales/row_scales.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/sensitivity/detail/changed_layers.hpp"
#include "nuq/sensitivity/network_outputs.hpp"
#include "nuq/sensitivity/predicted_harm.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A layer at the levels −m … m over each row's range, with error feedback.
template <class Real = double>
[[nodiscard]] QuantizedWeights reference_quantization(MatrixView<const float> weights, Granularity granularity,
                                                      const LayerStatistics& statistics, int m, Parallel& parallel) {
  const auto scale_of = [m](ArrayView<const float> values) {
    return largest_magnitude(values) / static_cast<float>(m);
  };
  QuantizedWeights quantized{weights.rows(), weights.cols(), row_scales(weights, granularity, scale_of), {}};
  std::vector<int> levels;
  for (int level = -m; level <= m; ++level) levels.push_back(level);
  quantized.levels =
      ErrorFeedback{}
          .assign<Real>({weights, quantized.scales, &statistics, &parallel}, Codebook(levels.begin(), levels.end()))
          .levels;
  return quantized;
}

/// The same of a network's layer, its bias corrected as planned.
template <class Real = double>
[[nodiscard]] LayerQuantization reference_quantization(const Graph& graph, const Node& node, const LayerPlan& plan,
                                                       const LayerStatistics& statistics, int m, Parallel& parallel) {
  const WeightMatrix weights(node);
  LayerQuantization reference;
  with_error_place(graph.weights_file() + ": layer '" + node.name + "'", [&] {
    reference.weights =
        reference_quantization<Real>(weights.view(), granularity_of(node, plan), statistics, m, parallel);
  });
  if (has_own_bias(graph, node))
    reference.bias_correction =
        bias_correction<Real>(weights.view(), reference.weights, &statistics, plan.bias_correction);
  return reference;
}

/// Values that are not finite or not positive become the median of the others; 1 where there are none.
NUQ_FUNCTION void replace_useless_by_median(std::map<std::string, double>& values);

/// What is measured of one layer.
struct LayerInfluence {
  double slope = 0.0;   ///< P: damage at the network's outputs per unit of the layer's output error
  double energy = 0.0;  ///< of the layer's output
  double error = 0.0;   ///< of its reference quantization to 15 levels
};

using Influences = std::map<std::string, LayerInfluence>;

/// Gives the layers that have not been measured the slope that those measured have at equal energy.
NUQ_FUNCTION void estimate_slopes(Influences& influences, const std::vector<std::string>& layers);

/// How many of `batches` can be run `runs` times until the deadline, when all of them take `seconds` once; at least 1.
NUQ_FUNCTION [[nodiscard]] int affordable_batches(int batches, double runs, double seconds, const Deadline& deadline);

/// Changes one layer at a time and runs what depends on it: two forward passes over the data per layer at most.
template <class Engine, class Feed>
[[nodiscard]] Influences layer_influences(const Graph& graph, const QuantizationPlan& plan,
                                          const NetworkStatistics& statistics, Engine& engine, int batches, Feed& feed,
                                          const NetworkOutputs& original, const Deadline& deadline,
                                          Parallel& parallel) {
  std::vector<std::size_t> nodes;
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    if (statistics.count(graph.nodes[node].name) > 0) nodes.push_back(node);
  }
  ChangedLayers<Engine, Feed> changed(graph, nodes, engine, batches, feed, original);
  Influences influences;
  std::vector<std::string> not_measured;
  for (const std::size_t index : nodes) {
    Node node = graph.nodes[index];
    const LayerStatistics& known = statistics.at(node.name);
    LayerInfluence& influence = influences[node.name];
    influence.energy = output_energy(node, known, parallel);
    if (deadline.has_passed()) {
      not_measured.push_back(node.name);
      continue;
    }
    for (const int m : {6, 7}) {
      node.blobs = graph.nodes[index].blobs;
      const LayerQuantization reference = reference_quantization(graph, node, plan.at(node.name), known, m, parallel);
      influence.error = predicted_harm(node, reference.weights, known, parallel);
      set_quantized_blobs(node, reference);
      influence.slope += output_damage(original, changed.outputs(index, node.blobs)) / influence.error;
    }
  }
  estimate_slopes(influences, not_measured);
  return influences;
}

/// P^exponent · E^(1 − exponent) of every layer, E = 1 / energy.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, double> blended_sensitivities(const Influences& influences,
                                                                               double exponent);

/// The price of a bit at which layers of these sensitivities take about as many bits as in their reference
/// quantizations, whatever the unit of the sensitivities.
NUQ_FUNCTION [[nodiscard]] double reference_price(const Graph& graph, const Influences& influences,
                                                  const std::map<std::string, double>& sensitivities);

/// Damage of a network quantized at a price per bit, brought to equal size: a bit per weight less quadruples it.
template <class Engine, class Run>
[[nodiscard]] double damage_at_price(Graph graph, const QuantizationPlan& plan, const NetworkStatistics& statistics,
                                     const std::map<std::string, double>& sensitivities, double price, Engine& engine,
                                     const NetworkOutputs& original, Run&& run, Parallel& parallel) {
  double bytes = 0.0;
  double weights = 0.0;
  RateConstrainedErrorFeedback<EntropyRate> feedback;
  feedback.paths = 1;  // what is compared are sensitivities: more paths in the small layers alone would favour these
  for (Node& node : graph.nodes) {
    const auto known = statistics.find(node.name);
    if (known == statistics.end()) continue;
    const RateQuantizer quantizer = RateQuantizer({}, {}, feedback).at_price(price / sensitivities.at(node.name));
    const LayerQuantization quantized =
        quantize_layer(graph, node, plan.at(node.name), quantizer, &known->second, parallel);
    bytes += layer_bytes(EntropyRate{}, quantized.weights);
    weights += static_cast<double>(quantized.weights.levels.size());
    set_quantized_blobs(node, quantized);
  }
  engine.load(graph);
  return output_damage(original, run()) * std::exp2(2.0 * 8.0 * bytes / weights);
}

}  // namespace detail

/// How much damage at the network's outputs a unit of each layer's output error does, up to a common factor:
///
///   G = P^a · E^(1 − a),   E = 1 / (energy of the layer's output),   P = Σ damage / error over two reference
///   quantizations
///
/// P is measured by changing one layer at a time and running the network: two forward passes over the data per layer at
/// most. E alone equalises relative errors and is blind to the network, P alone trusts a slope of small errors too far;
/// their geometric mean, a = ½, is robust. It gives way to P alone, a = 1, where that does clearly less damage to the
/// network over about 3, 2 and 1 bits per weight, and clearly more at none of them: with little data one size alone
/// would be decided by chance. A layer where either is not to be had gets the median.
///
/// @param graph       the network, not quantized.
/// @param plan        of the layers in question, and perhaps of others.
/// @param statistics  of the layers in question, not weighed yet.
/// @param engine      an Engine; loaded anew for every layer.
/// @param feed        `feed(engine, batch)` sets the network's inputs for batch 0 … batches − 1.
/// @param deadline    data and layers are left out as it demands: P of a layer that is not measured is taken to be that
///                    of the others at equal energy.
/// @param compares    whether the damage to the network may decide for P alone; false where there are too few samples.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, double> layer_sensitivities(const Graph& graph, const QuantizationPlan& plan,
                                                                const NetworkStatistics& statistics, Engine& engine,
                                                                int batches, Feed&& feed, Parallel& parallel,
                                                                const Deadline& deadline = {}, bool compares = true) {
  constexpr double clearly_less = 0.9;
  constexpr std::array<double, 3> prices = {1.0, 4.0, 16.0};  // of the reference: about 3, 2 and 1 bits per weight
  if constexpr (check_engine<Engine>()) {
    const auto run = [&] { return network_outputs(graph, engine, batches, feed); };
    engine.load(graph);
    const double seconds_left = deadline.seconds_left();
    NetworkOutputs original = run();
    if (deadline.exists()) {
      const int all = batches;
      const double runs = 2.0 * static_cast<double>(statistics.size());
      batches = detail::affordable_batches(all, runs, seconds_left - deadline.seconds_left(), deadline);
      if (batches < all) original = run();
    }
    const detail::Influences influences =
        detail::layer_influences(graph, plan, statistics, engine, batches, feed, original, deadline, parallel);
    const auto damage = [&](const std::map<std::string, double>& sensitivities, double price) {
      const double reference = detail::reference_price(graph, influences, sensitivities);
      return detail::damage_at_price(graph, plan, statistics, sensitivities, price * reference, engine, original, run,
                                     parallel);
    };
    std::map<std::string, double> blend = detail::blended_sensitivities(influences, 0.5);
    if (!compares) return blend;
    std::map<std::string, double> slopes = detail::blended_sensitivities(influences, 1.0);
    double product = 1.0;
    for (const double price : prices) {
      if (deadline.has_passed()) return blend;
      const double ratio = damage(slopes, price) / damage(blend, price);
      if (!(ratio * clearly_less <= 1.0)) return blend;
      product *= ratio;
    }
    return std::cbrt(product) < clearly_less ? slopes : blend;
  } else {
    return {};
  }
}

/// Sensitivities without data: the inverse of the energy of each layer's output, which equalises relative errors.
template <class Real = double>
[[nodiscard]] std::map<std::string, double> data_free_sensitivities(const Graph& graph,
                                                                    const NetworkStatistics& statistics,
                                                                    Parallel& parallel) {
  std::map<std::string, double> sensitivities;
  for (const auto& [layer, known] : statistics) {
    sensitivities[layer] = 1.0 / output_energy<Real>(*graph.find(layer), known, parallel);
  }
  detail::replace_useless_by_median(sensitivities);
  return sensitivities;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SENSITIVITY)

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "nuq/core/finite.hpp"
#include "nuq/quantize/assign/layer_problem.hpp"
#include "nuq/sensitivity/seek_price.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void replace_useless_by_median(std::map<std::string, double>& values) {
  const auto is_useful = [](double value) { return is_finite(value) && value > 0.0; };
  std::vector<double> useful;
  for (const auto& [layer, value] : values) {
    if (is_useful(value)) useful.push_back(value);
  }
  std::sort(useful.begin(), useful.end());
  const double median = useful.empty() ? 1.0 : useful[useful.size() / 2];
  for (auto& [layer, value] : values) {
    if (!is_useful(value)) value = median;
  }
}

NUQ_DEFINITION void estimate_slopes(Influences& influences, const std::vector<std::string>& layers) {
  double logarithm = 0.0;
  double measured = 0.0;
  for (const auto& [layer, influence] : influences) {
    const double product = influence.slope * influence.energy;
    if (!is_finite(product) || !(product > 0.0)) continue;
    logarithm += std::log(product);
    measured += 1.0;
  }
  const double product = measured > 0.0 ? std::exp(logarithm / measured) : 1.0;
  for (const std::string& layer : layers) {
    LayerInfluence& influence = influences.at(layer);
    influence.slope = product / influence.energy;
  }
}

NUQ_DEFINITION int affordable_batches(int batches, double runs, double seconds, const Deadline& deadline) {
  const double share = deadline.seconds_left() / (runs * seconds);
  if (!(share < 1.0)) return batches;
  return static_cast<int>((std::max)(share * batches, 1.0));
}

NUQ_DEFINITION std::map<std::string, double> blended_sensitivities(const Influences& influences, double exponent) {
  std::map<std::string, double> sensitivities;
  for (const auto& [layer, influence] : influences)
    sensitivities[layer] = std::pow(influence.slope, exponent) * std::pow(influence.energy, exponent - 1.0);
  replace_useless_by_median(sensitivities);
  return sensitivities;
}

NUQ_DEFINITION double reference_price(const Graph& graph, const Influences& influences,
                                      const std::map<std::string, double>& sensitivities) {
  double logarithm = 0.0;
  double weights = 0.0;
  for (const auto& [layer, influence] : influences) {
    if (!(influence.error > 0.0)) continue;
    const auto count = static_cast<double>(graph.find(layer)->blobs.front().values.size());
    logarithm += count * std::log(price_estimate(sensitivities.at(layer) * influence.error, count));
    weights += count;
  }
  return weights > 0.0 ? std::exp(logarithm / weights) : 0.0;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SENSITIVITY)

#endif  // NUQ_SENSITIVITY_LAYER_SENSITIVITIES_HPP
