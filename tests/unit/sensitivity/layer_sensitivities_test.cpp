#include "nuq/sensitivity/layer_sensitivities.hpp"

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "../caffe/small_network.hpp"
#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/calibration/centred_statistics.hpp"
#include "nuq/engine/eigen_engine.hpp"

namespace sensitivity_layer_sensitivities_test {

using Sensitivities = std::map<std::string, double>;
using Statistics = std::map<std::string, nuq::LayerStatistics>;

constexpr std::size_t inputs = 5;
constexpr std::size_t outputs = 4;
constexpr std::size_t samples = 12;

struct Weights {
  std::string layer;
  std::vector<float> values;  // [outputs × inputs]
};

/// Inner products that all read the input; each is an output of the network, or goes through a Softmax.
nuq::Graph parallel_network(const std::vector<Weights>& layers, bool with_softmax = false) {
  SmallWeights weights;
  std::string text = "input: 'data' input_shape { dim: 1 dim: 5 } ";
  for (const Weights& layer : layers) {
    weights.layer(layer.layer, "InnerProduct", {nuq::Tensor({outputs, inputs}, layer.values)});
    text += "layer { name: '" + layer.layer + "' type: 'InnerProduct' bottom: 'data' top: '" + layer.layer +
            "' inner_product_param { num_output: 4 bias_term: false } } ";
    if (with_softmax) {
      text += "layer { name: '" + layer.layer + "_prob' type: 'Softmax' bottom: '" + layer.layer + "' top: '" +
              layer.layer + "_prob' } ";
    }
  }
  return graph_of(text, weights);
}

/// Two batches of the samples.
void feed(nuq::EigenEngine& engine, int batch) {
  const std::vector<float> values = random_values(samples * inputs, 3);
  const auto begin = values.begin() + (batch == 0 ? 0 : 7 * inputs);
  const auto end = batch == 0 ? values.begin() + 7 * inputs : values.end();
  const std::vector<float> rows(begin, end);
  engine.set_input("data", {{static_cast<std::int64_t>(rows.size() / inputs), inputs}, rows});
}

/// E[x xᵀ] of the samples.
nuq::LayerStatistics statistics_of_samples() {
  const std::vector<float> values = random_values(samples * inputs, 3);
  const Eigen::MatrixXd x = Eigen::Map<const Eigen::MatrixXf>(values.data(), inputs, samples).cast<double>();
  nuq::LayerStatistics statistics;
  statistics.samples = samples;
  statistics.second_moments = x * x.transpose() / static_cast<double>(samples);
  statistics.mean_squares = statistics.second_moments.diagonal();
  return statistics;
}

/// Σ over the samples of |W x|², divided by their number.
double mean_output_energy(const std::vector<float>& weights) {
  const std::vector<float> values = random_values(samples * inputs, 3);
  double energy = 0.0;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (std::size_t output = 0; output < outputs; ++output) {
      double sum = 0.0;
      for (std::size_t input = 0; input < inputs; ++input)
        sum += static_cast<double>(weights[output * inputs + input]) *
               static_cast<double>(values[sample * inputs + input]);
      energy += sum * sum;
    }
  }
  return energy / static_cast<double>(samples);
}

Sensitivities sensitivities_of(const nuq::Graph& graph, const Statistics& statistics) {
  nuq::LayerPlan layer;
  layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  nuq::QuantizationPlan plan;
  for (const auto& [name, known] : statistics) plan[name] = layer;
  nuq::EigenEngine engine;
  nuq::Parallel serial;
  return nuq::layer_sensitivities(graph, plan, statistics, engine, 2, feed, serial);
}

Weights random_layer(const std::string& name, std::uint32_t seed, float spread = 1.0F) {
  return {name, random_values(outputs * inputs, seed, spread)};
}

/// Where the layer's output is the network's, damage / error is 1 / energy for any error: sqrt(E · P) = √2 / energy.
double linear_sensitivity(const Weights& layer) {
  return std::sqrt(2.0) / mean_output_energy(layer.values);
}

TEST_CASE("a network of one linear layer feels its errors relative to its output's energy") {
  const Weights layer = random_layer("fc", 5);
  const Sensitivities found = sensitivities_of(parallel_network({layer}), {{"fc", statistics_of_samples()}});
  REQUIRE(found.size() == 1);
  CHECK(found.at("fc") == doctest::Approx(linear_sensitivity(layer)).epsilon(1e-4));
}

