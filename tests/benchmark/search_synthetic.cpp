// Search policies on synthetic networks whose true optimum is known. An instance: 54 layers of five options (int8 and
// 64, 32, 16, 8 levels; 8, 6, 5, 4, 3 bits per weight), sizes log-normal over two orders of magnitude. The predicted
// harm of an option is the layer's sensitivity times its squared step; the true harm is that times a log-normal factor
// of sigma 0.5, drawn for every option ("per option") or once for a layer ("per layer"), plus a term for each pair of
// neighbours, at most 10 % of the lesser of the two harms, of either sign. The metric is the share of 1,000 samples
// that come out right, each with probability `accuracy` - true harm, drawn anew for every configuration but the same
// for every policy. A configuration satisfies with a metric of at least accuracy - allowance. Every policy has 15
// evaluations.
//
// The optimum is exact: dynamic programming over bytes and the option of the last layer, pairs included. Printed: bytes
// of the answer above the optimum, and above that for the harm the answer does (noise lets answers exceed the allowance
// a little, which saves bytes); true harm relative to the allowance; the share of answers whose true harm exceeds the
// allowance by more than two standard errors of the metric at the limit; int8 refused by chance; answers larger than a
// uniform one that passed.
//
//     nuq_benchmark_search_synthetic [instances] [accuracy] [allowance] [seed]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

#include "nuq/core/support/random.hpp"
#include "nuq/search/bisection.hpp"
#include "nuq/search/greedy.hpp"
#include "nuq/search/problem.hpp"
#include "nuq/search/rate_distortion.hpp"

namespace {

constexpr std::size_t layers = 54;
constexpr std::size_t options = 5;
constexpr std::array<int, options> bits{8, 6, 5, 4, 3};
constexpr std::array<int, options> levels{256, 64, 32, 16, 8};
constexpr int samples = 1000;
constexpr double spread = 0.5;
constexpr double pair_share = 0.1;

using Engine = nuq::detail::RandomEngine;
using Harms = std::array<std::array<double, options>, layers>;

double gaussian(Engine& engine) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - nuq::detail::uniform_unit(engine)));
  return radius * std::cos(6.283185307179586 * nuq::detail::uniform_unit(engine));
}

struct Setting {
  double accuracy = 0.9;
  double allowance = 0.03;
  bool noise_per_layer = false;

  [[nodiscard]] double standard_error() const {
    const double limit = accuracy - allowance;
    return std::sqrt(limit * (1.0 - limit) / samples);
  }
};

class Instance {
 public:
  Instance(const Setting& setting, std::uint64_t seed) : setting_(setting), noise_seed_(~seed * 0x9E3779B97F4A7C15U) {
    Engine engine(seed);
    const double unit = std::exp(3.0 * gaussian(engine));  // the prediction's unit says nothing
    for (std::size_t layer = 0; layer < layers; ++layer) {
      sizes_[layer] = static_cast<std::size_t>(std::lround((std::min)(400.0, 1.0 + 10.0 * std::exp(gaussian(engine)))));
      draw_layer(engine, layer, unit);
    }
  }

  [[nodiscard]] std::vector<nuq::LayerOptions> problem_layers() const {
    std::vector<nuq::LayerOptions> all(layers);
    for (std::size_t layer = 0; layer < layers; ++layer) {
      for (std::size_t option = 0; option < options; ++option)
        all[layer].push_back({static_cast<double>(bytes(layer, option)), predicted_[layer][option], levels[option]});
    }
    return all;
  }

  [[nodiscard]] double true_harm(const nuq::Configuration& configuration) const {
    double harm = 0.0;
    for (std::size_t layer = 0; layer < layers; ++layer) {
      const std::size_t option = static_cast<std::size_t>(configuration[layer]);
      harm += true_[layer][option];
      if (layer > 0) harm += pair_harm(layer, static_cast<std::size_t>(configuration[layer - 1]), option);
    }
    return harm;
  }

  [[nodiscard]] nuq::EvaluationOutcome evaluate(const nuq::Configuration& configuration) const {
    std::uint64_t hash = noise_seed_;
    for (const int option : configuration) hash = Engine(hash * 31U + static_cast<std::uint64_t>(option))();
    Engine engine(hash);
    const double probability = setting_.accuracy - true_harm(configuration);
    int right = 0;
    for (int sample = 0; sample < samples; ++sample) right += nuq::detail::uniform_unit(engine) < probability ? 1 : 0;
    const double metric = static_cast<double>(right) / samples;
    return {metric, metric >= setting_.accuracy - setting_.allowance - 1e-9};
  }

