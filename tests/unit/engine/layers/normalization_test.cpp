#include "nuq/engine/layers/normalization.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

namespace engine_layers_lrn_test {

/// The definition: zeros outside, `reach` neighbours along each axis on both sides.
std::vector<double> normalised(const Tensor& input, std::int64_t channel_reach, std::int64_t position_reach,
                               double neighbours, double alpha, double beta, double base) {
  const std::int64_t channels = input.shape[1];
  const std::int64_t height = input.shape[2];
  const std::int64_t width = input.shape[3];
  const auto square = [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    if (c < 0 || c >= channels || y < 0 || y >= height || x < 0 || x >= width) return 0.0;
    const double value =
        static_cast<double>(input.values[static_cast<std::size_t>(((n * channels + c) * height + y) * width + x)]);
    return value * value;
  };
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const std::int64_t place = static_cast<std::int64_t>(index);
    const std::int64_t x = place % width;
    const std::int64_t y = place / width % height;
    const std::int64_t c = place / (width * height) % channels;
    const std::int64_t n = place / (width * height * channels);
    double sum = 0.0;
    for (std::int64_t dc = -channel_reach; dc <= channel_reach; ++dc) {
      for (std::int64_t dy = -position_reach; dy <= position_reach; ++dy) {
        for (std::int64_t dx = -position_reach; dx <= position_reach; ++dx) sum += square(n, c + dc, y + dy, x + dx);
      }
    }
    output.push_back(static_cast<double>(input.values[index]) * std::pow(base + alpha / neighbours * sum, -beta));
  }
  return output;
}

TEST_CASE("LRN across channels agrees with its definition, for the usual and for other powers") {
  const Tensor input = random_tensor({2, 7, 3, 4}, 1);
  for (const double beta : {0.75, 0.5, 1.3}) {
    const std::string parameters = "lrn_param { local_size: 5 alpha: 0.7 k: 1.5 beta: " + std::to_string(beta) + " }";
    CHECK(relative_error(computed<nuq::detail::LrnLayer>(layer_alone("LRN", parameters), {input}).values,
                         normalised(input, 2, 0, 5.0, 0.7, beta, 1.5)) < 2e-6);
  }
}

TEST_CASE("LRN within a channel divides by the whole neighbourhood and ignores k") {
  const Tensor input = random_tensor({2, 2, 6, 4}, 1);
  const std::string parameters = "lrn_param { local_size: 3 alpha: 0.7 k: 5 norm_region: WITHIN_CHANNEL }";
  CHECK(relative_error(computed<nuq::detail::LrnLayer>(layer_alone("LRN", parameters), {input}).values,
                       normalised(input, 0, 1, 9.0, 0.7, 0.75, 1.0)) < 2e-6);
}

TEST_CASE("an even local_size is refused by name") {
  const CaughtError error = error_of<nuq::ModelError>([] {
    computed<nuq::detail::LrnLayer>(layer_alone("LRN", "lrn_param { local_size: 4 }"),
                                    {Tensor(nuq::Shape{1, 1, 2, 2})});
  });
  CHECK(error.says("layer 'layer1': local_size is 4"));
}

}  // namespace engine_layers_lrn_test

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

TEST_CASE("MVN gives inputs of fewer axes four of them") {
  const auto shape = [](const nuq::Shape& input) {
    return computed<nuq::detail::MvnLayer>(layer_alone("MVN", ""), {random_tensor(input, 1)}).shape;
  };
  CHECK(shape({3}) == nuq::Shape{3, 1, 1, 1});
  CHECK(shape({3, 5, 4}) == nuq::Shape{3, 5, 4, 1});
  const Tensor input = random_tensor({3, 5, 4}, 1);
  CHECK(relative_error(computed<nuq::detail::MvnLayer>(layer_alone("MVN", ""), {input}).values,
                       normalised(input, 4, true, 1e-9)) < 1e-6);
}

}  // namespace engine_layers_mvn_test

namespace engine_layers_normalize_test {

constexpr std::size_t channels = 3;
constexpr std::size_t plane = 20;

/// For an input [2, 3, 4, 5].
std::vector<double> normalised(const Tensor& input, bool across_spatial, const Tensor& factors, double eps) {
  const auto square = [&](std::size_t index) { return std::pow(static_cast<double>(input.values[index]), 2.0); };
  std::vector<double> output;
  for (std::size_t index = 0; index < input.values.size(); ++index) {
    const std::size_t item = index / (channels * plane);
    double sum = eps;
    for (std::size_t other = item * channels * plane; other < (item + 1) * channels * plane; ++other) {
      if (across_spatial || other % plane == index % plane) sum += square(other);
    }
    const float factor = factors.values[index / plane % channels % factors.values.size()];
    output.push_back(static_cast<double>(input.values[index]) / std::sqrt(sum) * static_cast<double>(factor));
  }
  return output;
}

TEST_CASE("normalize divides by the length of an item or of each position's channels, then weighs") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const Tensor one_factor({1}, {20.0F});
  const Tensor factors = random_tensor({3}, 2);
  for (const bool across : {false, true}) {
    const std::string area = std::string("across_spatial: ") + (across ? "true" : "false");
    CAPTURE(area);
    CHECK(relative_error(computed<nuq::detail::NormalizeLayer>(
                             layer_alone("Normalize", "norm_param { " + area + " }", {one_factor}), {input})
                             .values,
                         normalised(input, across, one_factor, 1e-10)) < 1e-6);
    const auto node = layer_alone("Normalize", "norm_param { " + area + " channel_shared: false eps: 0.5 }", {factors});
    CHECK(relative_error(computed<nuq::detail::NormalizeLayer>(node, {input}).values,
                         normalised(input, across, factors, 0.5)) < 1e-6);
  }
}

TEST_CASE("zeros stay zeros") {
  const Tensor input(Shape{1, 3, 2, 2});
  CHECK(computed<nuq::detail::NormalizeLayer>(layer_alone("Normalize", "", {Tensor({1}, {20.0F})}), {input}).values ==
        input.values);
}

TEST_CASE("factors of another number are refused by name") {
  const CaughtError error = error_of<nuq::ModelError>([] {
    computed<nuq::detail::NormalizeLayer>(layer_alone("Normalize", "", {Tensor(Shape{3})}),
                                          {Tensor(Shape{1, 3, 2, 2})});
  });
  CHECK(error.says("layer 'layer1': blob 0 has shape [3], wanted [1]"));
}

}  // namespace engine_layers_normalize_test

TEST_CASE("layer normalization brings runs of values to mean 0 and variance 1") {
  const nuq::Tensor input({2, 4}, {1, 2, 3, 4, -1, -1, 1, 1});
  const nuq::Tensor scale({4}, {1, 2, 1, 1});
  const nuq::Tensor shift({4}, {0, 0, 0, 5});
  const nuq::ops::LayerNorm norm{-1, 0.0F, true};
  const nuq::Tensor output = computed<nuq::detail::LayerNormLayer>(operation_alone(norm, {scale, shift}), {input});
  const double step = 1.0 / std::sqrt(1.25);
  CHECK(relative_error(output.values, {-1.5 * step, -step, 0.5 * step, 1.5 * step + 5, -1, -2, 1, 6}) < 1e-6);
  CHECK_THROWS_AS(computed<nuq::detail::LayerNormLayer>(operation_alone(norm, {shift}), {input}), nuq::ModelError);
}
