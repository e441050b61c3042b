// Levels matched to the Ascend compressor's code against k-means: weights that fall as Gaussian or Laplacian, 256
// outputs of 256 inputs and a 3x3 kernel, each output channel's greatest magnitude at 127, at most 32 levels. Per price
// of a bit one line: the squared error of the levels relative to the variance of the int8 weights, and the compressor's
// ratio; then the same of as many levels of least squared error (OptimalCodebook), and of the fewest of these that are
// no worse. The last lines are the fewest bits within a given error.
//
//     nuq_benchmark_ascend_levels [seed]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/core/support/random.hpp"
#include "nuq/quantize/codebook/codebook.hpp"
#include "nuq/quantize/codebook/entropy_constrained.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/statistics/level_histogram.hpp"

namespace {

constexpr std::size_t outputs = 256;
constexpr std::size_t inputs = 256;
constexpr std::size_t kernel = 3;
constexpr std::size_t cols = inputs * kernel * kernel;
constexpr int num_steps = 32;

using Codebook = nuq::EntropyConstrainedCodebook<nuq::AscendDictionaryRate>;

double gaussian(nuq::detail::RandomEngine& engine) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - nuq::detail::uniform_unit(engine)));
  return radius * std::cos(6.283185307179586 * nuq::detail::uniform_unit(engine));
}

double laplacian(nuq::detail::RandomEngine& engine) {
  const double magnitude = -std::log(1.0 - nuq::detail::uniform_unit(engine));
  return nuq::detail::uniform_unit(engine) < 0.5 ? -magnitude : magnitude;
}

/// A layer of int8 weights, and what levels in their place do to it.
class Layer {
 public:
  template <class Draw>
  Layer(Draw draw, std::uint64_t seed) {
    nuq::detail::RandomEngine engine(seed);
    std::vector<double> channel(cols);
    for (std::size_t row = 0; row < outputs; ++row) {
      double greatest = 0.0;
      for (double& weight : channel) {
        weight = draw(engine);
        greatest = (std::max)(greatest, std::abs(weight));
      }
      for (const double weight : channel) add(static_cast<int>(std::lround(weight * 127.0 / greatest)));
    }
  }

  [[nodiscard]] const nuq::LevelHistogram& histogram() const noexcept { return histogram_; }

  /// Squared error relative to the variance of the weights.
  [[nodiscard]] double relative_error(double distortion) const noexcept {
    const double count = static_cast<double>(weights_.size());
    return distortion / (square_ - sum_ * sum_ / count);
  }

  /// Compressed size relative to a byte per weight, every weight at the level of its bin.
  template <class LevelOfBin>
  [[nodiscard]] double ratio(LevelOfBin level_of_bin) const {
    nuq::QuantizedWeights layer{outputs, cols, std::vector<float>(outputs, 1.0F), {}};
    for (const std::int8_t weight : weights_) {
      layer.levels.push_back(static_cast<std::int8_t>(level_of_bin(nuq::LevelHistogram::bin_of(weight))));
    }
    const std::size_t scale_bytes = 4 * layer.scales.size();
    const std::size_t size = nuq::AscendDictionaryRate{kernel, kernel}.exact_bytes(layer) - scale_bytes;
    return static_cast<double>(size) / static_cast<double>(weights_.size());
  }
  [[nodiscard]] double ratio(const nuq::PricedCodebook& priced) const {
    std::vector<int> levels;
    for (const nuq::LevelCell& cell : priced.cells) levels.resize(cell.end, cell.level);
    return ratio([&](std::size_t bin) { return levels[bin]; });
  }
  [[nodiscard]] double ratio(const nuq::Codebook& codebook) const {
    const nuq::NearestLevelTable nearest(codebook);
    return ratio([&](std::size_t bin) { return nearest(nuq::LevelHistogram::centre(bin)); });
  }

 private:
  void add(int weight) {
    weights_.push_back(static_cast<std::int8_t>(weight));
    histogram_.add(weight, 1.0);
    sum_ += weight;
    square_ += weight * weight;
  }

  std::vector<std::int8_t> weights_;
  nuq::LevelHistogram histogram_;
  double sum_ = 0.0;
  double square_ = 0.0;
};

/// The levels at a price given relative to the variance of the weights.
nuq::PricedCodebook levels_at(const Layer& layer, double relative_price) {
  Codebook codebook;
  codebook.price = relative_price / layer.relative_error(static_cast<double>(outputs * cols));
  return codebook.solve(layer.histogram(), num_steps);
}

void print_table(const char* name, const Layer& layer) {
  const nuq::CodebookCurve k_means = nuq::OptimalCodebook{}.curve(layer.histogram(), 64);
  std::printf(
      "%s\n  price    rate-aware: error levels ratio    k-means, as many: error ratio    as good: levels ratio    "
      "seconds\n",
      name);
  for (const double price : {0.0, 7e-4, 1e-3, 1.5e-3, 2e-3, 2.6e-3, 3e-3, 4e-3, 5e-3, 7e-3, 1e-2}) {
    const auto start = std::chrono::steady_clock::now();
    const nuq::PricedCodebook priced = levels_at(layer, price);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const int levels = static_cast<int>(priced.cells.size());
    int as_good = 1;
    while (as_good < k_means.max_steps() && k_means.distortion(as_good) > priced.distortion * (1.0 + 1e-9)) ++as_good;
    std::printf(
        "  %.5f              %.5f     %2d  %.4f                     %.5f %.4f              %2d %.4f       %.2f\n",
        price, layer.relative_error(priced.distortion), levels, layer.ratio(priced),
        layer.relative_error(k_means.distortion(levels)), layer.ratio(k_means.codebook(levels)), as_good,
        layer.ratio(k_means.codebook(as_good)), seconds.count());
    std::fflush(stdout);
  }
}

/// The ratio at an error of at most `error`, against the one it has to reach.
bool reaches(const char* name, const Layer& layer, double error, double bound) {
  const double max_distortion = error / layer.relative_error(1.0);
  const nuq::PricedCodebook levels = Codebook{}.solve_within(layer.histogram(), num_steps, max_distortion);
  const double found_error = layer.relative_error(levels.distortion);
  const double ratio = layer.ratio(levels);
  const bool reached = found_error <= error && ratio <= bound;
  std::printf("%s: error %.6f, wanted at most %.4f; ratio %.4f, wanted at most %.4f: %s\n", name, found_error, error,
              ratio, bound, reached ? "reached" : "MISSED");
  return reached;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const Layer gauss(gaussian, seed);
  const Layer laplace(laplacian, seed);
  print_table("Gauss", gauss);
  print_table("Laplace", laplace);
  bool reached = reaches("Gauss", gauss, 0.0035, 0.655);
  reached = reaches("Gauss", gauss, 0.0028, 0.69) && reached;
  reached = reaches("Laplace", laplace, 0.0044, 0.61) && reached;
  return reached ? 0 : 1;
}