  /// Least true harm of all configurations of so many bytes.
  [[nodiscard]] std::vector<double> least_harms() const {
    std::size_t largest = 0;
    for (const std::size_t size : sizes_) largest += size * static_cast<std::size_t>(bits[0]);
    const std::vector<double> nothing(largest + 1, std::numeric_limits<double>::infinity());
    std::array<std::vector<double>, options> least;  // harm by bytes, for each option of the last layer
    for (std::size_t layer = 0; layer < layers; ++layer) {
      std::array<std::vector<double>, options> next;
      for (std::size_t option = 0; option < options; ++option) {
        next[option] = nothing;
        if (layer == 0) {
          next[option][bytes(0, option)] = true_[0][option];
        } else {
          for (std::size_t before = 0; before < options; ++before)
            append(least[before], layer, before, option, next[option]);
        }
      }
      least.swap(next);
    }
    std::vector<double> any_last = nothing;
    for (const std::vector<double>& harm : least) {
      for (std::size_t total = 0; total <= largest; ++total) any_last[total] = (std::min)(any_last[total], harm[total]);
    }
    return any_last;
  }

 private:
  void draw_layer(Engine& engine, std::size_t layer, double unit) {
    // The scale of the harm puts the allowance between the uniform configurations.
    const double sensitivity = std::exp(gaussian(engine)) * static_cast<double>(sizes_[layer]) * 0.003;
    const double layer_factor = std::exp(spread * gaussian(engine));
    for (std::size_t option = 0; option < options; ++option) {
      const double harm = option == 0 ? 0.0 : sensitivity * std::pow(4.0, -bits[option] + 2);
      const double own_factor = std::exp(spread * gaussian(engine));
      predicted_[layer][option] = unit * harm;
      true_[layer][option] = harm * (setting_.noise_per_layer ? layer_factor : own_factor);
    }
    pair_[layer] = pair_share * (2.0 * nuq::detail::uniform_unit(engine) - 1.0);
  }

  [[nodiscard]] std::size_t bytes(std::size_t layer, std::size_t option) const {
    return sizes_[layer] * static_cast<std::size_t>(bits[option]);
  }
  [[nodiscard]] double pair_harm(std::size_t layer, std::size_t before, std::size_t option) const {
    return pair_[layer] * (std::min)(true_[layer - 1][before], true_[layer][option]);
  }
  void append(const std::vector<double>& shorter, std::size_t layer, std::size_t before, std::size_t option,
              std::vector<double>& longer) const {
    const std::size_t added = bytes(layer, option);
    const double harm = true_[layer][option] + pair_harm(layer, before, option);
    for (std::size_t total = added; total < longer.size(); ++total)
      longer[total] = (std::min)(longer[total], shorter[total - added] + harm);
  }

  Setting setting_;
  std::uint64_t noise_seed_;
  std::array<std::size_t, layers> sizes_{};
  Harms predicted_{};
  Harms true_{};
  std::array<double, layers> pair_{};
};

double fewest_bytes(const std::vector<double>& least_harms, double harm) {
  const auto within = [harm](double least) { return least <= harm; };
  return static_cast<double>(std::find_if(least_harms.begin(), least_harms.end(), within) - least_harms.begin());
}

struct Tally {
  std::vector<double> excess;                ///< of the answers' bytes, relative to the optimum
  std::vector<double> excess_at_equal_harm;  ///< relative to the optimum for the harm that the answer does
  std::vector<double> harm;                  ///< of the answers, relative to the allowance
  int violations = 0;
  int int8_refused = 0;
  int above_uniform = 0;
  int below_optimum = 0;  ///< within the allowance and smaller than the optimum: would be an error of the program
  std::size_t evaluations = 0;
};

