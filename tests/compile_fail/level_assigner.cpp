// expect: [nuq] LevelAssigner must provide: Assignment assign(const LayerProblem&, const Codebook&) const
#include "nuq/core.hpp"

struct WithoutCodebook {
  nuq::Assignment assign(const nuq::LayerProblem&) const { return {}; }
};

int main() {
  nuq::Parallel serial;
  const nuq::NonUniformQuantizer<nuq::AbsMaxQuantizer, nuq::OptimalCodebook, WithoutCodebook> quantizer;
  (void)quantizer.quantize({}, nuq::Granularity::per_tensor, {}, nullptr, serial);
}