/// A deadline that passed before anything began.
const nuq::Deadline passed(nuq::Deadline::Clock::now(), -1.0);

TEST_CASE("layers for which there is no time are taken to err relative to their outputs' energies") {
  const std::vector<Weights> layers = {random_layer("a", 5), random_layer("b", 6, 3.0F), random_layer("c", 7, 0.2F)};
  const nuq::LayerStatistics known = statistics_of_samples();
  nuq::LayerPlan nuq_layer;
  nuq_layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  nuq::EigenEngine engine;
  nuq::Parallel serial;
  const Sensitivities found =
      nuq::layer_sensitivities(parallel_network(layers), {{"a", nuq_layer}, {"b", nuq_layer}, {"c", nuq_layer}},
                               Statistics{{"a", known}, {"b", known}, {"c", known}}, engine, 2, feed, serial, passed);
  for (const Weights& layer : layers) {
    CHECK(found.at(layer.layer) == doctest::Approx(1.0 / mean_output_energy(layer.values)).epsilon(1e-4));
  }
}

TEST_CASE("a slope is estimated from those measured, as their geometric mean at equal energy") {
  nuq::detail::Influences influences{{"a", {8.0, 1.0, 1.0}}, {"b", {1.0, 2.0, 1.0}}, {"c", {0.0, 0.5, 0.0}}};
  nuq::detail::estimate_slopes(influences, {"c"});
  CHECK(influences.at("c").slope == doctest::Approx(8.0));  // sqrt(8 · 2) / 0.5
  CHECK(influences.at("a").slope == 8.0);
}

TEST_CASE("as many batches are run as there is time for") {
  const nuq::Deadline in_a_year(nuq::Deadline::Clock::now(), 3.2e7);
  CHECK(nuq::detail::affordable_batches(10, 8.0, 1.0, nuq::Deadline()) == 10);
  CHECK(nuq::detail::affordable_batches(10, 8.0, 1.0, in_a_year) == 10);
  CHECK(nuq::detail::affordable_batches(10, 8.0, 3.2e7 / 4.5, in_a_year) == 5);  // 8 runs of half of them: 4 of all
  CHECK(nuq::detail::affordable_batches(10, 8.0, 1.0, passed) == 1);
}

TEST_CASE("layers are judged one at a time, with their own weights back in place") {
  const std::vector<Weights> layers = {random_layer("a", 5), random_layer("b", 6, 3.0F), random_layer("c", 7, 0.2F)};
  const nuq::LayerStatistics known = statistics_of_samples();
  const Sensitivities found = sensitivities_of(parallel_network(layers), {{"a", known}, {"b", known}, {"c", known}});
  for (const Weights& layer : layers)
    CHECK(found.at(layer.layer) == doctest::Approx(linear_sensitivity(layer)).epsilon(1e-4));
}

TEST_CASE(
    "with centred moments the bias makes up for mean errors, and the sensitivity stays that of the whole output") {
  const Weights layer = random_layer("fc", 5);
  SmallWeights weights;
  weights.layer("fc", "InnerProduct",
                {nuq::Tensor({outputs, inputs}, layer.values), nuq::Tensor({outputs}, random_values(outputs, 8))});
  const nuq::Graph graph = graph_of(
      "input: 'data' input_shape { dim: 1 dim: 5 } "
      "layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' inner_product_param { num_output: 4 } } ",
      weights);
  const std::vector<float> values = random_values(samples * inputs, 3);
  nuq::LayerStatistics known = statistics_of_samples();
  known.input_mean = Eigen::Map<const Eigen::MatrixXf>(values.data(), inputs, samples).cast<double>().rowwise().mean();
  known = nuq::centred(known, known.input_mean);
  // Damage / error is 1 / (energy of the output, its bias included), 1 / E leaves the bias out.
  double energy_with_bias = 0.0;
  nuq::EigenEngine engine;
  engine.load(graph);
  for (const int batch : {0, 1}) {
    feed(engine, batch);
    engine.forward();
    for (const float value : engine.output("fc").values)
      energy_with_bias += static_cast<double>(value) * static_cast<double>(value) / static_cast<double>(samples);
  }
  CHECK(sensitivities_of(graph, {{"fc", known}}).at("fc") ==
        doctest::Approx(std::sqrt(2.0 / energy_with_bias / mean_output_energy(layer.values))).epsilon(1e-3));
}