template <class Policy>
void run(const Policy& policy, const Setting& setting, const Instance& instance, const std::vector<double>& least_harms,
         Tally& tally) {
  auto evaluate = [&](const nuq::Configuration& configuration) { return instance.evaluate(configuration); };
  nuq::SearchProblem problem(instance.problem_layers(), {15}, evaluate);
  const nuq::SearchResult result = policy.search(problem);
  tally.evaluations += problem.evaluated().size();
  if (!result.best) {
    ++tally.int8_refused;
    return;
  }
  const double harm = instance.true_harm(result.best->configuration);
  const double optimum = fewest_bytes(least_harms, setting.allowance);
  tally.excess.push_back(result.best->bytes / optimum - 1.0);
  tally.excess_at_equal_harm.push_back(result.best->bytes / fewest_bytes(least_harms, harm + 1e-9) - 1.0);
  tally.harm.push_back(harm / setting.allowance);
  if (harm > setting.allowance + 2.0 * setting.standard_error()) ++tally.violations;
  if (harm < setting.allowance - 1e-9 && result.best->bytes < optimum) ++tally.below_optimum;
  const std::vector<nuq::Configuration> uniform = problem.uniform_family();
  for (const nuq::EvaluatedConfiguration& known : problem.evaluated()) {
    const bool is_uniform = std::find(uniform.begin(), uniform.end(), known.configuration) != uniform.end();
    if (is_uniform && known.outcome.satisfied && known.bytes < result.best->bytes) ++tally.above_uniform;
  }
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0.0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

void print_header() {
  std::printf("  %-21s %-23s  %-15s  %-15s %-8s  %-9s %-7s %s\n", "", "bytes above optimum", "at equal harm",
              "harm/allowance", "violated", "int8 ref.", ">unif.", "evaluations");
  std::printf("  %-21s %7s %7s %7s  %7s %7s  %6s %6s\n", "", "5 %", "50 %", "95 %", "50 %", "95 %", "50 %", "95 %");
}

void print(const char* name, const Tally& tally, int instances) {
  std::printf("  %-21s", name);
  for (const double share : {0.05, 0.5, 0.95}) std::printf(" %5.1f %%", 100.0 * quantile(tally.excess, share));
  std::printf(" ");
  for (const double share : {0.5, 0.95}) std::printf(" %5.1f %%", 100.0 * quantile(tally.excess_at_equal_harm, share));
  std::printf(" ");
  for (const double share : {0.5, 0.95}) std::printf(" %6.2f", quantile(tally.harm, share));
  std::printf("   %5.1f %%   %5.1f %%   %4d    %5.1f\n", 100.0 * tally.violations / instances,
              100.0 * tally.int8_refused / instances, tally.above_uniform,
              static_cast<double>(tally.evaluations) / instances);
}

int run_setting(const Setting& setting, int instances, std::uint64_t seed) {
  Tally rate_distortion, binary, greedy;
  for (int index = 0; index < instances; ++index) {
    const Instance instance(setting, seed + 1000003U * static_cast<std::uint64_t>(index));
    const std::vector<double> least_harms = instance.least_harms();
    run(nuq::RateDistortionSearch{}, setting, instance, least_harms, rate_distortion);
    run(nuq::BisectionSearch{}, setting, instance, least_harms, binary);
    run(nuq::GreedySearch{}, setting, instance, least_harms, greedy);
  }
  std::printf("%s factors, accuracy %.3f, allowance %.3f = %.1f standard errors, %d instances\n",
              setting.noise_per_layer ? "per-layer" : "per-option", setting.accuracy, setting.allowance,
              setting.allowance / setting.standard_error(), instances);
  print_header();
  print("RateDistortionSearch", rate_distortion, instances);
  print("BisectionSearch", binary, instances);
  print("GreedySearch", greedy, instances);
  return rate_distortion.below_optimum + binary.below_optimum + greedy.below_optimum;
}

}  // namespace

int main(int argc, char** argv) {
  const int instances = argc > 1 ? std::atoi(argv[1]) : 1000;
  Setting setting;
  if (argc > 2) setting.accuracy = std::atof(argv[2]);
  if (argc > 3) setting.allowance = std::atof(argv[3]);
  const std::uint64_t seed = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1;
  for (const bool noise_per_layer : {false, true}) {
    setting.noise_per_layer = noise_per_layer;
    if (run_setting(setting, instances, seed) > 0) {
      std::fprintf(stderr, "an answer within the allowance is smaller than the optimum\n");
      return 1;
    }
  }
}
