#include <cstdio>
#include <vector>

#if defined(NUQ_SINGLE_HEADER)
#include <nuq_core.hpp>
#else
#include <nuq/core.hpp>
#endif

int main() {
  const std::vector<float> weights = {-1.0F, -0.5F, 0.0F, 0.25F, 0.5F, 1.0F};
  nuq::Parallel serial;
  const nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook> quantizer;
  const nuq::NuqResult result =
      quantizer.quantize({weights.data(), 2, 3}, nuq::Granularity::per_channel, {3, 0}, nullptr, serial);
  std::printf("%zu levels\n", result.codebook.size());
  return result.codebook.size() <= 3 ? 0 : 1;
}