TEST_CASE("layers without statistics are left out") {
  const Sensitivities found = sensitivities_of(parallel_network({random_layer("a", 5), random_layer("b", 6)}),
                                               {{"b", statistics_of_samples()}});
  REQUIRE(found.size() == 1);
  CHECK(found.count("b") == 1);
}

TEST_CASE("where a classifier stands behind a layer its divergence is what counts") {
  const Weights layer = random_layer("fc", 5, 2.0F);
  nuq::LayerStatistics diagonal =
      statistics_of_samples();  // without second-moment matrix the levels are the nearest ones
  diagonal.second_moments.resize(0, 0);
  const std::vector<float> values = random_values(samples * inputs, 3);
  const auto probabilities = [&values](const std::vector<double>& weights, std::size_t sample) {
    std::vector<double> result(outputs, 0.0);
    double sum = 0.0;
    for (std::size_t output = 0; output < outputs; ++output) {
      for (std::size_t input = 0; input < inputs; ++input)
        result[output] += weights[output * inputs + input] * static_cast<double>(values[sample * inputs + input]);
      result[output] = std::exp(result[output]);
      sum += result[output];
    }
    for (double& probability : result) probability /= sum;
    return result;
  };
  const std::vector<double> weights(layer.values.begin(), layer.values.end());
  double largest = 0.0;
  for (const double weight : weights) largest = (std::max)(largest, std::abs(weight));
  double slope = 0.0;
  double energy = 0.0;
  for (const int m : {6, 7}) {
    std::vector<double> changed;
    double error = 0.0;
    energy = 0.0;
    for (std::size_t at = 0; at < weights.size(); ++at) {
      const double importance = diagonal.mean_squares[static_cast<Eigen::Index>(at % inputs)];
      changed.push_back(std::round(weights[at] * m / largest) * largest / m);
      error += importance * (weights[at] - changed[at]) * (weights[at] - changed[at]);
      energy += importance * weights[at] * weights[at];
    }
    double damage = 0.0;
    for (std::size_t sample = 0; sample < samples; ++sample) {
      const std::vector<double> before = probabilities(weights, sample);
      const std::vector<double> after = probabilities(changed, sample);
      for (std::size_t output = 0; output < outputs; ++output)
        damage += before[output] * std::log(before[output] / after[output]);
    }
    slope += damage / error;
  }
  const Sensitivities found = sensitivities_of(parallel_network({layer}, true), {{"fc", diagonal}});
  CHECK(found.at("fc") == doctest::Approx(std::sqrt(slope / energy)).epsilon(1e-3));
}

/// Two inner products whose outputs are added up, the first a hundredth of it; large enough that their weights are
/// what takes the bits.
constexpr std::size_t many_outputs = 64;
nuq::Graph unequal_network(const Weights& faint, const Weights& loud) {
  SmallWeights weights;
  std::string text = "input: 'data' input_shape { dim: 1 dim: 5 } ";
  for (const Weights& layer : {faint, loud}) {
    weights.layer(layer.layer, "InnerProduct", {nuq::Tensor({many_outputs, inputs}, layer.values)});
    text += "layer { name: '" + layer.layer + "' type: 'InnerProduct' bottom: 'data' top: '" + layer.layer +
            "' inner_product_param { num_output: 64 bias_term: false } } ";
  }
  text += "layer { name: 'sum' type: 'Eltwise' bottom: '" + faint.layer + "' bottom: '" + loud.layer +
          "' top: 'sum' eltwise_param { coeff: 0.01 coeff: 1 } } ";
  return graph_of(text, weights);
}

TEST_CASE("where the blend shares bits out badly the slopes alone decide") {
  const nuq::LayerStatistics known = statistics_of_samples();
  const Sensitivities found = sensitivities_of(unequal_network({"faint", random_values(many_outputs * inputs, 5)},
                                                               {"loud", random_values(many_outputs * inputs, 6)}),
                                               {{"faint", known}, {"loud", known}});
  CHECK(found.at("faint") / found.at("loud") == doctest::Approx(1e-4).epsilon(1e-3));
}

