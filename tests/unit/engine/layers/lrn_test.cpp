#include "nuq/engine/layers/lrn.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_lrn_test {

using nuq::Tensor;

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
