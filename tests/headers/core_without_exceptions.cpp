#include "nuq/core.hpp"

std::size_t levels_of(const float* weights, std::size_t rows, std::size_t cols);

std::size_t levels_of(const float* weights, std::size_t rows, std::size_t cols) {
  nuq::Parallel serial;
  const nuq::NonUniformQuantizer<> quantizer;
  return quantizer.quantize({weights, rows, cols}, nuq::Granularity::per_channel, {}, nullptr, serial).codebook.size();
}
