#include "nuq/engine/layers/mvn.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

namespace engine_layers_mvn_test {

/// Groups of `size` values with mean 0 and, if `scaled`, standard deviation about 1.
std::vector<double> normalised(const Tensor& input, std::size_t size, bool scaled, double eps) {
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const auto begin = input.values.begin() + static_cast<std::ptrdiff_t>(index / size * size);
    const auto end = begin + static_cast<std::ptrdiff_t>(size);
    const double mean = std::accumulate(begin, end, 0.0) / static_cast<double>(size);
    const double variance =
        std::accumulate(begin, end, 0.0,
                        [mean](double sum, float x) { return sum + std::pow(static_cast<double>(x) - mean, 2.0); }) /
        static_cast<double>(size);
    const double centred = static_cast<double>(input.values[index]) - mean;
    output.push_back(scaled ? centred / (std::sqrt(variance) + eps) : centred);
  }
  return output;
}

TEST_CASE("MVN takes away the mean and divides by the deviation, of a channel or of an item") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const auto error = [&](const std::string& parameters, const std::vector<double>& expected) {
    return relative_error(
        computed<nuq::detail::MvnLayer>(layer_alone("MVN", "mvn_param { " + parameters + " }"), {input}).values,
        expected);
  };
  CHECK(error("", normalised(input, 20, true, 1e-9)) < 1e-6);
  CHECK(error("across_channels: true", normalised(input, 60, true, 1e-9)) < 1e-6);
  CHECK(error("normalize_variance: false", normalised(input, 20, false, 0.0)) < 1e-6);
  CHECK(error("eps: 0.5", normalised(input, 20, true, 0.5)) < 1e-6);
}

TEST_CASE("MVN of equal values is 0") {
  const Tensor input({1, 2, 2}, {3, 3, 5, 5});
  CHECK(computed<nuq::detail::MvnLayer>(layer_alone("MVN", ""), {input}).values == std::vector<float>(4, 0.0F));
}

}  // namespace engine_layers_mvn_test
