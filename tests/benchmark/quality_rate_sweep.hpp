#ifndef NUQ_TESTS_BENCHMARK_QUALITY_RATE_SWEEP_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_RATE_SWEEP_HPP

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <vector>

#include "nuq/core/linear_algebra.hpp"
#include "nuq/core/matrix.hpp"
#include "quality_methods.hpp"
#include "quality_row.hpp"

/// Finds the prices of a bit at which a network takes given numbers of bits per weight. What has been tried for one
/// number is the start for the next.
class PriceSearch {
 public:
  static constexpr int max_levels = 31;

  PriceSearch(const QualityNetwork& network, nuq::Parallel& parallel) : network_(network), parallel_(parallel) {
    const double unit = logarithm_of_unit();
    static_cast<void>(bits_at(unit + std::log(1e-7)));
    static_cast<void>(bits_at(unit + std::log(10.0)));
  }

  /// The price whose bits come nearest; by bisection of its logarithm.
  [[nodiscard]] double price_for(double bits) {
    constexpr double tolerance = 0.02;
    for (int trial = 0; trial < 10; ++trial) {
      auto dearer = tried_.begin();  // the first with fewer bits
      while (dearer != tried_.end() && dearer->second > bits) ++dearer;
      if (dearer == tried_.begin() || dearer == tried_.end()) break;
      const auto cheaper = std::prev(dearer);
      if ((std::min)(cheaper->second - bits, bits - dearer->second) < tolerance) break;
      const double share = (cheaper->second - bits) / (cheaper->second - dearer->second);
      const double bounded = (std::min)((std::max)(share, 0.2), 0.8);
      static_cast<void>(bits_at(cheaper->first + bounded * (dearer->first - cheaper->first)));
    }
    const auto nearest = std::min_element(tried_.begin(), tried_.end(), [bits](const auto& a, const auto& b) {
      return std::abs(a.second - bits) < std::abs(b.second - bits);
    });
    return std::exp(nearest->first);
  }

 private:
  double bits_at(double log_price) {
    const LayerMethod method = rate_constrained(std::exp(log_price));
    return tried_[log_price] = bits_per_weight(quantized_layers(network_, method, max_levels, parallel_));
  }

  /// What losing a weight costs, in a geometric mean over the layers.
  [[nodiscard]] double logarithm_of_unit() const {
    double sum = 0.0;
    for (const QualityLayer& layer : network_.layers()) {
      double energy = 0.0;
      for (const float weight : layer.node->blobs.front().values) {
        energy += static_cast<double>(weight) * static_cast<double>(weight);
      }
      const nuq::Vector& moments = layer.full.mean_squares;
      const double mean_moment = nuq::linear_algebra::sum(moments.view()) / static_cast<double>(moments.size());
      sum += std::log(mean_moment * energy / static_cast<double>(layer.weights()));
    }
    return sum / static_cast<double>(network_.layers().size());
  }

  const QualityNetwork& network_;
  nuq::Parallel& parallel_;
  std::map<double, double> tried_;  // bits by the price's logarithm
};

/// The rate-constrained method from about 4 bits per weight down to less than 1.
[[nodiscard]] inline std::vector<QualityRow> rate_sweep(QualityNetwork& network, nuq::Parallel& parallel) {
  PriceSearch prices(network, parallel);
  std::vector<QualityRow> rows;
  double last_price = 0.0;
  for (const double bits : {4.0, 3.5, 3.2, 2.9, 2.6, 2.3, 2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8}) {
    const double price = prices.price_for(bits);
    if (price == last_price) continue;  // so many bits are not to be had
    last_price = price;
    rows.push_back(quality_row(network, method_names::rate_constrained, rate_constrained(price),
                               PriceSearch::max_levels, parallel));
  }
  return rows;
}

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_RATE_SWEEP_HPP