TEST_CASE("allocations are compared at prices that do not depend on the sensitivities' unit") {
  const Weights layer = random_layer("fc", 5);
  const nuq::Graph graph = parallel_network({layer});
  const nuq::detail::Influences influences = {{"fc", {2.0, 3.0, 0.6}}};
  const double price = nuq::detail::reference_price(graph, influences, {{"fc", 1.0}});
  CHECK(price == doctest::Approx(0.6 / (3.0 * outputs * inputs)));
  CHECK(nuq::detail::reference_price(graph, influences, {{"fc", 7.0}}) == doctest::Approx(7.0 * price));
}

TEST_CASE("a convolution is changed channel by channel, an inner product as a whole") {
  const std::vector<float> weights = {1.0F, -0.55F, 0.1F, 0.04F};
  const nuq::MatrixView<const float> view(weights.data(), 2, 2);
  nuq::Parallel serial;
  const auto quantize = [&](nuq::Granularity granularity, int m) {
    return nuq::detail::reference_quantization(view, granularity, {}, m, serial);
  };
  const nuq::QuantizedWeights by_channel = quantize(nuq::Granularity::per_channel, 6);
  CHECK(by_channel.scales == std::vector<float>{1.0F / 6.0F, 0.1F / 6.0F});
  CHECK(by_channel.levels == std::vector<std::int8_t>{6, -3, 6, 2});
  const nuq::QuantizedWeights whole = quantize(nuq::Granularity::per_tensor, 7);
  CHECK(whole.scales == std::vector<float>{1.0F / 7.0F});
  CHECK(whole.levels == std::vector<std::int8_t>{7, -4, 1, 0});
}

TEST_CASE("a layer that tells nothing gets the median of the others") {
  const std::vector<Weights> layers = {random_layer("a", 5),
                                       random_layer("b", 6, 3.0F),
                                       random_layer("c", 7, 0.2F),
                                       {"zeros", std::vector<float>(outputs * inputs, 0.0F)}};
  Statistics statistics;
  for (const Weights& layer : layers) statistics[layer.layer] = statistics_of_samples();
  const Sensitivities found = sensitivities_of(parallel_network(layers), statistics);
  std::vector<double> others = {found.at("a"), found.at("b"), found.at("c")};
  std::sort(others.begin(), others.end());
  CHECK(others[0] < 0.5 * others[1]);
  CHECK(others[1] < 0.5 * others[2]);
  CHECK(found.at("zeros") == others[1]);
}

TEST_CASE("layers that all tell nothing count alike") {
  const std::vector<float> zeros(outputs * inputs, 0.0F);
  const Sensitivities found = sensitivities_of(parallel_network({{"a", zeros}, {"b", zeros}}),
                                               {{"a", statistics_of_samples()}, {"b", statistics_of_samples()}});
  CHECK(found == Sensitivities{{"a", 1.0}, {"b", 1.0}});
}

TEST_CASE("without data a layer counts by the inverse of its output's energy") {
  const std::vector<Weights> layers = {
      random_layer("a", 5), random_layer("b", 6, 3.0F), {"zeros", std::vector<float>(outputs * inputs, 0.0F)}};
  Statistics statistics;
  for (const Weights& layer : layers) statistics[layer.layer] = statistics_of_samples();
  nuq::Parallel serial;
  const Sensitivities found = nuq::data_free_sensitivities(parallel_network(layers), statistics, serial);
  CHECK(found.at("a") == doctest::Approx(1.0 / mean_output_energy(layers[0].values)));
  CHECK(found.at("b") == doctest::Approx(1.0 / mean_output_energy(layers[1].values)));
  CHECK(found.at("zeros") == (std::max)(found.at("a"), found.at("b")));  // the upper of two
}

TEST_CASE("weights beyond the largest scale are refused with file and layer") {
  std::vector<float> values = random_values(outputs * inputs, 1);
  values[0] = 1e30F;
  const nuq::Graph graph = parallel_network({{"fc", values}});
  nuq::Parallel serial;
  const CaughtError error = error_of<nuq::ModelError>([&] {
    static_cast<void>(
        nuq::detail::reference_quantization(graph, graph.nodes.front(), {}, statistics_of_samples(), 6, serial));
  });
  CHECK(error.code == nuq::ErrorCode::scale_out_of_range);
  CHECK(error.says("nuq: net.caffemodel: layer 'fc': the weights: the quantization scale is 1.666667e+29"));
}

}  // namespace sensitivity_layer_sensitivities_test
